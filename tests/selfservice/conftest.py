"""A provider that the tests of one module share."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.inprocess import Provider, provider
from tests.support.platforms import Whole, opened
from tests.support.town import Town, opened_town


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """The provider of this module; what a test changes for good, it changes for clients and people of its own."""
    async with provider(tmp_path_factory.mktemp("house")) as started:
        yield started


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    """One for each test: what a company is, all its tests would share."""
    async with opened_town(tmp_path) as opened:
        yield opened


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[Whole]:
    """A provider that uses all platforms."""
    async with opened(tmp_path) as it:
        yield it
