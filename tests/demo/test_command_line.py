"""`./dev run` says in one line why it cannot start."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from idp.demo.command_line import (
    DATABASES,
    KEY_VALUES,
    CannotStart,
    certified_host,
    read,
    refuse_busy,
    refuse_silent,
    take_folder,
)


@pytest.mark.parametrize(
    "given", [["--port", "0"], ["--port", "70000"], ["--port", "65534"], ["--port", "-1"], ["--workers", "0"]]
)
def test_a_number_that_cannot_be_meant_is_refused(
    given: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        read(given, None)
    assert "a number from 1 to" in capsys.readouterr().err


def test_a_directory_in_use_is_refused_until_it_is_free(tmp_path: Path) -> None:
    first, second = (read(["--data", str(tmp_path)], None) for _ in range(2))
    take_folder(first)
    with pytest.raises(CannotStart, match="in use by another"):
        take_folder(second)
    first.lock.close()
    take_folder(second)
    second.lock.close()


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/etc/passwd"])
def test_a_directory_that_cannot_be_is_named(folder: str) -> None:
    with pytest.raises(CannotStart, match=f"{folder}: .*--data"):
        take_folder(read(["--data", folder], None))


def test_a_taken_port_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CannotStart, match="is in use"):
            refuse_busy(taken.getsockname()[1])


@pytest.mark.parametrize(
    ("option", "url", "words"),
    [
        ("--database", "postgresql://nobody@127.0.0.1:1/x", "nobody answers at 127.0.0.1:1"),
        ("--database", "mysql://x", "begins with postgresql://"),
        ("--redis", "redis://127.0.0.1:1/0", "nobody answers at 127.0.0.1:1"),
        ("--redis", "memory", "begins with redis://"),
    ],
)
def test_where_nobody_answers_nothing_starts(option: str, url: str, words: str) -> None:
    with pytest.raises(CannotStart, match=words):
        refuse_silent(option, url, DATABASES if option == "--database" else KEY_VALUES)


@pytest.mark.parametrize("url", ["", "sqlite:///a.sqlite3", "postgresql:///zhanhe?host=sockets"])
def test_what_is_no_address_of_the_network_is_not_asked(url: str) -> None:
    refuse_silent("--database", url, DATABASES)


def test_the_host_that_is_asked_for_is_the_certificate_s(tmp_path: Path) -> None:
    path = tmp_path / "cert.pem"
    path.write_bytes(certificate("localhost"))
    assert read(["--tls-cert", str(path)], None).host is None
    assert certified_host(path, None) == "localhost"
    assert certified_host(path, "localhost") == "localhost"
    with pytest.raises(CannotStart, match=r"is not for 127\.0\.0\.1, which --host asks for"):
        certified_host(path, read(["--tls-cert", str(path), "--host", "127.0.0.1"], None).host)


def certificate(*names: str) -> bytes:
    """A self-signed certificate for these host names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder(
            name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1)
        )
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(one) for one in names]), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
