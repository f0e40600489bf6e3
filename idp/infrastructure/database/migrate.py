"""Brings the schema to the version of this program: one at a time, with time limits, or not at all."""

import asyncio
import fcntl
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.interface import DatabaseUnavailable
from idp.infrastructure.database.version import SCRIPTS, MigrationBusy

Result = TypeVar("Result")

ADVISORY_LOCK = 4104_11
LOCK_SECONDS = 60
LOCK_TIMEOUT = "200ms"
"""A statement that waits for a table holds up everybody who comes after it: it gives way instead, and tries again."""
YIELD_SECONDS = 1.0
PATIENCE_SECONDS = 600.0
"""So long it is tried: somebody may be reading a table for minutes, as a backup does."""
STATEMENT_TIMEOUT = "300s"


class _GaveWay(Exception):
    """A lock was not to be had at once; what was done so far stays, and is passed over at the next attempt."""


async def migrate(url: str, metadata: MetaData, to: str = "head") -> tuple[str, str]:
    """Upgrade the database of a URL to a version; those before and after. Raises MigrationBusy, DatabaseUnavailable."""
    first: list[str] = []

    def upgrade(connection: Connection) -> tuple[str, str]:
        first.append(_version(connection))
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes.update(connection=connection, metadata=metadata)
        command.upgrade(config, to)
        return first[0], _version(connection)

    began = time.monotonic()
    while True:
        try:
            return await _with_connection(url, upgrade)
        except _GaveWay as error:
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise MigrationBusy(
                    f"for {PATIENCE_SECONDS:.0f} s somebody has held a table that has to change ({error}): "
                    "end long transactions (pg_stat_activity), and begin again"
                ) from error
        await asyncio.sleep(YIELD_SECONDS)


async def _with_connection(url: str, work: Callable[[Connection], Result]) -> Result:
    path = sqlite_path(url)
    try:
        if path is None:
            return await _on_postgresql(url, work)
        return await asyncio.to_thread(_on_sqlite, path, work)
    except DBAPIError as error:
        if _gives_way(error):
            raise _GaveWay(str(error.orig).splitlines()[0]) from error
        if isinstance(error, (InterfaceError, OperationalError)):
            raise DatabaseUnavailable(type(error).__name__) from error
        raise
    except (OSError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(type(error).__name__) from error


def _gives_way(error: DBAPIError) -> bool:
    """Whether somebody else stood in the way, so that it may be tried again."""
    if isinstance(error.orig, sqlite3.OperationalError):
        return error.orig.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
    state = getattr(error.orig, "sqlstate", None)
    return state in (asyncpg.LockNotAvailableError.sqlstate, asyncpg.DeadlockDetectedError.sqlstate)


async def _on_postgresql(url: str, work: Callable[[Connection], Result]) -> Result:
    limits = {"lock_timeout": LOCK_TIMEOUT, "statement_timeout": STATEMENT_TIMEOUT}
    # The driver reads the URL itself, so that it means the same here as in the running program.
    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=NullPool,
        async_creator=lambda: asyncpg.connect(url, server_settings=limits),
    )
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_take_advisory_lock)
            # The lock belongs to the connection and ends with it, however this ends.
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


def _take_advisory_lock(connection: Connection) -> None:
    for _ in range(LOCK_SECONDS):
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": ADVISORY_LOCK}).scalar()
        connection.commit()
        if taken:
            return
        time.sleep(1)
    raise MigrationBusy(f"another migration has held the lock for {LOCK_SECONDS} s")


def _on_sqlite(path: Path, work: Callable[[Connection], Result]) -> Result:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)  # before SQLite would make it for everybody to read; its journals take after it
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    try:
        with _file_lock(path.with_suffix(".migrating")), engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


@contextmanager
def _file_lock(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        for _ in range(LOCK_SECONDS):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(1)
        else:
            raise MigrationBusy(f"another migration has held {path} for {LOCK_SECONDS} s")
        yield


def _version(connection: Connection) -> str:
    found = MigrationContext.configure(connection).get_current_revision() or ""
    connection.rollback()
    return found
