"""The processes of a server."""

from pathlib import Path


def lives(pid: int) -> bool:
    """Whether a process still holds its connections: one that nobody has waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def workers(server: int) -> list[int]:
    """The workers of a server: those of its children that serve, not those that keep its books."""
    listed = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [child for child in map(int, listed) if b"spawn_main" in _command(child)]


def _command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has ended since it was listed
        return b""


async def has_workers(server: int, number: int) -> bool:
    """Whether a server has so many workers."""
    return len(workers(server)) == number
