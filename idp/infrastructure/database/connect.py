"""Opens the database that a URL names."""

from pathlib import Path

from idp.infrastructure.database.interface import Database
from idp.infrastructure.database.postgresql import PostgreSQL
from idp.infrastructure.database.sqlite import SQLite

SQLITE = "sqlite:///"
POSTGRESQL = ("postgresql://", "postgres://")


def sqlite_path(url: str) -> Path | None:
    """The file of an sqlite URL, or None for another database."""
    return Path(url.removeprefix(SQLITE)) if url.startswith(SQLITE) else None


async def connect(url: str) -> Database:
    """Open `sqlite:///FILE` or `postgresql://…`; raises DatabaseUnavailable or ValueError for another scheme."""
    path = sqlite_path(url)
    if path is not None:
        return SQLite(path)
    if url.startswith(POSTGRESQL):
        return await PostgreSQL.connect(url)
    raise ValueError("the database URL must begin with sqlite:/// or postgresql://")
