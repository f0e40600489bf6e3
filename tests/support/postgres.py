"""A private PostgreSQL that keeps what it committed, as in production."""

import asyncio
import os
import secrets
import signal
import subprocess
import tempfile
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import chown, disk_usage
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from devtools import machine
from tests.support.ports import LOOPBACK, free_port
from tests.support.processes import PATIENCE, Process, Server, identity

SETTINGS = {
    "fsync": "on",  # a test that kills processes needs the promise kept
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "300",
    "logging_collector": "off",
}

_MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
_ROOMY_BYTES = 4 * 2**30


class Postgres(Server):
    """A running server; `url` is that of its administrative database."""

    @classmethod
    def start(cls) -> Self:
        """Make a cluster in its own directory and start it; initdb refuses root, who becomes `postgres`."""
        user = "postgres" if os.geteuid() == 0 else None
        directory = Path(tempfile.mkdtemp(prefix="zhanhe-postgres-", dir=_fast_place()))
        password, port = secrets.token_urlsafe(24), free_port()
        secret = directory / "password"
        secret.write_text(password)
        if user is not None:
            for path in (directory, secret):
                chown(path, user)
        data = directory / "data"
        _initdb(data, secret, user)
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        command: list[str | Path] = [_program("postgres"), "-D", data, "-p", str(port), *options]
        # SIGINT is its fast shutdown: sessions are ended, not waited for
        process = Process(command, port, directory / "log", user=user, stop_signal=signal.SIGINT).start()
        url = f"postgresql://postgres:{password}@{LOOPBACK}:{port}/postgres"
        wait_until_ready(url)
        return cls(url, process, directory)


def _fast_place() -> str | None:
    """Memory, where there is plenty of it: making a database is writing a thousand small files."""
    if not os.access(_MEMORY, os.W_OK) or disk_usage(_MEMORY).free < _ROOMY_BYTES:
        return None
    return str(_MEMORY)


def create_database(server: str, name: str, template: str = "template0") -> str:
    """A new database on the server, a copy of the template (which nobody may be using); its URL."""
    _administer(
        server,
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{template}"',
    )
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


def wait_until_ready(server: str) -> None:
    """It listens before it serves; call this after starting it again, too."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _administer(server)
        except asyncpg.CannotConnectNowError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def drop_database(url: str, server: str) -> None:
    """Remove a database, whoever is still connected to it."""
    _administer(server, f'DROP DATABASE IF EXISTS "{urlsplit(url).path[1:]}" WITH (FORCE)')


def _administer(server: str, *statements: str) -> None:
    async def execute() -> None:
        connection = await asyncpg.connect(server)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()

    _run(execute())


def _run(work: Coroutine[object, object, None]) -> None:
    """In a thread: the caller may stand inside a running loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, work).result()


def _initdb(data: Path, secret: Path, user: str | None) -> None:
    command: list[str | Path] = [
        _program("initdb"), "-D", data, "-U", "postgres", "--pwfile", secret, "--auth=scram-sha-256",
        "--encoding=UTF8", "--no-locale", "--no-sync",
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=data.parent, stdout=subprocess.DEVNULL, **identity(user))


def _program(name: str) -> Path:
    found = machine.postgresql(name)
    if found is None:
        raise FileNotFoundError(f"{name}: PostgreSQL is not installed; ./dev test installs it")
    return found
