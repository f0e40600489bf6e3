"""The key set as systems read it."""

from typing import Any

from tests.support.inprocess import Provider


async def published(house: Provider) -> dict[str, dict[str, Any]]:
    """The published keys by `kid`."""
    async with house.machine() as machine:
        return {key["kid"]: key for key in (await machine.get("/jwks")).json()["keys"]}
