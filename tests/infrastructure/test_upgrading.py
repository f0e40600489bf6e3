"""A database that an earlier version filled is brought to the head with everything in it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import (
    Column,
    Connection,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    create_engine,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.types import Float, Integer

from idp import schema
from idp.infrastructure.database.connect import sqlite_path
from idp.infrastructure.database.migrate import migrate
from idp.infrastructure.database.version import head
from tests.support import raw_sql
from tests.support.inprocess import provider
from tests.support.logins import attempt, is_in
from tests.support.visits import password_hash, visitor

pytestmark = pytest.mark.anyio

EARLIER = ("0001", "0002", "0003", "0005")
ROWS = 3
Content = dict[str, list[dict[str, Any]]]
Run = Callable[[Callable[[Connection], Any]], Awaitable[Any]]


@pytest.mark.parametrize("version", EARLIER)
async def test_whatever_an_earlier_version_wrote_is_still_there(database_url: str, version: str) -> None:
    assert await migrate(database_url, schema.metadata, version) == ("", version)
    async with connected(database_url) as run:
        await run(_fill)
        before = await run(_content)
    assert all(len(rows) >= ROWS for rows in before.values())
    assert await migrate(database_url, schema.metadata) == (version, head())
    async with connected(database_url) as run:
        after = await run(_content)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
    if sqlite_path(database_url) is not None:
        assert raw_sql.rows(database_url, "PRAGMA foreign_key_check") == []


async def test_somebody_of_the_first_version_logs_in_after_the_upgrade(
    database_url: str, tmp_path: Path
) -> None:
    await migrate(database_url, schema.metadata, "0001")
    async with connected(database_url) as run:
        await run(_add_somebody)
    await migrate(database_url, schema.metadata)
    async with provider(tmp_path, database_url=database_url) as house, visitor(house) as someone:
        assert (await attempt(someone, "zhangsan")).status_code == 303
        assert await is_in(someone)


async def test_what_imported_passwords_cost_is_found_when_upgrading(database_url: str) -> None:
    imported = ["$2b$12$" + "x" * 53, "5f4dcc3b5aa765d61d8327deb882cf99", "pbkdf2_sha256$216000$salt$sum"]
    await migrate(database_url, schema.metadata, "0006")
    async with connected(database_url) as run:
        await run(_fill)

        def give(connection: Connection) -> None:
            ids = [row[0] for row in connection.execute(text("SELECT id FROM accounts ORDER BY id"))]
            for account_id, stored in zip(ids, imported, strict=False):
                statement = text("UPDATE accounts SET password_hash = :stored WHERE id = :id")
                connection.execute(statement, {"stored": stored, "id": account_id})

        await run(give)
    await migrate(database_url, schema.metadata)
    found = raw_sql.rows(database_url, "SELECT cost FROM password_costs ORDER BY cost")
    assert [row["cost"] for row in found] == ["$2b$12", "pbkdf2_sha256$216000"]


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Run]:
    """Runs work on a connection to either kind; what is done is committed at the end."""
    path = sqlite_path(url)
    if path is not None:
        engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        with engine.begin() as connection:

            async def run(work: Any) -> Any:
                return work(connection)

            yield run
        return
    remote = create_async_engine(
        "postgresql+asyncpg://", poolclass=NullPool, async_creator=lambda: asyncpg.connect(url)
    )
    async with remote.begin() as opened:
        yield opened.run_sync
    await remote.dispose()


def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != "alembic_version"]


def _fill(connection: Connection) -> None:
    """Rows in every table, each referring to the row of its number."""
    for table in _tables(connection):
        for number in range(ROWS):
            connection.execute(
                insert(table), {column.name: _value(column, number) for column in table.columns}
            )


def _add_somebody(connection: Connection) -> None:
    (accounts,) = [table for table in _tables(connection) if table.name == "accounts"]
    somebody = {
        "id": "old", "username": "zhangsan", "name": "张三", "real_name_level": 2,
        "password_hash": password_hash(), "state": "active", "created_at": 1, "updated_at": 1,
    }  # fmt: skip
    connection.execute(insert(accounts), somebody)


def _value(column: Column[Any], number: int) -> object:
    for key in column.foreign_keys:
        return f"{key.column.table.name}-{number}"
    if isinstance(column.type, LargeBinary):
        return f"{column.table.name}-{column.name}-{number}".encode()
    if isinstance(column.type, Integer | Float | Numeric):
        return number
    return f"{column.table.name}-{number}"


def _content(connection: Connection) -> Content:
    return {
        table.name: [
            dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
        ]
        for table in _tables(connection)
    }
