"""Java for tests: what a folder's `pom.xml` asks for, fetched by Maven, held against the hashes of `jars.lock`."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

from devtools import machine

LOCK = "jars.lock"
PLACE = ".jars"


class JavaMissing(Exception):
    """There is no JDK with Maven, or its packages could not be had, or differ from the lock."""


def install(folder: Path) -> Path:
    """The directory of the folder's jars and compiled classes; made anew unless it is what lock and sources say."""
    place = folder / PLACE
    stamp = place / "stamp"
    with (folder / LOCK).open("rb") as lock:
        # Several pytest workers may come at once: the first installs, the others find it done.
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = hashlib.sha256(b"".join(path.read_bytes() for path in _sources(folder))).hexdigest()
        if stamp.exists() and stamp.read_text() == wanted:
            return place
        shutil.rmtree(place, ignore_errors=True)
        jdk = machine.java()
        if jdk is None:
            raise JavaMissing("a JDK with Maven is not installed; ./dev test installs it")
        _fetch(jdk.maven, folder, place)
        _compare((folder / LOCK).read_text(), place)
        _run([jdk.compiler, "-d", place, "-cp", f"{place}/*", *folder.glob("*.java")], folder)
        stamp.write_text(wanted)
    return place


def _sources(folder: Path) -> list[Path]:
    return [folder / LOCK, folder / "pom.xml", *sorted(folder.glob("*.java"))]


def _fetch(maven: Path, folder: Path, place: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={place}"]
    _run([maven, "--quiet", "--batch-mode", "--file", str(folder / "pom.xml"), *goal], folder)


def _compare(lock: str, place: Path) -> None:
    """Nothing that differs from the lock is run."""
    locked = {name: digest for digest, name in (line.split() for line in lock.splitlines())}
    fetched = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in place.glob("*.jar")}
    different = sorted(name for name in locked | fetched if locked.get(name) != fetched.get(name))
    if different:
        raise JavaMissing(f"these differ from {LOCK}: {', '.join(different)}")


def _run(command: list[str | Path], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise JavaMissing(f"{command[0]} failed in {folder.name}:\n{done.stdout}{done.stderr}")
