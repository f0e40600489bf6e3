"""The scene of an attack, and a bare provider, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.scene import Scene, played
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
