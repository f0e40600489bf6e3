"""Makes `.venv` and keeps it at what the lock says."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from devtools import pip
from devtools.problem import Problem

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "stamp"
RUN = ROOT / "requirements" / "run.txt"
DEV = ROOT / "requirements" / "dev.txt"
HOLDS = {RUN: [RUN], DEV: [DEV, RUN]}
"""Which locks are satisfied once one of them is installed."""


def ensure(lock: Path) -> str:
    """The path of an interpreter whose environment holds what the lock names."""
    if not _stands(lock):
        with _only_one():
            if not _stands(lock):  # another ./dev may have made it while this one waited
                _make(lock)
    return str(PYTHON)


def clean_environment() -> dict[str, str]:
    """The environment for a child: a Python path from outside must not shadow what the lock installed.

    Compiled modules are kept, whatever the shell says: without them each start takes four times as long.
    """
    foreign = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", *pip.MISLEADING_SETTINGS}
    return {name: value for name, value in os.environ.items() if name not in foreign}


def _stands(lock: Path) -> bool:
    stamp = _stamp()
    return _place() in stamp and _line(lock) in stamp


def _stamp() -> list[str]:
    return STAMP.read_text().splitlines() if STAMP.exists() else []


def _place() -> str:
    """An environment breaks when its checkout moves or its Python gives way to another version."""
    return f"{ROOT} {PYTHON.resolve()}"


def _line(lock: Path) -> str:
    return f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


@contextmanager
def _only_one() -> Iterator[None]:
    if not os.access(ROOT, os.W_OK):
        raise Problem(f"{ROOT} may not be written to; the environment is made there, in .venv")
    with RUN.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(lock: Path) -> None:
    if _place() not in _stamp():
        _create()
    STAMP.unlink(missing_ok=True)  # an installation that is interrupted begins anew
    pip.install(PYTHON, lock, clean_environment())
    STAMP.write_text("\n".join([_place(), *map(_line, HOLDS[lock])]) + "\n")


def _create() -> None:
    """An environment without pip: Debian keeps what `venv` needs for one in a package of its own."""
    shutil.rmtree(VENV, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", VENV], check=False, capture_output=True, text=True
    )
    if made.returncode:
        reason = (made.stderr or made.stdout).strip().splitlines()[-1:]
        raise Problem(f"cannot make {VENV}: {' '.join(reason)} (on Debian: apt-get install python3-venv)")
    [packages] = VENV.glob("lib/python*/site-packages")
    (packages / "checkout.pth").write_text(f"{ROOT}\n")
