"""Node.js for tests: finds it, and installs a folder's locked packages when they are missing or stale."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

_STAMP = ".installed-lock"


class NodeMissing(Exception):
    """There is no Node.js on this machine, or its packages could not be installed."""


def executable(name: str = "node") -> str:
    """The path of `node` or `npm`; raises NodeMissing with what to install."""
    found = shutil.which(name)
    if found is None:
        raise NodeMissing(
            f"{name} is missing: install Node.js 20 or later and npm (Debian: apt-get install nodejs npm)"
        )
    return found


def install(folder: Path) -> None:
    """`npm ci` in a folder unless its node_modules already hold exactly what package-lock.json says."""
    lock_file = folder / "package-lock.json"
    stamp = folder / "node_modules" / _STAMP
    with lock_file.open("rb") as lock:
        # Several pytest workers may come at once: the first installs, the others find it done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(lock.read()).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        command = [executable("npm"), "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise NodeMissing(f"npm ci failed in {folder.name}:\n{done.stdout}{done.stderr}")
        stamp.write_text(wanted)
