"""The scene of an attack, on each database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.attacks.scene import Scene, played


@pytest.fixture
async def scene(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """See `scene.Scene`."""
    async with played(tmp_path, migrated_url) as it:
        yield it
