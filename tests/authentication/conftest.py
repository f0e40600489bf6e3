"""A provider that the tests of one module share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.inprocess import Provider, provider


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """The provider of this module; what a test changes for good, it changes for clients and people of its own."""
    async with provider(tmp_path_factory.mktemp("house")) as started:
        yield started


@pytest.fixture(scope="module")
async def town(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages can be read."""
    folder = tmp_path_factory.mktemp("town")
    async with provider(folder, message_sink=True, sms_per_address=10_000) as started:
        yield started
