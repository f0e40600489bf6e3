"""A Redis that is full, silent, a replica or gone: KeyValueUnavailable, and then all is well again by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis as RedisClient

from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.key_value.redis import TIMEOUT_SECONDS, RedisKeyValue
from tests.support.redis import Redis

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def server() -> Iterator[Redis]:
    """A Redis that may be stopped: nobody else uses it."""
    with Redis.start() as running:
        yield running


@pytest.fixture
async def store(server: Redis) -> AsyncIterator[RedisKeyValue]:
    """The store on it, already in use."""
    opened = RedisKeyValue.connect(server.url)
    await opened.put("kind", "key", b"value", 60)
    yield opened
    await opened.close()


async def test_while_it_is_stopped_everything_is_unavailable(store: RedisKeyValue, server: Redis) -> None:
    server.process.stop()
    attempts = (
        store.get("kind", "key"),
        store.put("kind", "key", b"", 60),
        store.add("kind", "key", b"", 60),
        store.swap("kind", "key", b""),
        store.take("kind", "key"),
        store.increment("kind", "key", 60),
    )
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    server.process.start()
    assert [type(outcome) for outcome in outcomes] == [KeyValueUnavailable] * 6
    assert await store.increment("kind", "another", 60) == 1


async def test_a_restart_between_two_requests_is_not_noticed(store: RedisKeyValue, server: Redis) -> None:
    server.process.stop()
    server.process.start()
    assert await store.get("kind", "key") is None
    assert await store.add("kind", "key", b"1", 60)


async def test_a_silent_one_is_unavailable(store: RedisKeyValue, server: Redis) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(20):
            gets = [store.get("kind", "key") for _ in range(100)]
            outcomes = await asyncio.gather(*gets, return_exceptions=True)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert {type(outcome) for outcome in outcomes} == {KeyValueUnavailable}
    await store.put("kind", "key", b"new", 60)
    assert await store.get("kind", "key") == b"new"


async def test_one_without_memory_is_unavailable_for_writing_only(
    store: RedisKeyValue, server: Redis
) -> None:
    with RedisClient.from_url(server.url) as client:
        client.config_set("maxmemory", "1")
        read, written = await asyncio.gather(
            store.get("kind", "key"), store.put("kind", "key", b"", 60), return_exceptions=True
        )
        client.config_set("maxmemory", "0")
    assert read == b"value"
    assert isinstance(written, KeyValueUnavailable)
    await store.put("kind", "key", b"new", 60)


async def test_one_that_became_a_replica_is_left(store: RedisKeyValue, server: Redis) -> None:
    with RedisClient.from_url(server.url) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        before = int(client.info("stats")["total_connections_received"])
        with pytest.raises(KeyValueUnavailable):
            await store.put("kind", "key", b"", 60)
        with pytest.raises(KeyValueUnavailable):
            await store.put("kind", "key", b"", 60)
        assert int(client.info("stats")["total_connections_received"]) > before
        client.execute_command("REPLICAOF", "NO", "ONE")
    await store.put("kind", "key", b"new", 60)


async def test_what_is_answered_too_late_is_not_sent_again(store: RedisKeyValue, server: Redis) -> None:
    """It may have been done all the same: sent twice, the only caller would be told that another came first."""
    os.kill(server.process.pid, signal.SIGSTOP)
    asyncio.get_running_loop().call_later(1.3 * TIMEOUT_SECONDS, os.kill, server.process.pid, signal.SIGCONT)
    with pytest.raises(KeyValueUnavailable):
        await store.increment("kind", "counted", 60)
    await asyncio.sleep(TIMEOUT_SECONDS)
    assert await store.increment("kind", "counted", 60) == 2
