"""Tokens of somebody who acts for a company: what they say, and that they die with the mandate, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from idp.infrastructure import outbox
from idp.organizations.model import Principal
from idp.relying_parties.model import Client
from tests.oauth.acting import acting, agent
from tests.support import raw_sql
from tests.support.inprocess import Provider, basic, provider
from tests.support.mandates import COMPANY, company, mandate, revoke
from tests.support.visits import (
    account_id,
    claims_of,
    code_for,
    person,
    post,
    redeem,
    refresh,
    signed_in,
    tokens,
    userinfo,
)

pytestmark = pytest.mark.anyio

BOTH_KINDS = ["person", "legal_person"]


@pytest.fixture
async def place(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


async def introspected(house: Provider, client: Client, secret: str | None, token: str) -> dict[str, Any]:
    """What introspection says of a token."""
    response = await post(house, "/introspect", {"token": token}, basic(client, secret))
    return dict(response.json())


async def test_every_token_names_the_human_and_the_principal(place: Provider) -> None:
    client, secret = await place.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(place, items="licence tax")
    me = await account_id(place, username)
    async with acting(place, username, principal) as someone:
        made = await tokens(place, client, secret, someone, scope="openid profile")
    expected = {
        "kind": "legal_person",
        "id": principal.id,
        "name": COMPANY,
        "unified_social_credit_code": claims_of(made["id_token"])["principal"]["unified_social_credit_code"],
        "relation": "agent",
        "mandate_id": principal.mandate_id,
        "items": ["licence", "tax"],
    }
    introspection = [
        await introspected(place, client, secret, made[name]) for name in ("access_token", "refresh_token")
    ]
    told = [claims_of(made["id_token"]), claims_of(made["access_token"]), *introspection]
    told.append((await userinfo(place, made["access_token"])).json())
    for claims in told:
        assert (claims["sub"], claims["act"], claims["principal"]) == (me, {"sub": me}, expected)
    again = (await refresh(place, client, secret, made["refresh_token"])).json()
    assert claims_of(again["id_token"])["principal"] == expected
    lines = {line["event"]: line["principal"] for line in await place.audit_lines()}
    for event in ("authorization.granted", "token.issued", "token.refreshed"):
        assert lines[event] == principal.id


async def test_tokens_of_somebody_who_acts_for_themselves_name_nobody_else(place: Provider) -> None:
    client, secret = await place.register()
    async with signed_in(place) as someone:
        made = await tokens(place, client, secret, someone)
    assert not {"act", "principal"} & set(claims_of(made["id_token"]))
    assert not {"act", "principal"} & set(claims_of(made["access_token"]))


@pytest.mark.parametrize("scope", ["openid profile", "openid profile real_name"])
async def test_a_represented_person_s_certificate_needs_the_scope_for_it(place: Provider, scope: str) -> None:
    client, secret = await place.register()
    ward = await person(place, name="小张", certificate_type="111", certificate_number="410411199001010015")
    username = await person(place)
    me, other = await account_id(place, username), await account_id(place, ward)
    principal = await mandate(place, me, person=other, relation="guardian")
    async with acting(place, username, principal) as someone:
        made = await tokens(place, client, secret, someone, scope=scope)
    told = (await userinfo(place, made["access_token"])).json()["principal"]
    assert told.get("certificate_number") == ("410411199001010015" if "real_name" in scope else None)
    for name in ("id_token", "access_token"):
        assert "410411199001010015" not in str(claims_of(made[name]))


@pytest.mark.parametrize("scope", ["openid", "openid offline_access"])
@pytest.mark.parametrize("state", ["revoked", "suspended"])
async def test_every_token_is_dead_as_soon_as_the_mandate_is_not_in_force(
    place: Provider, scope: str, state: str
) -> None:
    client, secret = await place.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(place)
    async with acting(place, username, principal) as someone:
        made = await tokens(place, client, secret, someone, scope=scope)
    assert (await introspected(place, client, secret, made["access_token"]))["active"]
    await revoke(place, principal, state)
    for name in ("access_token", "refresh_token"):
        assert await introspected(place, client, secret, made[name]) == {"active": False}
    assert (await userinfo(place, made["access_token"])).status_code == 401
    refused = await refresh(place, client, secret, made["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_an_offline_grant_is_dead_when_the_mandate_s_time_is_over(place: Provider) -> None:
    client, secret = await place.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(place, valid_until=place.clock.now + 3600)
    async with acting(place, username, principal) as someone:
        made = await tokens(place, client, secret, someone, scope="openid offline_access")
    place.clock.forward(3599)
    made = (await refresh(place, client, secret, made["refresh_token"])).json()
    place.clock.forward(1)
    assert (await refresh(place, client, secret, made["refresh_token"])).status_code == 400


async def test_a_code_that_is_under_way_when_the_mandate_is_revoked_lets_nobody_in(place: Provider) -> None:
    client, secret = await place.register(principal_kinds=BOTH_KINDS)
    username, principal = await agent(place)
    async with acting(place, username, principal) as someone:
        code = await code_for(someone, client)
    await revoke(place, principal)
    response = await redeem(place, client, secret, code)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")


async def test_of_revocation_and_redemption_at_once_nothing_is_left_alive(place: Provider) -> None:
    client, secret = await place.register(
        principal_kinds=BOTH_KINDS, backchannel_logout_uri="https://app.test/out"
    )
    await place.worker.outbox.stop()
    agents: list[tuple[str, Principal]] = [await agent(place) for _ in range(8)]
    codes = []
    for username, principal in agents:
        async with acting(place, username, principal) as someone:
            codes.append(await code_for(someone, client, scope="openid offline_access"))

    async def end(principal: Principal) -> None:
        await revoke(place, principal)
        sessions = place.worker.sessions
        await place.worker.base.database.write(
            lambda: sessions.end_acting(principal.mandate_id, "mandate revoked")
        )

    answers = await asyncio.gather(
        *[redeem(place, client, secret, code) for code in codes], *[end(principal) for _, principal in agents]
    )
    for answer in answers:
        if isinstance(answer, httpx2.Response) and answer.status_code == 200:
            made = answer.json()
            assert await introspected(place, client, secret, made["access_token"]) == {"active": False}
            assert (await refresh(place, client, secret, made["refresh_token"])).status_code == 400
    notices = raw_sql.rows(place.worker.settings.database, "SELECT recipient FROM outbox")
    assert [row["recipient"] for row in notices] == [client.client_id] * len(agents)


async def test_a_system_learns_within_one_round_that_the_mandate_was_revoked(place: Provider) -> None:
    posted: list[str] = []

    async def post_form(url: str, fields: dict[str, str]) -> int:
        posted.append(fields["logout_token"])
        return 200

    place.worker.http.post_form = post_form  # type: ignore[method-assign,assignment]
    await place.worker.outbox.stop()
    client, secret = await place.register(
        principal_kinds=BOTH_KINDS, backchannel_logout_uri="https://app.test/out"
    )
    username, principal = await agent(place)
    async with acting(place, username, principal) as someone:
        made = await tokens(place, client, secret, someone)
    sessions = place.worker.sessions
    await place.worker.base.database.write(
        lambda: sessions.end_acting(principal.mandate_id, "mandate revoked")
    )
    assert await place.worker.outbox.deliver_due() == 1
    [token] = posted
    assert claims_of(token)["sid"] == claims_of(made["id_token"])["sid"]
    [delivered] = [line for line in await place.audit_lines() if line["event"] == "logout.delivered"]
    assert (delivered["client_id"], delivered["principal"]) == (client.client_id, principal.id)


async def test_whoever_is_revoked_is_thrown_out_of_the_system_at_once(
    place: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "POLL_SECONDS", 3600.0)  # nobody waits for the next turn
    arrived = asyncio.Event()

    async def post_form(url: str, fields: dict[str, str]) -> int:
        arrived.set()
        return 200

    place.worker.http.post_form = post_form  # type: ignore[method-assign,assignment]
    client, secret = await place.register(
        principal_kinds=BOTH_KINDS, backchannel_logout_uri="https://app.test/out"
    )
    boss, username = await person(place, name="李四"), await person(place)
    boss_id, agent_id = await account_id(place, boss), await account_id(place, username)
    company_id = await company(place, boss_id)
    await mandate(place, boss_id, company=company_id, relation="legal_representative")
    principal = await mandate(place, agent_id, company=company_id)
    async with acting(place, username, principal) as someone:
        made = await tokens(place, client, secret, someone)
    assert await place.worker.mandates.revoke(boss_id, principal.mandate_id)
    await asyncio.wait_for(arrived.wait(), 30)
    assert await introspected(place, client, secret, made["access_token"]) == {"active": False}
