"""Which schema version a database has and which this program needs; light, because every start asks."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import asyncpg

from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.interface import DatabaseUnavailable

SCRIPTS = Path(__file__).parents[3] / "migrations"
TIMEOUT_SECONDS = 10.0
_QUERY = "SELECT version_num FROM alembic_version"
_OLDEST = "SELECT number FROM revisions WHERE name = 'schema.oldest'"
"""The schema version of the oldest program that may run; 0 and no row until something was taken away."""


class Standing(NamedTuple):
    """How far a schema is: its version, and that of the oldest program that may run on it."""

    version: str
    oldest: int

    @property
    def fits(self) -> bool:
        """Whether this program runs on it: migrations only add until one says otherwise."""
        return self.version >= head() and self.oldest <= int(head())

    @property
    def newer(self) -> bool:
        """Whether a later release has migrated it."""
        return self.version > head()


class MigrationBusy(Exception):
    """Another migration of this database does not come to an end."""


def head() -> str:
    """The schema version that this program needs: that of the last migration, versions/NNNN_words.py."""
    return max(path.name.split("_", 1)[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


async def version(url: str) -> str:
    """The schema version of the database of a URL; empty before the first migration. Raises DatabaseUnavailable."""
    return (await standing(url)).version


async def standing(url: str) -> Standing:
    """How far the schema of the database of a URL is. Raises DatabaseUnavailable."""
    path = sqlite_path(url)
    try:
        if path is None:
            return await _of_postgresql(url)
        return await asyncio.to_thread(_of_file, path) if path.exists() else Standing("", 0)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error) as error:
        raise DatabaseUnavailable(type(error).__name__) from error


async def _of_postgresql(url: str) -> Standing:
    connection = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
    try:
        found = str(await connection.fetchval(_QUERY) or "")
        return Standing(found, int(await connection.fetchval(_OLDEST) or 0))
    except asyncpg.UndefinedTableError:
        return Standing("", 0)
    finally:
        await connection.close(timeout=TIMEOUT_SECONDS)


def _of_file(path: Path) -> Standing:
    with closing(sqlite3.connect(path, timeout=TIMEOUT_SECONDS)) as connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute(_QUERY).fetchone() if there else None
        oldest = connection.execute(_OLDEST).fetchone() if row else None
        return Standing(str(row[0]) if row else "", oldest[0] if oldest else 0)
