"""Client assertions (RFC 7523) good and bad, and the shape of a refusal."""

import json
from collections.abc import Mapping
from typing import Any

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from idp.relying_parties.model import Client
from tests.support.inprocess import ISSUER, Provider
from tests.support.visits import post

JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CREDENTIALS = {"grant_type": "client_credentials"}


def shaped(response: httpx2.Response, status: int, error: str) -> None:
    """RFC 6749 §5.2."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body["error"] == error
    assert body["error_description"].isascii()
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["pragma"] == "no-cache"


def key(kid: str = "one") -> ECKey:
    """A new key pair."""
    return ECKey.generate_key("P-256", {"kid": kid})


def jwks(*keys: Any) -> dict[str, Any]:
    return {"keys": [one.as_dict(private=False) for one in keys]}


def assertion(
    house: Provider, client: Client, signed_by: Any, header: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """A client assertion in good order but for the changes; None leaves a claim out."""
    claims = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": ISSUER,
        "exp": int(house.clock.now) + 60,
        "jti": house.worker.base.sources.new_id(),
        **changes,
    }
    shown = {name: value for name, value in claims.items() if value is not None}
    algorithm = (
        "RS256" if isinstance(signed_by, RSAKey) else "HS256" if isinstance(signed_by, OctKey) else "ES256"
    )
    whole = {"alg": algorithm, "kid": signed_by.kid, **(header or {})}
    whole = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(whole, shown, signed_by, algorithms=[algorithm])


async def present(house: Provider, text: str, path: str = "/token", **fields: str) -> httpx2.Response:
    data = {**CREDENTIALS, "client_assertion": text, "client_assertion_type": JWT_BEARER, **fields}
    return await post(house, path, data)


async def registered(house: Provider, *keys: Any, **metadata: Any) -> Client:
    metadata = {"token_endpoint_auth_method": "private_key_jwt", "jwks": jwks(*keys), **metadata}
    client, secret = await house.register(**metadata)
    assert secret is None
    return client


async def refusal_of(house: Provider, client: Client) -> dict[str, Any]:
    """What the record says of the one refusal of somebody who claimed to be this client."""
    details = [
        json.loads(line["detail"]) for line in await house.audit_lines() if line["event"] == "client.refused"
    ]
    [detail] = [each for each in details if each.get("unproven_client") == client.client_id]
    return dict(detail)
