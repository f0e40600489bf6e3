"""Trips to simulated platforms."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.support.platforms import Whole, opened
from tests.support.upstream import Trip

Away = Callable[..., Trip]


@pytest.fixture
async def away() -> AsyncIterator[Away]:
    """Makes trips: `away(NAME)`."""
    trips: list[Trip] = []

    def make(name: str) -> Trip:
        trips.append(Trip(name))
        return trips[-1]

    yield make
    for trip in trips:
        await trip.close()


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    """See `opened`."""
    async with opened(tmp_path) as it:
        yield it
