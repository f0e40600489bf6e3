"""Whoever proves nothing writes no row that stays: every door of the house, and every token that was good once."""

import re
from typing import Any

import pytest

from idp.infrastructure import tally
from idp.relying_parties.model import AuthMethod
from tests.attacks.remains import stored
from tests.support import raw_sql
from tests.support.inprocess import ISSUER, Provider
from tests.support.visits import code_for, person, redeem, refresh, signed_in, token_request

pytestmark = pytest.mark.anyio

MANY = 12
STRANGER = "203.0.113.9"
PASSING = {"key_values": 400, "single_uses": 0, "outbox": 1, "periodic_jobs": 5}
"""What goes by itself, and how much of it the requests below may leave: counts, and one message to one phone."""
MACHINES = ("/token", "/introspect", "/revoke", "/userinfo")


async def public(house: Provider, **metadata: Any) -> Any:
    """A registered client of which anybody may say to be it."""
    made, _ = await house.register(
        token_endpoint_auth_method=AuthMethod.NONE,
        grant_types=["authorization_code", "refresh_token"],
        scope="openid offline_access",
        **metadata,
    )
    return made


FIELDS = (
    "username", "password", "new_password", "otp", "code", "ticket", "id", "state", "ceremony", "credential", "token",
    "client_id", "client_secret", "refresh_token", "draft", "request", "account", "identifier", "decision", "continue",
    "name", "certificate_number", "reason", "mandate", "answer", "st", "id_token_hint", "post_logout_redirect_uri",
    "redirect_uri", "logout_token", "bizSeq",
)  # fmt: skip


def bag(number: int) -> dict[str, str]:
    """Every field that a form of ours may have, with another invention each time."""
    told = dict.fromkeys(FIELDS, f"invented{number}")
    return told | {"phone": "13900000001", "grant_type": "authorization_code", "response_type": "code"}


async def test_no_door_writes_a_row_for_whoever_proves_nothing(house: Provider) -> None:
    """Every path and method that there is, so that a new one that forgets itself is found."""
    await public(house)
    before = await stored(house)
    grown: dict[str, Any] = {}
    async with house.browser(STRANGER) as browser:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get("/login")).text)
        assert found is not None
        for path, methods in house.dispatcher.routes.items():
            for number in range(MANY if "POST" in methods else 3):
                if "GET" in methods:
                    await browser.get(path, params=bag(number))
                if "POST" in methods:
                    form = bag(number) if path in MACHINES else bag(number) | {"csrf": found[1]}
                    await browser.post(path, data=form, headers={"origin": ISSUER})
        for path in ("/api/me", "/api/me/phone", "/api/me/sessions", "/api/me/organizations"):
            for number in range(MANY):
                await browser.get(path, headers={"authorization": f"Bearer invented{number}"})
    after = await stored(house)
    for table, number in (after - before).items():
        if number > PASSING.get(table, 0):
            grown[table] = number
    lines = grown.pop("audit_events", 0)
    assert lines <= tally.MOST_OF_A_GROUP + 2, grown  # the message to the one phone is a line
    assert grown == {}


async def test_a_code_that_was_used_is_a_line_once_however_often_it_is_replayed(house: Provider) -> None:
    client = await public(house)
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
    assert (await redeem(house, client, None, code)).status_code == 200
    before = await stored(house)
    for _ in range(MANY):
        assert (await redeem(house, client, None, code)).status_code == 400
    assert (await stored(house) - before)["audit_events"] <= 2


@pytest.mark.parametrize("kind", ["used", "revoked", "of another client"])
async def test_a_refresh_token_that_is_good_no_more_is_a_line_once(house: Provider, kind: str) -> None:
    client, other = await public(house), await public(house, client_name="另一个")
    async with signed_in(house) as someone:
        code = await code_for(someone, client, scope="openid offline_access")
    token = (await redeem(house, client, None, code)).json()["refresh_token"]
    if kind == "used":
        await refresh(house, client, None, token)
        house.clock.forward(60)
    if kind == "revoked":
        await house.machine().post("/revoke", data={"token": token, "client_id": client.client_id})
    presented = other if kind == "of another client" else client
    before = await stored(house)
    for _ in range(MANY):
        assert (await refresh(house, presented, None, token)).status_code == 400
    assert (await stored(house) - before)["audit_events"] <= 2


async def test_an_access_token_is_revoked_once(house: Provider) -> None:
    client = await public(house)
    async with signed_in(house) as someone:
        code = await code_for(someone, client)
    token = (await redeem(house, client, None, code)).json()["access_token"]
    before = await stored(house)
    async with house.machine(STRANGER) as machine:
        for _ in range(MANY):
            asked = {"token": token, "client_id": client.client_id}
            assert (await machine.post("/revoke", data=asked)).status_code == 200
    assert (await stored(house) - before)["audit_events"] == 1


async def test_whoever_knows_many_names_writes_no_line_about_them_once_their_address_is_over(
    house: Provider,
) -> None:
    """A line about an account waits seconds only: from an address that is heard no more it would be a line each."""
    names = [await person(house) for _ in range(20)]
    for _ in range(301):
        await house.worker.throttle.admit_address(STRANGER)
    before = await stored(house)
    async with house.browser(STRANGER) as browser:
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get("/login")).text)
        assert found is not None
        fields = {"csrf": found[1], "password": "x", "otp": "1", "phone": "13700000001"}
        for _ in range(3):
            for name in names:
                for path in ("/login", "/recover/phone"):
                    answer = await browser.post(
                        path, data=fields | {"username": name}, headers={"origin": ISSUER}
                    )
                    assert answer.status_code == 429
            await house.worker.refusals.flush_named()  # as a worker does every few seconds
    grown = await stored(house) - before
    assert grown["audit_events"] <= 2
    query = "SELECT detail FROM audit_events WHERE event = 'login.throttled'"
    assert len(raw_sql.rows(house.worker.settings.database, query)) <= 2


async def test_a_proven_client_is_still_recorded_each_time(house: Provider) -> None:
    client, secret = await house.register()
    before = await stored(house)
    for _ in range(3):
        fields = {"grant_type": "refresh_token", "refresh_token": "invented"}
        assert (await token_request(house, client, secret, **fields)).status_code == 400
    assert (await stored(house) - before)["audit_events"] == 3
