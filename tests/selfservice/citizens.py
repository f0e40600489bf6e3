"""People whom the simulated authorities know, and their accounts."""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from tests.authorities.people import Known
from tests.authorities.world import World
from tests.support.authorities import SETTINGS, beside, citizen
from tests.support.inprocess import Provider, provider
from tests.support.visits import person

_sequence = count(101)
_phones = count(13_800_001_000)


def somebody(world: World, name: str = "张三", **fields: str) -> Known:
    """A new person whom the authorities know."""
    return citizen(world, name, next(_sequence), mobile=str(next(_phones)), **fields)


async def account_of(house: Provider, who: Known, **fields: object) -> str:
    """A new account of level 0 with the verified phone of somebody; its username."""
    return await person(
        house, **({"level": 0, "name": "新用户", "phone": who.mobile, "phone_verified": True} | fields)
    )


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """The provider of this module, beside the authorities."""
    async with provider(tmp_path_factory.mktemp("house"), **SETTINGS) as started:
        yield started


@pytest.fixture
async def world(house: Provider) -> World:
    """The authorities."""
    return beside(house)
