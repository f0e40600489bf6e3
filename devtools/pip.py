"""Installs a hash-pinned lock with whichever pip there is."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from devtools.problem import Problem
from devtools.progress import Progress

MISLEADING_SETTINGS = ("PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV", "PIP_TARGET", "PIP_USER")

KNOWS_PYTHON_OPTION = (22, 3)

OPTIONS = (
    "install",
    "--require-hashes",
    "--only-binary=:all:",
    "--no-deps",  # the lock is complete; nothing is left to resolve
    "--no-compile",  # what is used is compiled when it is first used
    "--no-input",
    "--disable-pip-version-check",
    "--no-warn-script-location",
    "--root-user-action=ignore",
    "--progress-bar=off",
)

FETCHED = re.compile(r"^(?:Collecting|Processing|Requirement already satisfied:) (?:\S*/)?([\w.]+)", re.M)

CAUSES = {
    "do not match the hashes": "a package differs from the one that the lock names; nothing was installed",
    "no space left on device": "the disk is full",
    "permission denied": "a directory may not be written to",
    "retrying (retry(": "the package index cannot be reached; PIP_INDEX_URL names a mirror, "
    "PIP_NO_INDEX=1 with PIP_FIND_LINKS=DIR a directory of wheels",
    "no matching distribution found": "the index has no ready-made package for this Python and platform",
}


def install(python: Path, lock: Path, environment: dict[str, str]) -> None:
    """Install what the lock names, and say how far it is; raises Problem with the likely cause."""
    place = python.parent.parent
    log = place / "install.log"
    command = [*_pip(python), *OPTIONS, "-r", str(lock)]
    with log.open("w") as record:
        child = subprocess.Popen(command, env=environment, stdout=record, stderr=subprocess.STDOUT)
        _follow(child, log, place, lock.read_text().count("=="))
    if child.returncode:
        raise Problem(_explained(log))


def _follow(child: subprocess.Popen[bytes], log: Path, place: Path, total: int) -> None:
    """Half of the way is fetching, which pip tells; half is unpacking, which the directory tells."""
    progress = Progress(f"Installing {total} packages", 2 * total)
    try:
        while child.poll() is None:
            fetched = FETCHED.findall(log.read_text(errors="replace"))
            unpacked = len(list(place.glob("lib/python*/site-packages/*.dist-info")))
            progress.show(len(fetched) + unpacked, fetched[-1] if fetched else "")
            time.sleep(0.2)
    except BaseException:
        child.terminate()
        raise
    finally:
        progress.close("failed" if child.wait() else "done")


def _explained(log: Path) -> str:
    text = log.read_text(errors="replace")
    causes = [meaning for sign, meaning in CAUSES.items() if sign in text.lower()]
    last = "\n".join(f"  | {line}" for line in text.splitlines()[-6:])
    return f"the installation failed: {causes[0] if causes else 'pip says'}\n{last}\n  all of it: {log}"


def _pip(python: Path) -> list[str]:
    for command in ([sys.executable, "-m", "pip"], ["pip3"], ["pip"]):
        if _version(command) >= KNOWS_PYTHON_OPTION:
            return [*command, "--python", str(python)]
    bundled = [str(python), "-m", "ensurepip"]
    if subprocess.run(bundled, check=False, capture_output=True).returncode == 0:
        return [str(python), "-m", "pip"]
    raise Problem(
        "neither pip nor ensurepip is here: apt-get install python3-pip (or python3-venv), then again"
    )


def _version(command: list[str]) -> tuple[int, ...]:
    """The version of a pip, or nothing where there is none."""
    if command[0] != sys.executable and shutil.which(command[0]) is None:
        return ()
    said = subprocess.run([*command, "--version"], check=False, capture_output=True, text=True).stdout
    numbers = re.match(r"pip (\d+)\.(\d+)", said)
    return tuple(map(int, numbers.groups())) if numbers else ()
