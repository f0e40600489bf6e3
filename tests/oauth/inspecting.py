"""What introspection says of a token, and what an invalid token is answered."""

from typing import Any

import httpx2

from idp.relying_parties.model import Client
from tests.support.inprocess import Provider, basic
from tests.support.visits import post


async def introspect(house: Provider, client: Client, secret: str | None, token: str) -> dict[str, Any]:
    """What a system is told about a token (RFC 7662)."""
    response = await post(house, "/introspect", {"token": token}, basic(client, secret))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    return dict(response.json())


def invalid(response: httpx2.Response) -> None:
    """RFC 6750 §3."""
    assert response.status_code == 401, response.text
    assert response.json()["error"] == "invalid_token"
    assert response.headers["www-authenticate"].startswith("Bearer ")
    assert response.headers["www-authenticate"].isascii()
    assert response.headers["cache-control"] == "no-store"
