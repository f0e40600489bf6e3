"""What `./dev` says when something is missing."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from devtools import environment, machine
from devtools.commands import main
from devtools.problem import Problem
from tests.support.ports import LOOPBACK, free_port


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing was installed yet."""
    for name in ("devtools", "requirements"):
        shutil.copytree(environment.ROOT / name, tmp_path / name)
    shutil.copy(environment.ROOT / "dev", tmp_path / "dev")
    return tmp_path


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["--help"]) == main(["-h"]) == main(["help"]) == 0
    listed = capsys.readouterr().out
    assert all(f"\n  {name} " in listed for name in ("run", "test", "check", "bench", "idp", "help"))


def test_an_unknown_command_is_a_message_and_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rnu"]) == 1
    assert capsys.readouterr().err == "dev: there is no command 'rnu'; ./dev help lists them\n"


def test_a_data_directory_without_settings_says_what_makes_them(tmp_path: Path) -> None:
    done = _dev(environment.ROOT, "idp", "--data", str(tmp_path), "doctor")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"dev: {tmp_path}/idp.env is not there: ./dev run --data {tmp_path} makes it" in done.stderr


def test_an_index_out_of_reach_is_named_as_the_cause(checkout: Path) -> None:
    done = _dev(checkout, "run", PIP_INDEX_URL=f"http://{LOOPBACK}:{free_port()}/simple", PIP_RETRIES="1")
    assert done.returncode == 1
    assert "the package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_package_that_differs_from_the_lock_is_refused(checkout: Path) -> None:
    wheels = checkout / "wheels"
    wheels.mkdir()
    _make_wheel(wheels, "thing")
    (checkout / "requirements" / "run.txt").write_text(f"thing==1.0 \\\n    --hash=sha256:{'0' * 64}\n")
    done = _dev(checkout, "run", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    assert done.returncode == 1
    assert "a package differs from the one that the lock names; nothing was installed" in done.stderr
    assert not (checkout / ".venv" / "stamp").exists()


def test_an_environment_apart_holds_its_own_lock_and_nothing_of_the_checkout(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = checkout / "wheels"
    wheels.mkdir()
    wheel = _make_wheel(wheels, "thing")
    lock = checkout / "other.txt"
    lock.write_text(f"thing==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    monkeypatch.setattr(environment, "ROOT", checkout)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    python = environment.beside("apart", lock)
    looked = (
        "import importlib.util as u; print(*(bool(u.find_spec(name)) for name in ('pytest', 'devtools')))"
    )
    listed = subprocess.run([python, "-I", "-c", looked], check=True, capture_output=True, text=True).stdout
    assert python == str(checkout / ".venv-apart" / "bin" / "python")
    assert listed.split() == ["False", "False"]
    assert list(checkout.glob(".venv-apart/lib/python*/site-packages/thing-1.0.dist-info"))
    made = Path(python).lstat().st_mtime_ns
    assert environment.beside("apart", lock) == python
    assert Path(python).lstat().st_mtime_ns == made


def test_a_missing_program_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    needs = (
        machine.Need("Redis", ("redis-server",), lambda: None),
        machine.Need("nginx", ("nginx",), lambda: True),
    )
    monkeypatch.setattr(machine, "NEEDS", needs)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    with pytest.raises(Problem) as missing:
        machine.ensure()
    assert str(missing.value) == "the tests need Redis: sudo apt-get install redis-server"


def _dev(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run it with nothing of this machine's package settings."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    command = [sys.executable, str(checkout / "dev"), *arguments]
    settings = {**plain, "PIP_CONFIG_FILE": os.devnull, **variables}
    return subprocess.run(command, check=False, env=settings, capture_output=True, text=True)


def _make_wheel(directory: Path, name: str) -> Path:
    """The smallest package that pip takes."""
    content = directory / "content"
    information = content / f"{name}-1.0.dist-info"
    information.mkdir(parents=True)
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "WHEEL").write_text("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
    (information / "RECORD").write_text("")
    archive = shutil.make_archive(str(directory / "archive"), "zip", content)
    return Path(archive).rename(directory / f"{name}-1.0-py3-none-any.whl")
