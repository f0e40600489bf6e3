"""What `./dev run` is told, and every reason not to start with it, in one line each."""

import argparse
import fcntl
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509

from idp.demo.plan import HOST

PORT = 8000
PORTS = 5
"""The provider's, the systems' and the simulators'."""
LOCK_FILE = "demo.lock"
ANSWER_SECONDS = 3.0
DATABASES = {"postgresql": 5432, "sqlite": 0}
KEY_VALUES = {"redis": 6379, "rediss": 6379}
"""Schemes of the addresses that may be given, with the ports they mean."""


class CannotStart(Exception):
    """What is wrong, in one line."""


def read(arguments: Sequence[str] | None, about: str | None) -> argparse.Namespace:
    """The options; ends the process with a usage message where they cannot be meant."""
    parser = argparse.ArgumentParser(prog="./dev run", description=about)
    parser.add_argument(
        "--port",
        type=_between(1, 65_536 - PORTS),
        default=PORT,
        help="the provider's port; the systems and the simulators take the next four",
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="where files and secrets are kept")
    parser.add_argument("--ready", type=Path, help="file that is written, as JSON, once everything answers")
    parser.add_argument("--database", default="", help="postgresql://… instead of an SQLite file")
    parser.add_argument("--redis", default="", help="redis://… instead of a table")
    parser.add_argument("--tls-cert", type=Path, help="certificate file: the provider speaks https")
    parser.add_argument("--tls-key", type=Path, help="key file of the certificate")
    parser.add_argument(
        "--host",
        choices=(HOST, "localhost"),
        help=f"the provider's name, {HOST} if neither this nor --tls-cert says another; passkeys need localhost",
    )
    parser.add_argument("--workers", type=_between(1, 64), default=1, help="worker processes of the provider")
    options = parser.parse_args(arguments)
    options.data = options.data.resolve()
    return options


def _between(least: int, most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"a number from {least} to {most}")
        return int(text)

    return number


def take_folder(options: argparse.Namespace) -> None:
    """Make the data directory and hold it for this process; raises CannotStart."""
    try:
        options.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        options.lock = (options.data / LOCK_FILE).open("w")
    except OSError as error:
        raise CannotStart(
            f"{options.data}: {error.strerror}; choose another directory with --data"
        ) from error
    try:
        fcntl.flock(options.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        options.lock.close()
        raise CannotStart(
            f"{options.data} is in use by another ./dev run; choose another directory with --data"
        ) from error


def refuse_busy(port: int) -> None:
    """Raises CannotStart where somebody else listens."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CannotStart(f"port {port} is in use; choose another with --port") from error


def refuse_silent(option: str, url: str, schemes: dict[str, int]) -> None:
    """Raises CannotStart where nobody answers at the address that an option gives."""
    if not url:
        return
    parts = urlsplit(url)
    if parts.scheme not in schemes:
        raise CannotStart(
            f"{option}: an address that begins with {' or '.join(f'{one}://' for one in schemes)}"
        )
    if not parts.hostname:
        return  # a file, or a socket in the file system
    try:
        port = parts.port or schemes[parts.scheme]
        socket.create_connection((parts.hostname, port), ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise CannotStart(
            f"{option}: nobody answers at {parts.hostname}:{parts.netloc.rpartition(':')[2]}"
        ) from error


def certified_host(path: Path, wanted: str | None) -> str:
    """The loopback name that a certificate is for, the one that is wanted; raises CannotStart."""
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound) as error:
        raise CannotStart(f"{path}: not a certificate with subject alternative names") from error
    found = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    if wanted is not None and wanted not in found:
        raise CannotStart(f"{path}: is not for {wanted}, which --host asks for")
    for host in (wanted,) if wanted else (HOST, "localhost"):
        if host in found:
            return host
    raise CannotStart(f"{path}: is neither for {HOST} nor for localhost")
