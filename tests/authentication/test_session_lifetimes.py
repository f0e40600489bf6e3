"""How long a session lasts: without a sign of life, and in all."""

import pytest

from tests.support.inprocess import Provider
from tests.support.logins import is_in
from tests.support.visits import signed_in

pytestmark = pytest.mark.anyio


async def test_a_session_ends_by_idleness(house: Provider) -> None:
    async with signed_in(house) as someone:
        for _ in range(3):
            house.clock.forward(house.worker.settings.session_idle - 1)
            assert await is_in(someone)
        house.clock.forward(house.worker.settings.session_idle)
        assert not await is_in(someone)


async def test_a_session_ends_by_age_however_busy(house: Provider) -> None:
    settings = house.worker.settings
    async with signed_in(house) as someone:
        for _ in range(settings.session_absolute // 1000):
            assert await is_in(someone)
            house.clock.forward(1000)
        house.clock.forward(1000)
        assert not await is_in(someone)
