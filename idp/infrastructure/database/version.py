"""Which schema version a database has and which this program needs; light, because every start asks."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg

from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.interface import DatabaseUnavailable

SCRIPTS = Path(__file__).parents[3] / "migrations"
TIMEOUT_SECONDS = 10.0
_QUERY = "SELECT version_num FROM alembic_version"


class MigrationBusy(Exception):
    """Another migration of this database does not come to an end."""


def head() -> str:
    """The schema version that this program needs: that of the last migration, versions/NNNN_words.py."""
    return max(path.name.split("_", 1)[0] for path in (SCRIPTS / "versions").glob("[0-9]*_*.py"))


async def version(url: str) -> str:
    """The schema version of the database of a URL; empty before the first migration. Raises DatabaseUnavailable."""
    path = sqlite_path(url)
    try:
        if path is None:
            return await _of_postgresql(url)
        return await asyncio.to_thread(_of_file, path) if path.exists() else ""
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, sqlite3.Error) as error:
        raise DatabaseUnavailable(type(error).__name__) from error


async def _of_postgresql(url: str) -> str:
    connection = await asyncpg.connect(url, timeout=TIMEOUT_SECONDS, command_timeout=TIMEOUT_SECONDS)
    try:
        return str(await connection.fetchval(_QUERY) or "")
    except asyncpg.UndefinedTableError:
        return ""
    finally:
        await connection.close(timeout=TIMEOUT_SECONDS)


def _of_file(path: Path) -> str:
    with closing(sqlite3.connect(path, timeout=TIMEOUT_SECONDS)) as connection:
        there = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone()
        row = connection.execute(_QUERY).fetchone() if there else None
        return str(row[0]) if row else ""
