"""The contract of `Database`, held by SQLite and PostgreSQL alike."""

import asyncio

import pytest

from idp.infrastructure.database import Database, DatabaseUnavailable, Transaction, connect
from idp.infrastructure.database.interface import Conflict
from tests.infrastructure import items
from tests.infrastructure.items import add, breaking, count_up, find, names
from tests.support import raw_sql

pytestmark = pytest.mark.anyio


async def test_what_was_written_is_read(database: Database) -> None:
    assert await database.write(add("a", 7)) == 7
    assert await database.read(find("a")) == 7
    assert await database.read(find("b")) is None


async def test_what_was_written_is_seen_by_others_at_once(database: Database, database_url: str) -> None:
    await database.write(add("a", 7))
    assert raw_sql.rows(database_url, "SELECT number FROM items") == [{"number": 7}]


async def test_a_unit_that_breaks_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(LookupError):
        await database.write(breaking("a"))
    assert await database.read(names()) == []


async def test_a_unit_without_statements_has_its_outcome(database: Database) -> None:
    assert await database.write(count_up()) is None


async def test_a_name_that_is_taken_is_a_conflict(database: Database) -> None:
    await database.write(add("a"))
    with pytest.raises(Conflict):
        await database.write(add("a"))


async def test_an_owner_who_does_not_exist_is_a_conflict(database: Database) -> None:
    with pytest.raises(Conflict):
        await database.write(add("a", owner="nobody"))


async def test_of_a_batch_the_guilty_unit_fails_alone(database: Database) -> None:
    await database.write(add("taken"))
    good = [add(f"good{number:02}") for number in range(50)]
    units = [*good[:20], add("taken"), *good[20:40], breaking("broken"), *good[40:]]
    outcomes = await asyncio.gather(*map(database.write, units), return_exceptions=True)
    failed = [type(outcome) for outcome in outcomes if isinstance(outcome, BaseException)]
    assert failed == [Conflict, LookupError]
    assert await database.read(names()) == [*(f"good{number:02}" for number in range(50)), "taken"]


async def test_of_a_batch_of_reads_the_guilty_unit_fails_alone(database: Database) -> None:
    await database.write(add("a", 7))
    units = [find("a"), breaking_read, find("a")]
    outcomes = await asyncio.gather(*map(database.read, units), return_exceptions=True)
    assert [outcomes[0], type(outcomes[1]), outcomes[2]] == [7, LookupError, 7]


async def test_each_unit_of_a_batch_gets_its_own_rows(database: Database) -> None:
    await asyncio.gather(*[database.write(add(str(number), number)) for number in range(100)])
    wanted = [number * 7 % 100 for number in range(100)]
    assert await asyncio.gather(*[database.read(find(str(number))) for number in wanted]) == wanted
    raised = await asyncio.gather(*[database.write(count_up(str(number))) for number in wanted])
    assert raised == [number + 1 for number in wanted]


async def test_200_parallel_counts_are_all_counted(database: Database) -> None:
    await database.write(add("a"))
    numbers = await asyncio.gather(*[database.write(count_up("a")) for _ in range(200)])
    assert sorted(number or 0 for number in numbers) == list(range(1, 201))


async def test_units_that_lock_in_opposite_order_all_come_through(database: Database) -> None:
    for name in "abc":
        await database.write(add(name))
    there, back = count_up("a", "b", "c"), count_up("c", "b", "a")
    await asyncio.gather(*[database.write(unit) for _ in range(40) for unit in (there, back)])
    assert [await database.read(find(name)) for name in "abc"] == [80, 80, 80]


async def test_processes_that_lock_in_opposite_order_all_come_through(
    database: Database, database_url: str
) -> None:
    for name in "abc":
        await database.write(add(name))
    if database_url.startswith("postgresql"):  # which by default looks for a deadlock only after a second
        name = database_url.rpartition("/")[2]
        raw_sql.execute(database_url, f"ALTER DATABASE {name} SET deadlock_timeout = '50ms'")
    others = [await connect(database_url) for _ in range(3)]
    there, back = count_up("a", "b", "c"), count_up("c", "b", "a")
    sides = [(database, there), *zip(others, (back, there, back), strict=True)]
    work = [side.write(unit) for _ in range(25) for side, unit in sides]
    await asyncio.gather(*work)
    for other in others:
        await other.close()
    assert [await database.read(find(name)) for name in "abc"] == [len(work)] * 3


async def test_a_cancelled_request_breaks_nobody_elses(database: Database) -> None:
    tasks = [asyncio.create_task(database.write(add(f"{number:02}"))) for number in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in outcomes] == [True, False] * 20
    kept = await database.read(names())
    assert {f"{number:02}" for number in range(1, 40, 2)} <= set(kept)


async def test_what_is_under_way_is_finished_before_it_closes(database_url: str) -> None:
    raw_sql.execute(database_url, items.CREATE)
    opened = await connect(database_url)
    tasks = [asyncio.create_task(opened.write(add(f"{number:02}"))) for number in range(40)]
    await asyncio.sleep(0)
    await opened.close()
    await asyncio.gather(*tasks)
    assert len(raw_sql.rows(database_url, "SELECT name FROM items")) == 40


async def test_more_units_than_fit_into_a_batch_are_all_done(database: Database) -> None:
    await asyncio.gather(*[database.write(add(str(number), number)) for number in range(600)])
    assert len(await database.read(names())) == 600


@pytest.mark.parametrize("url", ["mysql://127.0.0.1/x", "", "idp.sqlite3"])
async def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="database URL"):
        await connect(url)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/x", "sqlite:///no/such/folder/x"])
async def test_a_database_that_is_not_there_is_unavailable(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        await connect(url)


def breaking_read() -> Transaction[int | None]:
    yield items.FIND(the_name="a")
    raise LookupError
