"""What all workers of a run share: made by whoever needs it first, put away by whoever began the run."""

import fcntl
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

from tests.support.ports import listens
from tests.support.postgres import Postgres
from tests.support.processes import Server
from tests.support.redis import Redis

PLACE = "ZHANHE_TEST_SHARED"

_started: list[Server] = []
"""The children of this process."""


def begin() -> None:
    """Called by the process that began the run; its workers inherit the place."""
    os.environ[PLACE] = tempfile.mkdtemp(prefix="zhanhe-tests-")


def once(name: str, make: Callable[[], str]) -> str:
    """What `make` gave to the first worker that asked."""
    place = Path(os.environ[PLACE])
    with (place / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = place / name
        if not result.exists():
            result.write_text(make())
        return result.read_text()


def postgres_server() -> str:
    """The administrative URL of the run's PostgreSQL; TEST_DATABASE_URL names another."""
    return os.environ.get("TEST_DATABASE_URL") or once("postgres", lambda: _noted(Postgres.start()))


def redis_server() -> str:
    """The URL of the run's Redis; TEST_REDIS_URL names another, whose databases are emptied."""
    return os.environ.get("TEST_REDIS_URL") or once("redis", lambda: _noted(Redis.start()))


def leave() -> None:
    """Called by a worker that is done: what it started goes on, others may still use it."""
    for server in _started:
        server.process.leave()
    _started.clear()


def end() -> None:
    """Stop what was started: by number where it was the child of a worker."""
    place = Path(os.environ.pop(PLACE))
    own = {server.process.pid: server for server in _started}
    _started.clear()
    for note in place.glob("*.server"):
        child = own.get(int(note.stem))
        if child is not None:
            child.stop()
            continue
        server = json.loads(note.read_text())
        try:
            os.kill(server["pid"], server["signal"])
        except ProcessLookupError:
            continue
        until = time.monotonic() + 10
        directory = Path(server["directory"])
        while directory.exists() and time.monotonic() < until:
            if not listens(server["port"]):  # what it still writes after that, the next turn takes
                rmtree(directory, ignore_errors=True)
            time.sleep(0.05)
    rmtree(place, ignore_errors=True)


def _noted(server: Server) -> str:
    _started.append(server)
    process = server.process
    note = {
        "pid": process.pid,
        "signal": process.stop_signal,
        "port": process.port,
        "directory": str(server.directory),
    }
    (Path(os.environ[PLACE]) / f"{process.pid}.server").write_text(json.dumps(note))
    return server.url
