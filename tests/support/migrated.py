"""Databases that are migrated already: copies of one that was, since migrating each takes a second."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile

from idp import schema
from idp.infrastructure.database.migrate import migrate
from tests.support import shared
from tests.support.postgres import create_database

TEMPLATE = "zhanhe_migrated"

_made: set[str] = set()
"""The URLs of what was made here: it needs not be asked how far it has come."""


def migrated_sqlite(path: Path) -> str:
    """A migrated, empty file at the path; its URL."""
    copyfile(shared.once("migrated-sqlite", _sqlite_template), path)
    return _noted(f"sqlite:///{path}")


def migrated_postgres(name: str) -> str:
    """A migrated, empty database of that name on the run's server; its URL."""
    template = shared.once("migrated-postgresql", _postgres_template)
    return _noted(create_database(shared.postgres_server(), name, template))


def is_migrated(url: str) -> bool:
    """Whether the database was made here, migrated."""
    return url in _made


def _noted(url: str) -> str:
    _made.add(url)
    return url


def _sqlite_template() -> str:
    path = Path(os.environ[shared.PLACE]) / "migrated.sqlite3"
    _migrate(f"sqlite:///{path}")
    return str(path)


def _postgres_template() -> str:
    _migrate(create_database(shared.postgres_server(), TEMPLATE))
    return TEMPLATE


def _migrate(url: str) -> None:
    """In a thread: the caller may stand inside a running loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        thread.submit(asyncio.run, migrate(url, schema.metadata)).result()
