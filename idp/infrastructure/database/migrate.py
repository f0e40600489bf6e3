"""Brings the schema to the version of this program: one at a time, with time limits, or not at all."""

import asyncio
import fcntl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.interface import DatabaseUnavailable

Result = TypeVar("Result")

SCRIPTS = Path(__file__).parents[3] / "migrations"
ADVISORY_LOCK = 4104_11
LOCK_SECONDS = 60
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "300s"


class MigrationBusy(Exception):
    """Another migration of this database does not come to an end."""


def head() -> str:
    """The schema version that this program needs."""
    return ScriptDirectory(str(SCRIPTS)).get_current_head() or ""


async def migrate(url: str, metadata: MetaData) -> tuple[str, str]:
    """Upgrade the database of a URL; the versions before and after. Raises MigrationBusy, DatabaseUnavailable."""

    def upgrade(connection: Connection) -> tuple[str, str]:
        before = _version(connection)
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes.update(connection=connection, metadata=metadata)
        command.upgrade(config, "head")
        return before, _version(connection)

    return await _with_connection(url, upgrade, locked=True)


async def version(url: str) -> str:
    """The schema version of the database of a URL; empty before the first migration."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return ""
    return await _with_connection(url, _version, locked=False)


async def _with_connection(url: str, work: Callable[[Connection], Result], *, locked: bool) -> Result:
    path = sqlite_path(url)
    try:
        if path is None:
            return await _on_postgresql(url, work, locked=locked)
        return await asyncio.to_thread(_on_sqlite, path, work, locked=locked)
    except (OSError, InterfaceError, OperationalError) as error:
        raise DatabaseUnavailable(type(error).__name__) from error


async def _on_postgresql(url: str, work: Callable[[Connection], Result], *, locked: bool) -> Result:
    engine = create_async_engine(
        "postgresql+asyncpg://" + url.split("://", 1)[1],
        poolclass=NullPool,
        connect_args={
            "server_settings": {"lock_timeout": LOCK_TIMEOUT, "statement_timeout": STATEMENT_TIMEOUT}
        },
    )
    try:
        async with engine.connect() as connection:
            if locked:
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


def _on_sqlite(path: Path, work: Callable[[Connection], Result], *, locked: bool) -> Result:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
    try:
        with _file_lock(path.with_suffix(".migrating"), locked), engine.connect() as connection:
            return work(connection)
    finally:
        engine.dispose()


@contextmanager
def _file_lock(path: Path, wanted: bool) -> Iterator[None]:
    if not wanted:
        yield
        return
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
