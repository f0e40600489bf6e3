"""The simulated authorities inside the test, behind a provider's own HTTP client and without sockets."""

from typing import Any

import httpx2

from tests.authorities.app import build
from tests.authorities.world import World
from tests.support.inprocess import Provider

URL = "https://authority.test"
APP_ID = "test"
SECRET = "secret of the authority"
SETTINGS: dict[str, Any] = {
    f"{name}_{part}": value
    for name in ("population", "licence")
    for part, value in (("url", URL), ("app_id", APP_ID), ("secret", SECRET))
}
"""Settings of a provider that asks them."""


async def connect(house: Provider) -> World:
    """Have a provider's questions answered here; the world of the simulators."""
    world = World(APP_ID, SECRET, now=house.clock, slow_seconds=0.0)
    await house.worker.http._client.aclose()
    house.worker.http._client = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=build(world)))
    return world
