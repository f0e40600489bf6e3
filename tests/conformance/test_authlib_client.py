"""Authlib's asynchronous client, an independent counterpart in our own language, against a running provider."""

import secrets
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.conformance.conftest import Provider
from tests.conformance.registered import REDIRECT_URI, SCOPES
from tests.support.browserless import Browserless
from tests.support.instance import Account

pytestmark = pytest.mark.anyio

SECRET_METHODS = ("client_secret_basic", "client_secret_post")


@pytest.fixture
async def metadata(provider: Provider) -> dict[str, Any]:
    """The provider's discovery document."""
    async with httpx2.AsyncClient(trust_env=False) as http:
        answer = await http.get(f"{provider.issuer}/.well-known/openid-configuration")
        document: dict[str, Any] = answer.raise_for_status().json()
        return document


@pytest.fixture
def account(provider: Provider) -> Account:
    """Who logs in."""
    return provider.account


@pytest.fixture(params=SECRET_METHODS)
async def client(request: pytest.FixtureRequest, provider: Provider) -> AsyncIterator[Any]:
    """Authlib's client, which is not typed, for each way of showing a secret."""
    registered = provider.clients[request.param, "ES256"]
    async with AsyncOAuth2Client(
        registered.client_id,
        registered.client_secret,
        token_endpoint_auth_method=registered.auth_method,
        revocation_endpoint_auth_method=registered.auth_method,
        scope=" ".join(SCOPES),
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
        trust_env=False,
    ) as made:
        yield made


async def log_in(client: Any, metadata: dict[str, Any], account: Account) -> tuple[dict[str, Any], str]:
    """A whole code flow; the token response and the nonce that was sent."""
    nonce, verifier = secrets.token_urlsafe(), secrets.token_urlsafe(48)
    url, _ = client.create_authorization_url(
        metadata["authorization_endpoint"], nonce=nonce, code_verifier=verifier
    )
    async with Browserless(metadata["issuer"]) as browser:
        callback = await browser.log_in(url, account.username, account.password)
    token: dict[str, Any] = await client.fetch_token(
        metadata["token_endpoint"], authorization_response=callback.full_url, code_verifier=verifier
    )
    return token, nonce


async def test_a_login_gives_an_id_token_that_authlib_accepts(
    client: Any, metadata: dict[str, Any], account: Account
) -> None:
    token, nonce = await log_in(client, metadata, account)
    async with httpx2.AsyncClient(trust_env=False) as http:
        keys = KeySet.import_key_set((await http.get(metadata["jwks_uri"])).json())
    decoded = jwt.decode(token["id_token"], keys, algorithms=["ES256"])
    options = {
        "iss": {"value": metadata["issuer"]},
        "aud": {"value": client.client_id},
        "sub": {"value": account.account_id},
    }
    params = {
        "nonce": nonce,
        "client_id": client.client_id,
        "access_token": token["access_token"],
        "max_age": 60,
    }
    CodeIDToken(decoded.claims, decoded.header, options, params).validate()


async def test_userinfo_answers_the_access_token(
    client: Any, metadata: dict[str, Any], account: Account
) -> None:
    await log_in(client, metadata, account)
    claims = (await client.get(metadata["userinfo_endpoint"])).json()
    assert (claims["sub"], claims["phone_number"]) == (account.account_id, "13800000001")


async def test_a_refresh_rotates_the_token(client: Any, metadata: dict[str, Any], account: Account) -> None:
    token, _ = await log_in(client, metadata, account)
    refreshed = await client.refresh_token(metadata["token_endpoint"], token["refresh_token"])
    assert refreshed["refresh_token"] != token["refresh_token"]


async def test_a_revoked_token_is_inactive_and_not_refreshed(
    client: Any, metadata: dict[str, Any], account: Account
) -> None:
    token, _ = await log_in(client, metadata, account)
    introspect = metadata["introspection_endpoint"]
    assert (await client.introspect_token(introspect, token["access_token"])).json()["active"] is True
    answer = await client.revoke_token(metadata["revocation_endpoint"], token["refresh_token"])
    assert answer.status_code == 200
    assert (await client.introspect_token(introspect, token["refresh_token"])).json() == {"active": False}
    with pytest.raises(OAuthError, match="invalid_grant"):
        await client.refresh_token(metadata["token_endpoint"], token["refresh_token"])


async def test_a_client_gets_a_token_for_itself(client: Any, metadata: dict[str, Any]) -> None:
    token = await client.fetch_token(metadata["token_endpoint"], grant_type="client_credentials", scope="")
    assert token["token_type"] == "Bearer"
