"""What happens when a database is slow, full, silent or gone: DatabaseUnavailable, and then all is well again."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import Integer, func, literal_column, select

from idp.infrastructure.database import (
    Database,
    DatabaseUnavailable,
    Statement,
    Transaction,
    connect,
    postgresql,
)
from idp.infrastructure.database.sqlite import SQLite
from tests.infrastructure import items
from tests.infrastructure.items import add, count_up, find, names
from tests.support import raw_sql
from tests.support.postgres import Postgres, wait_until_ready

pytestmark = pytest.mark.anyio

SLEEP = Statement(select(func.pg_sleep(literal_column("60", Integer)).label("slept")))


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A PostgreSQL that may be stopped: nobody else uses it."""
    with Postgres.start() as running:
        raw_sql.execute(running.url, items.CREATE)
        yield running


@pytest.fixture
async def on_server(server: Postgres) -> AsyncIterator[Database]:
    """Its database, empty."""
    raw_sql.execute(server.url, "DELETE FROM items")
    opened = await connect(server.url)
    yield opened
    await opened.close()


def oversleeping() -> Transaction[int | None]:
    """Takes longer than the server allows."""
    yield SLEEP()
    return None


def impatient(monkeypatch: pytest.MonkeyPatch, setting: str, value: str) -> None:
    """Connections from now on wait less long than they should."""
    monkeypatch.setitem(postgresql.SESSION, setting, value)


async def test_a_statement_that_takes_too_long_fails_alone(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch, "statement_timeout", "300ms")
    raw_sql.execute(postgres_url, items.CREATE)
    opened = await connect(postgres_url)
    units = [add("a"), oversleeping, add("b")]
    outcomes = await asyncio.gather(*map(opened.write, units), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [int, DatabaseUnavailable, int]
    assert await opened.read(names()) == ["a", "b"]
    await opened.close()


async def test_a_row_that_somebody_holds_makes_only_its_own_unit_fail(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch, "lock_timeout", "300ms")
    raw_sql.execute(postgres_url, items.CREATE)
    opened = await connect(postgres_url)
    for name in "ab":
        await opened.write(add(name))
    held = asyncio.Event()
    task = asyncio.create_task(_hold(postgres_url, "a", held))
    await held.wait()
    outcomes = await asyncio.gather(*[opened.write(count_up(name)) for name in "aba"], return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable, int, DatabaseUnavailable]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await opened.write(count_up("a")) == 1
    await opened.close()


async def test_a_table_that_somebody_holds_does_not_make_a_batch_wait_once_per_unit(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient(monkeypatch, "lock_timeout", "100ms")
    raw_sql.execute(postgres_url, items.CREATE)
    opened = await connect(postgres_url)
    held = asyncio.Event()
    task = asyncio.create_task(_hold(postgres_url, None, held))
    await held.wait()
    async with asyncio.timeout(15):  # 200 times 100 ms would be 20 s
        outcomes = await asyncio.gather(
            *[opened.write(add(str(number))) for number in range(200)], return_exceptions=True
        )
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await opened.write(add("a", 1)) == 1
    await opened.close()


async def _hold(url: str, name: str | None, held: asyncio.Event) -> None:
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            await connection.execute(
                f"SELECT 1 FROM items WHERE name = '{name}' FOR UPDATE" if name else "LOCK TABLE items"  # noqa: S608
            )
            held.set()
            await asyncio.Event().wait()
    finally:
        await connection.close()


async def test_lost_connections_are_replaced(on_server: Database, server: Postgres) -> None:
    await on_server.write(add("a"))
    outcomes = await _while(on_server, lambda: raw_sql.execute(
        server.url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'zhanhe-idp'"
    ))  # fmt: skip
    assert {type(outcome) for outcome in outcomes} <= {int, DatabaseUnavailable}
    await _recovered(on_server)
    await _nothing_answered_is_missing(on_server, outcomes)


async def test_a_server_that_was_stopped_and_started_is_found_again(
    on_server: Database, server: Postgres
) -> None:
    def restart() -> None:
        server.process.stop()
        server.process.start()
        wait_until_ready(server.url)

    outcomes = await _while(on_server, restart)
    assert {type(outcome) for outcome in outcomes} <= {int, DatabaseUnavailable}
    await _recovered(on_server)
    await _nothing_answered_is_missing(on_server, outcomes)


async def test_while_the_server_is_stopped_each_unit_hears_it_at_once(
    on_server: Database, server: Postgres
) -> None:
    server.process.stop()
    for _ in range(2):
        for outcome in await asyncio.gather(
            on_server.write(add("a")), on_server.read(find("a")), return_exceptions=True
        ):
            assert isinstance(outcome, DatabaseUnavailable)
    server.process.start()
    wait_until_ready(server.url)
    assert await on_server.write(add("a", 3)) == 3


async def test_a_server_that_says_nothing_is_unavailable(
    on_server: Database, server: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    await on_server.write(add("a"))
    monkeypatch.setattr(postgresql, "HANG_SECONDS", 0.3)
    monkeypatch.setattr(postgresql, "CONNECT_SECONDS", 0.3)
    os.killpg(server.process.pid, signal.SIGSTOP)
    backends = await asyncio.to_thread(_children, server.process.pid)
    for backend in backends:
        os.kill(backend, signal.SIGSTOP)
    try:
        async with asyncio.timeout(20):
            for _ in range(3):
                units = [on_server.write(add(f"b{number}")) for number in range(5)]
                outcomes = await asyncio.gather(*units, on_server.read(find("a")), return_exceptions=True)
                assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    finally:
        for process in (*backends, server.process.pid):
            os.kill(process, signal.SIGCONT)
    monkeypatch.undo()
    await _recovered(on_server)


def _children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


async def test_a_schema_that_changes_under_way_breaks_no_unit(on_server: Database, server: Postgres) -> None:
    await on_server.write(add("a"))
    await on_server.write(count_up("a"))
    raw_sql.execute(server.url, "ALTER TABLE items ALTER COLUMN number TYPE bigint")
    assert await on_server.write(count_up("a")) == 2
    assert await on_server.read(find("a")) == 2
    raw_sql.execute(server.url, "ALTER TABLE items ALTER COLUMN number TYPE integer")


async def test_a_server_that_became_a_standby_is_unavailable(on_server: Database, server: Postgres) -> None:
    reload, writable = "SELECT pg_reload_conf()", "SET default_transaction_read_only = off"
    raw_sql.execute(server.url, "ALTER SYSTEM SET default_transaction_read_only = on", reload)
    outcomes: list[int | BaseException | None] = [None]
    while outcomes[-1] is None:  # until the reload has reached the session
        outcomes += await asyncio.gather(on_server.write(count_up("nobody")), return_exceptions=True)
    assert isinstance(outcomes[-1], DatabaseUnavailable)
    raw_sql.execute(server.url, writable, "ALTER SYSTEM RESET default_transaction_read_only", reload)
    await _recovered(on_server)


async def test_a_full_disk_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'small.sqlite3'}"
    raw_sql.execute(url, items.CREATE)
    opened = await connect(url)
    assert isinstance(opened, SQLite)
    await _most_pages(opened, 8)
    outcomes = []
    for number in range(0, 1200, 40):
        batch = [opened.write(add(f"{number + place:060}")) for place in range(40)]
        outcomes += await asyncio.gather(*batch, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {int, DatabaseUnavailable}
    kept = await opened.read(names())
    assert len(kept) == sum(outcome == 0 for outcome in outcomes)
    await _most_pages(opened, 1000)
    assert await opened.write(add("a", 1)) == 1
    await opened.close()


async def _most_pages(opened: SQLite, pages: int) -> None:
    thread = opened._writer
    pragma = f"PRAGMA max_page_count = {pages}"
    await asyncio.get_running_loop().run_in_executor(thread._pool, thread._connection.execute, pragma)


async def test_a_file_that_another_process_holds_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("idp.infrastructure.database.sqlite.BUSY_SECONDS", 0.1)
    path = tmp_path / "held.sqlite3"
    raw_sql.execute(f"sqlite:///{path}", items.CREATE)
    opened, holder = await connect(f"sqlite:///{path}"), await connect(f"sqlite:///{path}")
    assert isinstance(holder, SQLite)
    loop, thread = asyncio.get_running_loop(), holder._writer
    await loop.run_in_executor(thread._pool, thread._connection.execute, "BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(
        opened.write(add("a")), opened.write(add("b")), opened.read(names()), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [DatabaseUnavailable, DatabaseUnavailable, list]
    await loop.run_in_executor(thread._pool, thread._connection.execute, "ROLLBACK")
    assert await opened.write(add("a", 1)) == 1
    await opened.close()
    await holder.close()


async def _while(database: Database, happening: Callable[[], None]) -> list[int | BaseException | None]:
    """Write without pause while something happens; what came of it, by number of the item."""
    outcomes: list[int | BaseException | None] = []

    async def write_ten() -> None:
        batch = [database.write(add(f"w{len(outcomes) + place}")) for place in range(10)]
        outcomes.extend(await asyncio.gather(*batch, return_exceptions=True))

    await write_ten()  # before it begins: on a busy machine it may be over before the next are answered
    task = asyncio.create_task(asyncio.to_thread(happening))
    while not task.done():
        await write_ten()
        await asyncio.sleep(0.002)
    await task
    return outcomes


async def _recovered(database: Database) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await database.read(names())
                await database.write(count_up("nobody"))
            except DatabaseUnavailable:
                await asyncio.sleep(0.05)
            else:
                return


async def _nothing_answered_is_missing(
    database: Database, outcomes: list[int | BaseException | None]
) -> None:
    answered = {f"w{number}" for number, outcome in enumerate(outcomes) if outcome == 0}
    assert answered
    assert answered <= set(await database.read(names()))
