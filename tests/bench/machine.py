"""The machine under the bench: pinning, CPU clocks of process trees, raw costs of ES256 and argon2."""

import contextlib
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

TICKS = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME, _CUTIME, _CSTIME, _PPID = 11, 12, 13, 14, 1  # fields of /proc/PID/stat after the command name


@contextlib.contextmanager
def pinned(cores: set[int]) -> Iterator[None]:
    """Run the block, and the processes started in it for good, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def split_cores() -> tuple[set[int], set[int]]:
    """One core for the server under test, the others for generator, database and Redis."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return set(cores), set(cores)
    return {cores[0]}, set(cores[1:])


class ProcessTree:
    """A server process with all its threads and children."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def cpu_seconds(self) -> float:
        """User and system time spent by the whole tree so far, ended children included."""
        ticks = 0
        for pid in self.pids():
            stat = _stat(pid)
            if stat:
                ticks += sum(int(stat[index]) for index in (_UTIME, _STIME, _CUTIME, _CSTIME))
        return ticks / TICKS

    def memory(self) -> list[int]:
        """Resident bytes of each process, largest first."""
        return sorted((_resident(pid) for pid in self.pids()), reverse=True)

    def pids(self) -> list[int]:
        """The process and its descendants."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (stat := _stat(int(entry.name))):
                children.setdefault(int(stat[_PPID]), []).append(int(entry.name))
        found = [self.pid]
        for pid in found:
            found.extend(children.get(pid, []))
        return found


def _stat(pid: int) -> list[str] | None:
    try:
        # The command name is in brackets and may hold anything, so start after the last bracket.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _resident(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def signature_seconds(duration: float = 0.2) -> float:
    """CPU time of one raw ES256 signature on this machine, now."""
    key = ec.generate_private_key(ec.SECP256R1())
    algorithm = ec.ECDSA(hashes.SHA256())
    message = b"x" * 300
    count, start = 0, time.thread_time()
    while (spent := time.thread_time() - start) < duration:
        for _ in range(50):
            key.sign(message, algorithm)
        count += 50
    return spent / count


def argon2_seconds(duration: float = 1.5) -> float:
    """CPU time of one bare argon2id verification with the parameters of our password hashes."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
    stored = hasher.hash("a bare verification")
    count, start = 0, time.process_time()
    while (spent := time.process_time() - start) < duration:
        hasher.verify(stored, "a bare verification")
        count += 1
    return spent / count


def describe() -> str:
    """The machine in one line."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    python = f"CPython {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, {python}"
