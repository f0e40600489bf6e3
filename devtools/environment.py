"""Makes `.venv`, and environments beside it, and keeps them at what their locks say."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from devtools import pip
from devtools.problem import Problem

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUN = ROOT / "requirements" / "run.txt"
DEV = ROOT / "requirements" / "dev.txt"
HOLDS = {RUN: [RUN], DEV: [DEV, RUN]}
"""Which locks are satisfied once one of them is installed; any other satisfies itself only."""


def ensure(lock: Path) -> str:
    """The path of an interpreter whose environment holds what the lock names, and the checkout itself."""
    return _Environment(VENV, checkout=True).ensure(lock)


def beside(name: str, lock: Path) -> str:
    """The interpreter of an environment apart, `.venv-NAME`, for programs that do not belong to the product."""
    return _Environment(ROOT / f".venv-{name}", checkout=False).ensure(lock)


def clean_environment() -> dict[str, str]:
    """The environment for a child: a Python path from outside must not shadow what the lock installed.

    Compiled modules are kept, whatever the shell says: without them each start takes four times as long.
    """
    foreign = {"PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", *pip.MISLEADING_SETTINGS}
    return {name: value for name, value in os.environ.items() if name not in foreign}


@dataclass(frozen=True, slots=True)
class _Environment:
    place: Path
    checkout: bool
    """Whether the packages of the checkout can be imported from anywhere."""

    @property
    def python(self) -> Path:
        return self.place / "bin" / "python"

    @property
    def stamp(self) -> Path:
        return self.place / "stamp"

    def ensure(self, lock: Path) -> str:
        if not self._stands(lock):
            with _only_one():
                if not self._stands(lock):  # another ./dev may have made it while this one waited
                    self._make(lock)
        return str(self.python)

    def _stands(self, lock: Path) -> bool:
        stamp = self._stamped()
        return self._where() in stamp and _line(lock) in stamp

    def _stamped(self) -> list[str]:
        return self.stamp.read_text().splitlines() if self.stamp.exists() else []

    def _where(self) -> str:
        """An environment breaks when its checkout moves or its Python gives way to another version."""
        return f"{ROOT} {self.python.resolve()}"

    def _make(self, lock: Path) -> None:
        if self._where() not in self._stamped():
            self._create()
        self.stamp.unlink(missing_ok=True)  # an installation that is interrupted begins anew
        pip.install(self.python, lock, clean_environment())
        self.stamp.write_text("\n".join([self._where(), *map(_line, HOLDS.get(lock, [lock]))]) + "\n")

    def _create(self) -> None:
        """An environment without pip: Debian keeps what `venv` needs for one in a package of its own."""
        shutil.rmtree(self.place, ignore_errors=True)
        command = [sys.executable, "-m", "venv", "--without-pip", str(self.place)]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        if made.returncode:
            reason = (made.stderr or made.stdout).strip().splitlines()[-1:]
            raise Problem(
                f"cannot make {self.place}: {' '.join(reason)} (on Debian: apt-get install python3-venv)"
            )
        if self.checkout:
            [packages] = self.place.glob("lib/python*/site-packages")
            (packages / "checkout.pth").write_text(f"{ROOT}\n")


def _line(lock: Path) -> str:
    return f"{lock.name} {hashlib.sha256(lock.read_bytes()).hexdigest()}"


@contextmanager
def _only_one() -> Iterator[None]:
    if not os.access(ROOT, os.W_OK):
        raise Problem(f"{ROOT} may not be written to; environments are made there, in .venv…")
    with RUN.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
