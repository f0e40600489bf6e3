"""The scene of an attack, a bare provider, and a service hall, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.scene import Scene, played
from tests.counter.conftest import Hall, filled
from tests.support.inprocess import Provider, provider


@pytest.fixture
async def scene(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """See `scene.Scene`."""
    async with played(tmp_path, migrated_url) as it:
        yield it


@pytest.fixture
async def house(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker whose database is its key-value store too, with messages that can be read."""
    stores: dict[str, Any] = {"database_url": migrated_url, "key_value_url": "sql"}
    async with provider(tmp_path, message_sink=True, **stores) as running:
        yield running


@pytest.fixture
async def hall(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Hall]:
    """A service hall with its staff."""
    async with provider(tmp_path, database_url=migrated_url, message_sink=True) as running:
        yield await filled(running)
