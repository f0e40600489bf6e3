"""Calling /api/me as an app of the person."""

from typing import Any

import httpx2

from tests.support.browserless import Browserless
from tests.support.inprocess import Provider
from tests.support.visits import tokens

ALL = "openid account account.write account.security"


async def token_of(house: Provider, someone: Browserless, scope: str = ALL) -> str:
    """The access token of an app that somebody uses."""
    client, secret = await house.register(scope=f"{ALL} api", client_name="手机应用")
    return str((await tokens(house, client, secret, someone, scope=scope))["access_token"])


async def call(house: Provider, token: str, method: str, path: str, body: Any = None) -> httpx2.Response:
    """One request as the app makes it."""
    async with house.machine() as machine:
        headers = {"authorization": f"Bearer {token}"}
        return await machine.request(method, f"/api/me{path}", json=body, headers=headers)
