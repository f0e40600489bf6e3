"""SQL past the product: what a test sets up or looks at by itself, on SQLite and PostgreSQL alike."""

import asyncio
import sqlite3
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import asyncpg

from idp.infrastructure.database.connect import sqlite_path


def execute(url: str, *statements: str) -> None:
    """Run statements without parameters, each committed."""
    path = sqlite_path(url)
    if path is None:
        _run(_execute(url, statements))
        return
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(url: str, query: str) -> list[dict[str, Any]]:
    """What a query finds."""
    path = sqlite_path(url)
    if path is None:
        found: list[dict[str, Any]] = _run(_fetch(url, query))
        return found
    with closing(sqlite3.connect(path, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]


async def _execute(url: str, statements: Sequence[str]) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _fetch(url: str, query: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(url)
    try:
        return [dict(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread: the caller may stand inside a running loop."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()
