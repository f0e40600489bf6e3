"""A provider that the tests of one module share."""

from collections.abc import AsyncIterator

import pytest

from tests.support.inprocess import Provider, provider


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """The provider of this module."""
    async with provider(tmp_path_factory.mktemp("house")) as started:
        yield started
