"""Authorization codes: for one client, one redirect URI, one verifier, one minute, once."""

import asyncio

import httpx2
import pytest

from idp.oauth.codes import KIND
from tests.support.inprocess import REDIRECT_URI, Provider
from tests.support.visits import (
    VERIFIER,
    account_id,
    audit_of,
    claims_of,
    code_for,
    person,
    redeem,
    refresh,
    signed_in,
    sql,
    tokens,
    userinfo,
)

pytestmark = pytest.mark.anyio


def refused(response: httpx2.Response, error: str = "invalid_grant") -> None:
    assert response.status_code == 400, response.text
    assert response.json()["error"] == error
    assert response.headers["cache-control"] == "no-store"


async def test_a_code_is_redeemed_for_tokens_that_tell_of_the_login(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house)
    async with signed_in(house, username) as someone:
        made = await tokens(house, client, secret, someone, scope="openid profile", nonce="n-1")
    claims = claims_of(made["id_token"])
    assert claims["sub"] == await account_id(house, username)
    assert claims["aud"] == client.client_id
    assert claims["nonce"] == "n-1"
    assert claims["amr"] == ["pwd"]
    assert made["token_type"] == "Bearer"
    assert made["scope"] == "openid profile"
    assert made["refresh_token"].startswith("zrt_")
    assert (await userinfo(house, made["access_token"])).json()["name"] == "张三"


async def test_a_replayed_code_is_refused_and_takes_back_what_it_gave(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
        made = (await redeem(house, client, secret, code)).json()
        refused(await redeem(house, client, secret, code))
    assert (await userinfo(house, made["access_token"])).status_code == 401
    refused(await refresh(house, client, secret, made["refresh_token"]))
    assert "code.replayed" in await audit_of(house, client_id=client.client_id)


async def test_a_code_replayed_after_the_key_value_store_forgot_it_takes_back_what_it_gave(
    house: Provider,
) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
        made = (await redeem(house, client, secret, code)).json()
        house.clock.forward(120)
        refused(await redeem(house, client, secret, code))
    assert (await userinfo(house, made["access_token"])).status_code == 401
    assert "code.replayed" in await audit_of(house, client_id=client.client_id)


async def test_a_code_that_a_store_set_back_gives_out_again_is_a_replay(house: Provider) -> None:
    client, secret = await house.register()
    values = house.worker.base.key_value
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
    name = house.worker.base.vault.token_hash(KIND, code).hex()
    kept = await values.get(KIND, name)
    assert kept is not None
    made = (await redeem(house, client, secret, code)).json()
    await values.put(KIND, name, kept, 60)
    refused(await redeem(house, client, secret, code))
    refused(await refresh(house, client, secret, made["refresh_token"]))


async def test_of_fifty_parallel_redemptions_at_most_one_succeeds_and_all_is_revoked(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
    answers = await asyncio.gather(*[redeem(house, client, secret, code) for _ in range(50)])
    good = [answer for answer in answers if answer.status_code == 200]
    assert len(good) == 1
    assert {answer.status_code for answer in answers} == {200, 400}
    assert (await userinfo(house, good[0].json()["access_token"])).status_code == 401


async def test_a_code_of_one_client_is_worth_nothing_to_another(house: Provider) -> None:
    mine, my_secret = await house.register()
    theirs, their_secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, theirs)
        refused(await redeem(house, mine, my_secret, code))
        refused(await redeem(house, theirs, their_secret, code))  # it was seen by a stranger: spent


async def test_a_code_injected_into_another_login_fails_at_its_verifier(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as victim:
        stolen = await code_for(victim, client)
    refused(await redeem(house, client, secret, stolen, code_verifier="x" * 43))


@pytest.mark.parametrize(
    "verifier",
    [
        None,
        "",
        "short",
        "x" * 42,
        "x" * 129,
        VERIFIER[:-1],
        VERIFIER + "k",
        VERIFIER.lower(),
        "密" * 43,
        "a b" * 20,
    ],
)
async def test_a_wrong_verifier_is_refused_and_spends_the_code(house: Provider, verifier: str | None) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
    refused(await redeem(house, client, secret, code, code_verifier=verifier))
    refused(await redeem(house, client, secret, code))


async def test_the_challenge_itself_is_no_verifier(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client, code_challenge=VERIFIER)
    refused(await redeem(house, client, secret, code, code_verifier=VERIFIER))


async def test_a_verifier_where_there_was_no_challenge_is_a_downgrade(house: Provider) -> None:
    client, secret = await house.register(pkce_required=False)
    bare = {"code_challenge": None, "code_challenge_method": None}
    async with signed_in(house) as someone:
        refused(await redeem(house, client, secret, await code_for(someone, client, **bare)))
        code = await code_for(someone, client, **bare)
        assert (await redeem(house, client, secret, code, code_verifier=None)).status_code == 200


@pytest.mark.parametrize(
    "redirect_uri", [None, "", "https://app.test/other", REDIRECT_URI + "/", "https://evil.test/"]
)
async def test_a_code_goes_with_its_redirect_uri(house: Provider, redirect_uri: str | None) -> None:
    client, secret = await house.register(redirect_uris=[REDIRECT_URI, "https://app.test/other"])
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
    refused(await redeem(house, client, secret, code, redirect_uri=redirect_uri))


async def test_a_code_lives_a_minute(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        in_time, late = await code_for(someone, client), await code_for(someone, client)
        house.clock.forward(59)
        assert (await redeem(house, client, secret, in_time)).status_code == 200
        house.clock.forward(1)
        refused(await redeem(house, client, secret, late))


@pytest.mark.parametrize("code", ["zac_", "zac_" + "A" * 43, "x", "zrt_AAAA", "a\x00b", "码"])
async def test_a_code_that_nobody_issued_is_refused(house: Provider, code: str) -> None:
    client, secret = await house.register()
    answer = await redeem(house, client, secret, code)
    refused(answer, "invalid_request" if "\x00" in code else "invalid_grant")


async def test_no_code_at_all_is_an_invalid_request(house: Provider) -> None:
    client, secret = await house.register()
    refused(await redeem(house, client, secret, ""), "invalid_request")


async def test_a_value_of_another_kind_under_the_same_key_is_no_code(house: Provider) -> None:
    """KC CVE-2026-4282: one flat single-use store let anything pass for a code."""
    client, secret = await house.register()
    values = house.worker.base.key_value
    text = "zac_" + "B" * 43
    key = house.worker.base.vault.token_hash(KIND, text).hex()
    for kind in ("login", "assertion", "login_known_place"):
        await values.put(kind, key, b"{}", 60)
    refused(await redeem(house, client, secret, text))


async def test_a_refresh_token_is_no_code_and_a_code_no_refresh_token(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
        code = await code_for(someone, client)
    refused(await redeem(house, client, secret, made["refresh_token"]))
    refused(await refresh(house, client, secret, code))
    assert (await redeem(house, client, secret, code)).status_code == 200


async def test_a_client_without_the_refresh_grant_gets_no_refresh_token(house: Provider) -> None:
    client, secret = await house.register(grant_types=["authorization_code"])
    async with signed_in(house) as someone:
        assert "refresh_token" not in await tokens(house, client, secret, someone)


async def test_without_openid_there_is_no_id_token(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone, scope="profile")
    assert "id_token" not in made
    assert (await userinfo(house, made["access_token"])).status_code == 403


async def test_a_code_is_stored_nowhere_in_plain(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
        made = (await redeem(house, client, secret, code)).json()
    lines = await sql(house, "select detail from audit_events")
    text = str(lines)
    for value in (code, made["access_token"], made["refresh_token"], made["id_token"], secret or "none"):
        assert value not in text
