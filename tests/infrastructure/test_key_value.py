"""The contract of `KeyValue`, held by Redis, SQL on both databases, and memory."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis as RedisClient

from idp.infrastructure import key_value
from idp.infrastructure.database import Database, connect
from idp.infrastructure.key_value import Get, Increment, KeyValue, Operation, Put, Take
from idp.infrastructure.key_value.memory import SWEEP_EVERY
from idp.infrastructure.key_value.redis import RedisKeyValue
from idp.infrastructure.key_value.sql import SWEEP_SECONDS
from tests.support import raw_sql
from tests.support.inprocess import Clock
from tests.support.migrated import migrated_sqlite
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

MANY = 200


class Stage:
    """A store whose time can be turned, seen by two workers wherever it allows more than one."""

    def __init__(self, url: str, stores: tuple[KeyValue, KeyValue], clock: Clock) -> None:
        self.url = url
        self.store, self.other = stores
        self.clock = clock

    async def forward(self, seconds: int) -> None:
        """Let time pass: Redis has a clock of its own, so its keys are made older instead."""
        self.clock.forward(seconds)
        if self.url.startswith("redis"):
            with RedisClient.from_url(self.url) as client:
                for key in client.scan_iter():
                    client.pexpire(key, max(int(client.pttl(key)) - seconds * 1000, 0))


@pytest.fixture(params=["redis", "sql on sqlite", "sql on postgresql", "memory"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    """Each back end."""
    clock = Clock()
    url = request.getfixturevalue("redis_url") if request.param == "redis" else request.param.split()[0]
    database_url = migrated_sqlite(tmp_path / "test.sqlite3")
    if request.param == "sql on postgresql":
        database_url = request.getfixturevalue("migrated_postgres_url")
    async with AsyncExitStack() as stack:
        databases: list[Database] = []
        for _ in range(2):
            databases.append(await connect(database_url))
            stack.push_async_callback(databases[-1].close)
        store = key_value.connect(url, databases[0], clock)
        other = store if url == "memory" else key_value.connect(url, databases[1], clock)
        stack.push_async_callback(other.close)
        stack.push_async_callback(store.close)
        yield Stage(url, (store, other), clock)


async def test_what_was_put_is_there_until_it_expires(stage: Stage) -> None:
    await stage.store.put("kind", "key", b"value", 60)
    assert await stage.other.get("kind", "key") == b"value"
    await stage.forward(59)
    assert await stage.store.get("kind", "key") == b"value"
    await stage.forward(2)
    assert await stage.store.get("kind", "key") is None
    assert await stage.store.take("kind", "key") is None
    assert await stage.store.swap("kind", "key", b"new") is None
    assert await stage.store.get("kind", "key") is None


async def test_putting_replaces_value_and_expiry(stage: Stage) -> None:
    await stage.store.put("kind", "key", b"old", 10)
    await stage.store.put("kind", "key", b"new", 100)
    await stage.forward(50)
    assert await stage.store.get("kind", "key") == b"new"


async def test_any_bytes_are_kept(stage: Stage) -> None:
    for value in (b"", bytes(range(256)), b"\r\n$-1\r\n", "张三".encode(), b"x" * 100_000):
        await stage.store.put("kind", "key", value, 60)
        assert await stage.store.get("kind", "key") == value
        assert await stage.store.swap("kind", "key", value) == value
        assert await stage.store.take("kind", "key") == value


async def test_kinds_do_not_mix(stage: Stage) -> None:
    await stage.store.put("a", "key", b"1", 60)
    assert await stage.store.get("b", "key") is None
    assert await stage.store.add("b", "key", b"2", 60)
    assert await stage.store.take("b", "key") == b"2"
    assert await stage.store.swap("b", "key", b"3") is None
    assert await stage.store.increment("c", "key", 60) == 1
    assert await stage.store.get("a", "key") == b"1"


async def test_adding_sets_what_is_absent_or_has_expired(stage: Stage) -> None:
    assert await stage.store.add("kind", "key", b"1", 60)
    assert not await stage.other.add("kind", "key", b"2", 60)
    assert await stage.store.get("kind", "key") == b"1"
    await stage.forward(61)
    assert await stage.other.add("kind", "key", b"3", 60)
    assert await stage.store.get("kind", "key") == b"3"


async def test_swapping_returns_what_was_there_and_keeps_its_expiry(stage: Stage) -> None:
    await stage.store.put("kind", "key", b"1", 60)
    await stage.forward(40)
    assert await stage.store.swap("kind", "key", b"2") == b"1"
    assert await stage.other.swap("kind", "key", b"3") == b"2"
    assert await stage.store.get("kind", "key") == b"3"
    await stage.forward(21)
    assert await stage.store.get("kind", "key") is None


async def test_taking_removes(stage: Stage) -> None:
    await stage.store.put("kind", "key", b"1", 60)
    assert await stage.store.take("kind", "key") == b"1"
    assert await stage.other.take("kind", "key") is None
    assert await stage.store.get("kind", "key") is None


async def test_a_window_of_counting_begins_with_its_first_increment(stage: Stage) -> None:
    assert await stage.store.increment("kind", "key", 60) == 1
    await stage.forward(40)
    assert await stage.other.increment("kind", "key", 60) == 2
    await stage.forward(21)
    assert await stage.store.increment("kind", "key", 60) == 1
    await stage.forward(40)
    assert await stage.store.increment("kind", "key", 60) == 2


async def test_a_counter_that_is_taken_away_begins_anew(stage: Stage) -> None:
    await stage.store.increment("kind", "key", 60)
    await stage.store.increment("kind", "key", 60)
    await stage.store.take("kind", "key")
    assert await stage.store.increment("kind", "key", 60) == 1


async def test_several_operations_together_answer_as_each_does(stage: Stage) -> None:
    await stage.store.put("kind", "there", b"1", 60)
    await stage.store.put("kind", "taken", b"2", 60)
    await stage.store.increment("kind", "counted", 60)
    operations: list[Operation] = [
        Get("kind", "there"),
        Take("kind", "taken"),
        Increment("kind", "counted", 60),
        Put("kind", "new", b"3", 60),
        Get("other kind", "there"),
        Take("kind", "nowhere"),
        Increment("kind", "anew", 60),
    ]
    assert await stage.store.together(operations) == [b"1", b"2", 2, None, None, None, 1]
    assert await stage.other.together([Get("kind", "taken"), Get("kind", "new")]) == [None, b"3"]
    await stage.forward(61)
    ended: list[Operation] = [Get("kind", "there"), Get("kind", "new"), Increment("kind", "anew", 60)]
    assert await stage.other.together(ended) == [None, None, 1]
    assert await stage.store.together([]) == []


async def test_200_who_ask_together_for_the_same_in_another_order_are_all_counted(stage: Stage) -> None:
    keys = [Increment("kind", key, 60) for key in ("first", "second", "third")]
    asked = [both(stage, n).together(keys if n % 3 else keys[::-1]) for n in range(MANY)]
    counts = await asyncio.gather(*asked)
    for place in range(3):
        of_one = [each[place] if n % 3 else each[::-1][place] for n, each in enumerate(counts)]
        assert sorted(of_one) == list(range(1, MANY + 1))


async def test_of_200_who_take_at_once_one_gets_it(stage: Stage) -> None:
    await stage.store.put("kind", "key", b"value", 60)
    taken = await asyncio.gather(*[both(stage, n).take("kind", "key") for n in range(MANY)])
    assert sorted(taken, key=str) == [*[None] * (MANY - 1), b"value"]


async def test_of_200_who_add_at_once_one_has_added(stage: Stage) -> None:
    added = await asyncio.gather(*[both(stage, n).add("kind", "key", b"%d" % n, 60) for n in range(MANY)])
    assert added.count(True) == 1
    assert await stage.store.get("kind", "key") == b"%d" % added.index(True)


async def test_200_who_swap_at_once_each_get_another_value(stage: Stage) -> None:
    await stage.store.put("kind", "key", b"first", 60)
    got = await asyncio.gather(*[both(stage, n).swap("kind", "key", b"%d" % n) for n in range(MANY)])
    left = await stage.store.get("kind", "key")
    assert sorted([*got, left], key=str) == sorted([b"first", *(b"%d" % n for n in range(MANY))], key=str)


async def test_200_increments_at_once_are_all_counted(stage: Stage) -> None:
    counts = await asyncio.gather(*[both(stage, n).increment("kind", "key", 60) for n in range(MANY)])
    assert sorted(counts) == list(range(1, MANY + 1))


async def test_many_keys_at_once_get_their_own_answers(stage: Stage) -> None:
    await asyncio.gather(*[both(stage, n).put("kind", str(n), b"%d" % n, 60) for n in range(300)])
    got = await asyncio.gather(*[both(stage, n).get("kind", str(n)) for n in range(301)])
    assert got == [*(b"%d" % n for n in range(300)), None]


async def test_a_cancelled_request_breaks_nobody_elses(stage: Stage) -> None:
    tasks = [asyncio.create_task(stage.store.increment("kind", str(n), 60)) for n in range(40)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert outcomes[1::2] == [1] * 20


def both(stage: Stage, number: int) -> KeyValue:
    """Every other time the other worker's."""
    return stage.other if number % 2 else stage.store


async def test_what_is_asked_of_redis_together_is_one_write(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = RedisKeyValue.connect(redis_url)
    writes: list[object] = []
    pipeline = store._client.pipeline

    def opened(*, transaction: bool) -> Any:
        writes.append(transaction)
        return pipeline(transaction=transaction)

    monkeypatch.setattr(store._client, "pipeline", opened)
    counted = [Increment("kind", str(number), 60) for number in range(5)]
    assert await store.together([*counted, Get("kind", "none")]) == [1, 1, 1, 1, 1, None]
    assert len(writes) == 1
    await store.close()


async def test_memory_forgets_what_has_expired(tmp_path: Path) -> None:
    clock = Clock()
    opened = await connect(f"sqlite:///{tmp_path / 'unused.sqlite3'}")
    store = key_value.connect("memory", opened, clock)
    for number in range(SWEEP_EVERY - 1):
        await store.put("kind", str(number), b"", 60)
    clock.forward(61)
    await store.put("kind", "last", b"", 60)
    assert list(vars(store)["_entries"]) == [("kind", "last")]
    await opened.close()


async def test_the_table_forgets_what_has_expired(tmp_path: Path) -> None:
    clock, url = Clock(), migrated_sqlite(tmp_path / "test.sqlite3")
    opened = await connect(url)
    store = key_value.connect("sql", opened, clock)
    for number in range(10):
        await store.put("kind", str(number), b"", 10)
    clock.forward(SWEEP_SECONDS + 1)
    await store.put("kind", "last", b"", 60)
    await until(lambda: raw_sql.rows(url, "SELECT name FROM key_values") == [{"name": "kind:last"}])
    await store.close()
    await opened.close()


@pytest.mark.parametrize("url", ["", "memcached://127.0.0.1", "SQL"])
async def test_another_kind_of_store_is_refused(url: str, tmp_path: Path) -> None:
    opened = await connect(f"sqlite:///{tmp_path / 'unused.sqlite3'}")
    with pytest.raises(ValueError, match="key-value URL"):
        key_value.connect(url, opened, Clock())
    await opened.close()
