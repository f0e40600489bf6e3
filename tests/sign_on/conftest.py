"""A provider with authorities that verify people, for all tests of one module."""

from collections.abc import AsyncIterator

import pytest

from tests.support.authorities import SETTINGS
from tests.support.inprocess import Provider, provider


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """What a test changes for good, it changes for clients and people of its own."""
    async with provider(tmp_path_factory.mktemp("house"), **SETTINGS) as started:
        yield started
