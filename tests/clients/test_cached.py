import anyio
import pytest
from anyio.lowlevel import checkpoint

from clients.sdk.cached import INTERVAL_SECONDS, LIFETIME_SECONDS, PAUSE_SECONDS, Cached
from clients.sdk.core.errors import Unavailable
from tests.clients.making import Clock

pytestmark = pytest.mark.anyio


class Source:
    """A document with a number that grows with every fetch."""

    def __init__(self) -> None:
        self.fetched, self.tried, self.down = 0, 0, False

    async def __call__(self) -> int:
        self.tried += 1
        await checkpoint()
        if self.down:
            raise Unavailable("down")
        self.fetched += 1
        return self.fetched


async def test_a_document_is_fetched_once_by_many_callers() -> None:
    source = Source()
    cached = Cached(source, Clock())
    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(cached.get)
    assert source.tried == 1


async def test_an_old_document_is_fetched_again() -> None:
    source, clock = Source(), Clock()
    cached = Cached(source, clock)
    await cached.get()
    clock.pass_by(LIFETIME_SECONDS - 1)
    assert await cached.get() == 1
    clock.pass_by(1)
    assert await cached.get() == 2


async def test_an_old_document_serves_while_the_provider_is_away() -> None:
    source, clock = Source(), Clock()
    cached = Cached(source, clock)
    await cached.get()
    clock.pass_by(LIFETIME_SECONDS)
    source.down = True
    assert await cached.get() == 1
    assert await cached.get() == 1
    assert source.tried == 2
    source.down = False
    clock.pass_by(INTERVAL_SECONDS)
    assert await cached.get() == 2


async def test_a_newer_document_is_asked_for_seldom() -> None:
    source, clock = Source(), Clock()
    cached = Cached(source, clock)
    await cached.get()
    assert await cached.newer() == 1
    clock.pass_by(INTERVAL_SECONDS)
    assert await cached.newer() == 2
    assert await cached.newer() == 2


async def test_a_confirmed_document_is_never_an_old_one() -> None:
    source, clock = Source(), Clock()
    cached = Cached(source, clock)
    assert await cached.confirmed() == 1
    assert await cached.confirmed() == 1
    clock.pass_by(INTERVAL_SECONDS)
    assert await cached.confirmed() == 2
    source.down = True
    clock.pass_by(INTERVAL_SECONDS)
    with pytest.raises(Unavailable):
        await cached.confirmed()
    assert await cached.get() == 2


async def test_with_nothing_at_hand_callers_do_not_wait_in_line() -> None:
    source, clock = Source(), Clock()
    source.down = True
    cached = Cached(source, clock)
    for _ in range(5):
        with pytest.raises(Unavailable):
            await cached.get()
    assert source.tried == 1
    source.down = False
    clock.pass_by(PAUSE_SECONDS)
    assert await cached.get() == 1
