"""Refresh tokens: rotation, the grace for tabs, the end of a family, and what ends it from outside."""

import asyncio
import base64

import httpx2
import pytest

from tests.support.inprocess import Provider
from tests.support.visits import audit_of, claims_of, person, refresh, signed_in, sql, tokens, userinfo

pytestmark = pytest.mark.anyio
OFFLINE = "openid offline_access"


def refused(response: httpx2.Response, error: str = "invalid_grant") -> None:
    assert response.status_code == 400, response.text
    assert response.json()["error"] == error


async def test_a_refresh_gives_new_tokens_for_the_same_login(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        first = await tokens(house, client, secret, someone, nonce="n")
    house.clock.forward(20)
    second = (await refresh(house, client, secret, first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    before, after = claims_of(first["id_token"]), claims_of(second["id_token"])
    assert {name: before[name] for name in ("iss", "sub", "aud", "auth_time", "sid", "acr")} == {
        name: after[name] for name in ("iss", "sub", "aud", "auth_time", "sid", "acr")
    }
    assert "nonce" not in after  # OpenID Connect Core §12.2


async def test_a_repeated_refresh_in_the_grace_gets_the_same_successor(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    house.clock.forward(1)
    answers = await asyncio.gather(
        *[refresh(house, client, secret, made["refresh_token"]) for _ in range(20)]
    )
    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    house.clock.forward(10)
    assert (await refresh(house, client, secret, made["refresh_token"])).json()["refresh_token"] in successors
    assert (await refresh(house, client, secret, successors.pop())).status_code == 200


async def test_a_token_used_again_after_the_grace_ends_the_family_and_this_is_kept(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        first = await tokens(house, client, secret, someone)
        other_family = await tokens(house, client, secret, someone)
    second = (await refresh(house, client, secret, first["refresh_token"])).json()
    house.clock.forward(11)
    refused(await refresh(house, client, secret, first["refresh_token"]))
    refused(await refresh(house, client, secret, second["refresh_token"]))
    assert (await userinfo(house, second["access_token"])).status_code == 401
    assert (await refresh(house, client, secret, other_family["refresh_token"])).status_code == 200
    assert (await audit_of(house, client_id=client.client_id)).count("token.reused") == 1
    revoked = await sql(house, "select revoked_at from grants where client_id = ?", client.client_id)
    assert sorted(row["revoked_at"] is not None for row in revoked) == [False, True]


async def test_a_token_two_generations_old_is_reuse_even_within_the_grace(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        first = await tokens(house, client, secret, someone)
    second = (await refresh(house, client, secret, first["refresh_token"])).json()
    third = (await refresh(house, client, secret, second["refresh_token"])).json()
    refused(await refresh(house, client, secret, first["refresh_token"]))
    refused(await refresh(house, client, secret, third["refresh_token"]))


async def test_a_refresh_token_of_another_client_is_refused_and_its_family_lives_on(house: Provider) -> None:
    mine, my_secret = await house.register()
    theirs, their_secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, theirs, their_secret, someone)
    refused(await refresh(house, mine, my_secret, made["refresh_token"]))
    second = (await refresh(house, theirs, their_secret, made["refresh_token"])).json()
    house.clock.forward(60)
    refused(await refresh(house, mine, my_secret, made["refresh_token"]))
    assert (await refresh(house, theirs, their_secret, second["refresh_token"])).status_code == 200


async def test_scopes_can_be_narrowed_and_never_widened(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone, scope="openid profile phone")
    token = made["refresh_token"]
    for scope in ("openid email", "admin", "openid  profile", " ", "openid openid2 email"):
        refused(await refresh(house, client, secret, token, scope=scope), "invalid_scope")
    narrow = (await refresh(house, client, secret, token, scope="openid profile")).json()
    assert narrow["scope"] == claims_of(narrow["access_token"])["scope"] == "openid profile"
    full = (await refresh(house, client, secret, narrow["refresh_token"])).json()
    assert (
        full["scope"] == "openid profile phone"
    )  # RFC 6749 §6: what was granted, not what was last asked for


@pytest.mark.parametrize(
    ("excess_scope", "status"), [(None, 200), ("refused", 400)], ids=["left out", "strict"]
)
async def test_a_refresh_that_repeats_what_was_left_out_is_answered_as_the_login_was(
    house: Provider, excess_scope: str | None, status: int
) -> None:
    client, secret = await house.register(scope="openid profile", excess_scope=excess_scope)
    wide = "openid profile email offline_access"
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone, scope="openid profile" if excess_scope else wide)
    again = await refresh(house, client, secret, made["refresh_token"], scope=wide)
    assert again.status_code == status
    assert again.json().get("scope") == (None if excess_scope else "openid profile")


async def test_a_mistake_in_the_scope_costs_no_rotation(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    refused(await refresh(house, client, secret, made["refresh_token"], scope="admin"), "invalid_scope")
    house.clock.forward(60)
    assert (await refresh(house, client, secret, made["refresh_token"])).status_code == 200


async def test_a_forged_or_altered_refresh_token_is_refused(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        token: str = (await tokens(house, client, secret, someone))["refresh_token"]
    raw = bytearray(base64.urlsafe_b64decode(token[4:] + "=="))
    hostile = [
        token[:-1],
        token + "A",
        token[4:],
        "zrt_",
        "zrt_" + "A" * 70,
        "zrt_é",
        "zrt_!!!!",
        token.upper(),
        "x" * 4000,
    ]
    for at in (0, 15, 16, 19, 20, 51):
        changed = bytearray(raw)
        changed[at] ^= 1
        hostile.append("zrt_" + base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="))
    for text in hostile:
        refused(await refresh(house, client, secret, text))
    assert (await refresh(house, client, secret, token)).status_code == 200


async def test_after_logout_a_refresh_token_bound_to_the_session_is_dead(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        bound = await tokens(house, client, secret, someone)
        offline = await tokens(house, client, secret, someone, scope=OFFLINE)
        await someone.log_out("/end_session")
    refused(await refresh(house, client, secret, bound["refresh_token"]))
    assert (await userinfo(house, bound["access_token"])).status_code == 401
    assert (await refresh(house, client, secret, offline["refresh_token"])).status_code == 200


async def test_when_the_session_reaches_its_end_so_do_its_tokens(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        bound = await tokens(house, client, secret, someone)
        offline = await tokens(house, client, secret, someone, scope=OFFLINE)
    house.clock.forward(house.worker.settings.session_absolute)
    refused(await refresh(house, client, secret, bound["refresh_token"]))
    assert (await refresh(house, client, secret, offline["refresh_token"])).status_code == 200


async def test_a_frozen_account_gets_nothing_any_more(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house)
    async with signed_in(house, username) as someone:
        made = await tokens(house, client, secret, someone, scope=OFFLINE)
        await sql(house, "update accounts set state = 'frozen' where username = ?", username)
        assert (await userinfo(house, made["access_token"])).status_code == 401
        refused(await refresh(house, client, secret, made["refresh_token"]))
        assert (await someone.client.get("/authorize")).status_code == 400


async def test_a_disabled_client_refreshes_nothing_and_its_tokens_are_dead(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        made = await tokens(house, client, secret, someone)
    await house.worker.registry.disable(client.client_id, "test")
    await house.worker.revisions.refresh()
    assert (await refresh(house, client, secret, made["refresh_token"])).status_code == 401
    assert (await userinfo(house, made["access_token"])).status_code == 401


async def test_a_refresh_token_ends_by_idleness_and_by_age(house: Provider) -> None:
    client, secret = await house.register()
    limits = house.worker.settings
    async with signed_in(house) as someone:
        idle = await tokens(house, client, secret, someone, scope=OFFLINE)
        old = await tokens(house, client, secret, someone, scope=OFFLINE)
    token = old["refresh_token"]
    for _ in range(limits.refresh_absolute // (limits.refresh_idle - 1)):
        house.clock.forward(limits.refresh_idle - 1)
        token = (await refresh(house, client, secret, token)).json()["refresh_token"]
    refused(await refresh(house, client, secret, idle["refresh_token"]))
    house.clock.forward(limits.refresh_idle - 1)
    refused(await refresh(house, client, secret, token))
