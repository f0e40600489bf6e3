"""What holders of tokens ask: whose token, of which type, signed by whom, still alive."""

import base64
from typing import Any

import pytest

from idp.keys import jws as signing
from idp.keys.model import Algorithm
from tests.oauth.inspecting import introspect, invalid
from tests.support.inprocess import ISSUER, Provider
from tests.support.visits import (
    claims_of,
    forged,
    header_of,
    hs256,
    person,
    post,
    signed_in,
    sql,
    token_request,
    tokens,
    userinfo,
)

pytestmark = pytest.mark.anyio


def foreign_signer(kid: str, algorithm: Algorithm = Algorithm.ES256) -> signing.JwsSigner:
    return signing.JwsSigner(kid, algorithm, signing.generate(algorithm))


async def test_userinfo_gives_what_the_scopes_release_and_no_more(house: Provider) -> None:
    client, secret = await house.register()
    fields: dict[str, Any] = {
        "phone": "13800000001",
        "email": "a@b.test",
        "address": "建设路 1 号",
        "certificate_type": "111",
        "certificate_number": "410411199001010015",
    }
    async with signed_in(house, **fields) as someone:
        shown = {}
        for scope in (
            "openid",
            "openid profile",
            "openid phone",
            "openid email",
            "openid address",
            "openid real_name",
        ):
            made = await tokens(house, client, secret, someone, scope=scope)
            shown[scope] = set((await userinfo(house, made["access_token"])).json()) - {"sub"}
    assert shown == {
        "openid": set(),
        "openid profile": {"name", "preferred_username", "updated_at", "zoneinfo"},
        "openid phone": {"phone_number", "phone_number_verified"},
        "openid email": {"email", "email_verified"},
        "openid address": {"address"},
        "openid real_name": {
            "real_name_level",
            "certificate_type",
            "certificate_number",
            "verified_claims",
        },
    }


async def test_what_is_not_there_is_not_called_unverified(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house, phone=None, email=None) as someone:
        made = await tokens(house, client, secret, someone, scope="openid email phone")
        assert set((await userinfo(house, made["access_token"])).json()) == {"sub"}


async def test_the_profile_tells_language_zone_and_when_it_changed(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house)
    await sql(house, "UPDATE accounts SET language = 'en' WHERE username = ?", username)
    async with signed_in(house, username) as someone:
        made = await tokens(house, client, secret, someone, scope="openid profile")
        shown = (await userinfo(house, made["access_token"])).json()
    assert (shown["locale"], shown["zoneinfo"], shown["updated_at"]) == (
        "en",
        "Asia/Shanghai",
        int(house.clock()),
    )
    async with house.machine() as machine:
        document = (await machine.get("/.well-known/openid-configuration")).json()
    assert {"updated_at", "locale", "zoneinfo"} <= set(document["claims_supported"])


@pytest.mark.parametrize("proved", [True, False])
async def test_userinfo_says_whether_the_phone_is_proved(house: Provider, proved: bool) -> None:
    client, secret = await house.register()
    phone = "13800000091" if proved else "13800000092"
    async with signed_in(house, phone=phone, phone_verified=proved) as someone:
        made = await tokens(house, client, secret, someone, scope="openid phone")
        shown = (await userinfo(house, made["access_token"])).json()
    assert (shown["phone_number"], shown["phone_number_verified"]) == (phone, proved)


async def test_userinfo_takes_the_token_by_header_or_posted_form_and_one_way_only(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        token = (await tokens(house, client, secret, someone))["access_token"]
    header = {"authorization": f"Bearer {token}"}
    assert (await post(house, "/userinfo", {"access_token": token})).status_code == 200
    both = await post(house, "/userinfo", {"access_token": token}, header)
    assert (both.status_code, both.json()["error"]) == (400, "invalid_request")
    async with house.machine() as machine:
        assert (
            await machine.get("/userinfo", headers={"authorization": f"bearer {token}"})
        ).status_code == 200
        assert (await machine.post("/userinfo", headers=header)).status_code == 200
        invalid(await machine.get("/userinfo", params={"access_token": token}))
        invalid(await machine.post("/userinfo", params={"access_token": token}))
        invalid(await machine.get("/userinfo"))
        invalid(await machine.get("/userinfo", headers={"authorization": f"Basic {token}"}))
        invalid(await machine.get("/userinfo", headers={"authorization": "Bearer"}))


async def hostile_tokens(house: Provider, made: dict[str, Any]) -> list[str]:
    """Everything that looks like an access token and is none."""
    token: str = made["access_token"]
    header, claims = header_of(token), claims_of(token)
    head, body, signature = token.split(".")
    keys = house.worker.keys
    public = house.worker.keys.jwks()
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[0] ^= 1
    return [
        made["id_token"],
        made.get("refresh_token", ""),
        keys.sign(Algorithm.ES256, "logout+jwt", claims),
        keys.sign(Algorithm.ES256, "JWT", claims),
        keys.sign(Algorithm.ES256, "AT+JWT", claims),
        keys.sign(
            Algorithm.ES256, "at+jwt", {name: value for name, value in claims.items() if name != "exp"}
        ),
        keys.sign(Algorithm.ES256, "at+jwt", claims | {"exp": "later"}),
        forged(header | {"alg": "none"}, claims, ""),
        forged({"typ": "at+jwt", "alg": "none"}, claims, ""),
        forged(header, claims | {"scope": "openid real_name"}, signature),
        forged(header | {"alg": "RS256"}, claims, signature),
        forged(header | {"kid": "foreign"}, claims, signature),
        forged(header | {"kid": ["a"]}, claims, signature),
        hs256(header, claims, public),
        hs256(header, claims, header["kid"].encode()),
        foreign_signer(header["kid"]).sign("at+jwt", claims),
        foreign_signer("foreign").sign("at+jwt", claims),
        foreign_signer(header["kid"], Algorithm.EDDSA).sign("at+jwt", claims),
        f"{head}.{body}." + base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("="),
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{signature}.x",
        f"{head}.{body}." + "A" * 86,
        f"{head}.{body}." + base64.urlsafe_b64encode(bytes(64)).decode().rstrip("="),
        base64.urlsafe_b64encode(b"[" * 20_000).decode() + ".e30.x",
        "x",
        "...",
        "é",
    ]


async def test_nothing_but_an_access_token_of_ours_opens_userinfo(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    for hostile in await hostile_tokens(house, made):
        async with house.machine() as machine:
            header = {"authorization": b"Bearer " + hostile.encode()}
            invalid(await machine.get("/userinfo", headers=header))  # type: ignore[arg-type]
    assert (await userinfo(house, made["access_token"])).status_code == 200


async def test_nothing_but_a_token_of_ours_is_active(house: Provider) -> None:
    client, secret = await house.register(grant_types=["authorization_code"])
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    for hostile in await hostile_tokens(house, made):
        if 0 < len(hostile) <= 4096:
            assert await introspect(house, client, secret, hostile) == {"active": False}


async def test_an_access_token_ends_with_its_time(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        house.clock.forward(299)
        assert (await userinfo(house, made["access_token"])).status_code == 200
        house.clock.forward(1)
        invalid(await userinfo(house, made["access_token"]))
        assert await introspect(house, client, secret, made["access_token"]) == {"active": False}


async def test_a_token_for_another_audience_does_not_open_userinfo(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    claims = claims_of(made["access_token"]) | {"aud": "https://other.test"}
    invalid(await userinfo(house, house.worker.keys.sign(Algorithm.ES256, "at+jwt", claims)))


async def test_a_token_of_a_system_alone_does_not_open_userinfo(house: Provider) -> None:
    client, secret = await house.register()
    made = (await token_request(house, client, secret, grant_type="client_credentials")).json()
    response = await userinfo(house, made["access_token"])
    assert (response.status_code, response.json()["error"]) == (403, "insufficient_scope")


async def test_the_documents_may_be_kept_and_name_us(house: Provider) -> None:
    async with house.machine() as machine:
        for path in ("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"):
            response = await machine.get(path)
            assert response.json()["issuer"] == ISSUER
            assert response.json()["authorization_response_iss_parameter_supported"] is True
            assert "none" not in response.json()["id_token_signing_alg_values_supported"]
            assert "max-age" in response.headers["cache-control"]
        keys = (await machine.get("/jwks")).json()["keys"]
    assert not any({"d", "p", "q", "k"} & set(key) for key in keys)
