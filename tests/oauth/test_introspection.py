"""Introspection and revocation: whom they answer, and what they end."""

import httpx2
import pytest

from idp.relying_parties.model import Client
from tests.oauth.inspecting import introspect, invalid
from tests.support.inprocess import ISSUER, Provider, basic
from tests.support.visits import audit_of, post, refresh, signed_in, token_request, tokens, userinfo

pytestmark = pytest.mark.anyio


async def revoke(house: Provider, client: Client, secret: str | None, token: str) -> httpx2.Response:
    return await post(house, "/revoke", {"token": token}, basic(client, secret))


async def test_introspection_answers_the_owner_and_resource_servers_and_nobody_else(house: Provider) -> None:
    client, secret = await house.register()
    stranger, stranger_secret = await house.register()
    server, server_secret = await house.register(resource_server=True)
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    token = made["access_token"]
    own = await introspect(house, client, secret, token)
    assert own["active"] is True
    assert own["client_id"] == client.client_id
    assert own["iss"] == ISSUER
    assert "grant_id" not in own
    assert (await introspect(house, server, server_secret, token))["active"] is True
    assert await introspect(house, stranger, stranger_secret, token) == {"active": False}
    assert (await introspect(house, client, secret, made["refresh_token"]))["active"] is True
    assert await introspect(house, stranger, stranger_secret, made["refresh_token"]) == {"active": False}


async def test_introspection_wants_a_confidential_client(house: Provider) -> None:
    public, _ = await house.register(token_endpoint_auth_method="none", grant_types=["authorization_code"])
    response = await post(house, "/introspect", {"token": "x", "client_id": public.client_id})
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    response = await post(house, "/introspect", {"token": "x"})
    assert response.json()["error"] in {"invalid_request", "invalid_client"}


@pytest.mark.parametrize("path", ["/introspect", "/revoke"])
async def test_without_a_token_the_request_is_invalid(house: Provider, path: str) -> None:
    client, secret = await house.register()
    for data in ({}, {"token": ""}, {"token_type_hint": "access_token"}):
        response = await post(house, path, data, basic(client, secret))
        assert (response.status_code, response.json()["error"]) == (400, "invalid_request")


async def test_a_wrong_token_type_hint_does_no_harm(house: Provider) -> None:
    client, secret = await house.register()
    made = (await token_request(house, client, secret, grant_type="client_credentials")).json()
    data = {"token": made["access_token"], "token_type_hint": "refresh_token"}
    assert (await post(house, "/introspect", data, basic(client, secret))).json()["active"] is True
    assert (await post(house, "/revoke", data, basic(client, secret))).status_code == 200
    assert await introspect(house, client, secret, made["access_token"]) == {"active": False}


async def test_a_revoked_access_token_is_dead_and_its_siblings_live(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        first = await tokens(house, client, secret, someone)
        second = (await refresh(house, client, secret, first["refresh_token"])).json()
        assert (await userinfo(house, first["access_token"])).status_code == 200
        assert (await revoke(house, client, secret, first["access_token"])).status_code == 200
        invalid(await userinfo(house, first["access_token"]))
        assert (await userinfo(house, second["access_token"])).status_code == 200
    assert "token.revoked" in await audit_of(house, client_id=client.client_id)


async def test_a_revoked_refresh_token_takes_its_access_tokens_along(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        assert (await revoke(house, client, secret, made["refresh_token"])).status_code == 200
    invalid(await userinfo(house, made["access_token"]))
    assert (await refresh(house, client, secret, made["refresh_token"])).status_code == 400
    assert await introspect(house, client, secret, made["refresh_token"]) == {"active": False}


async def test_nobody_revokes_the_tokens_of_another(house: Provider) -> None:
    client, secret = await house.register()
    stranger, stranger_secret = await house.register(resource_server=True)
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    for token in (made["access_token"], made["refresh_token"], made["id_token"], "nonsense"):
        response = await revoke(house, stranger, stranger_secret, token)
        assert (response.status_code, response.content) == (200, b"")
    assert (await userinfo(house, made["access_token"])).status_code == 200
    assert (await refresh(house, client, secret, made["refresh_token"])).status_code == 200


async def test_a_public_client_revokes_its_own_tokens(house: Provider) -> None:
    client, secret = await house.register(
        token_endpoint_auth_method="none", grant_types=["authorization_code", "refresh_token"]
    )
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    data = {"token": made["refresh_token"], "client_id": client.client_id}
    assert (await post(house, "/revoke", data)).status_code == 200
    invalid(await userinfo(house, made["access_token"]))


async def test_tokens_of_an_ended_session_are_inactive(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        assert (await introspect(house, client, secret, made["access_token"]))["active"] is True
        await someone.log_out("/end_session")
    assert await introspect(house, client, secret, made["access_token"]) == {"active": False}
    assert await introspect(house, client, secret, made["refresh_token"]) == {"active": False}
    invalid(await userinfo(house, made["access_token"]))


async def test_a_rotated_refresh_token_is_inactive(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        first = await tokens(house, client, secret, someone)
    second = (await refresh(house, client, secret, first["refresh_token"])).json()
    assert await introspect(house, client, secret, first["refresh_token"]) == {"active": False}
    assert (await introspect(house, client, secret, second["refresh_token"]))["active"] is True


async def test_a_refresh_token_that_lay_idle_too_long_is_inactive(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone, scope="openid offline_access")
    house.clock.forward(house.worker.settings.refresh_idle + 1)
    assert await introspect(house, client, secret, made["refresh_token"]) == {"active": False}
