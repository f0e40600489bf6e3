"""The simulated authorities beside an in-process provider: no sockets, the same clock."""

from typing import Any

import httpx2

from tests.authorities.app import build
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.support.inprocess import Provider

URL = "https://authorities.test"
APP_ID, SECRET = "test", "a secret of the tests"
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

SETTINGS: dict[str, Any] = {
    f"{name}_{key}": value
    for name in ("population", "carrier", "network_identity")
    for key, value in (("url", URL), ("app_id", APP_ID), ("secret", SECRET))
} | {"network_identity_org_id": "TEST"}
"""For `provider(…, **SETTINGS)`."""


def beside(house: Provider) -> World:
    """Let the provider's calls go to simulators of its own."""
    world = World(APP_ID, SECRET, now=house.clock)
    transport = httpx2.ASGITransport(app=build(world), raise_app_exceptions=False)
    house.worker.http._client = httpx2.AsyncClient(transport=transport)
    return world


def citizen(world: World, name: str = "张三", sequence: int = 1, **fields: str) -> Known:
    """A synthetic person more whom the authorities know."""
    digits = fields.pop("digits", f"41041119900101{sequence:03}")
    check = "10X98765432"[
        sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=True)) % 11
    ]
    person = Known(name, fields.pop("certificate_type", "111"), digits + check, **fields)
    world.people.append(person)
    return person
