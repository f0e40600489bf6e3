"""Trips to simulated platforms."""

from collections.abc import AsyncIterator, Callable

import pytest

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
