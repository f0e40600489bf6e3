"""Waiting for what must happen before long, without saying how long it takes."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 60
PAUSE_SECONDS = 0.02


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    """Until something that has to be asked holds."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await holds():
                return
            await asyncio.sleep(PAUSE_SECONDS)


async def until(holds: Callable[[], object]) -> None:
    """Until something that can be seen holds."""

    async def seen() -> bool:
        return bool(holds())

    await eventually(seen)
