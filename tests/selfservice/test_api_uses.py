"""What can be done through /api/me, and that nobody does it to somebody else."""

from collections.abc import AsyncIterator

import pytest

from idp.organizations.model import MandateState
from tests.selfservice.calling import call, token_of
from tests.support.inprocess import Provider, provider
from tests.support.mandates import company, mandate
from tests.support.messages import last_code, messages_to
from tests.support.visits import account_id, audit_of, person, signed_in, sql, tokens, userinfo

pytestmark = pytest.mark.anyio
FULL = ("pwd", "otp", "mfa")


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages land in a file."""
    async with provider(tmp_path_factory.mktemp("provider"), message_sink=True) as running:
        yield running


async def test_the_record_is_read_and_changed(house: Provider) -> None:
    username = await person(house, phone="13800040002", email="before@example.cn")
    async with signed_in(house, username) as someone:
        token = await token_of(house, someone)
    shown = (await call(house, token, "GET", "")).json()
    assert shown["phone_masked"] == "138****0002"
    assert "second_factor" in shown["attention"]
    contact = {"email": "after@example.cn", "address": "湛河区"}
    assert (await call(house, token, "PUT", "/contact", contact)).status_code == 204
    display = {"language": "en", "elder_mode": True}
    assert (await call(house, token, "PUT", "/display", display)).status_code == 204
    shown = (await call(house, token, "GET", "")).json()
    assert (shown["email"], shown["language"], shown["elder_mode"]) == ("after@example.cn", "en", True)
    assert len(await messages_to(house, "before@example.cn")) == 1
    wrong = await call(house, token, "PUT", "/contact", {"email": "nobody"})
    assert wrong.status_code == 422


async def test_a_phone_is_changed_by_its_code(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    new = "13800040003"
    assert (await call(house, token, "POST", "/phone/code", {"phone": new})).status_code == 204
    again = await call(house, token, "POST", "/phone/code", {"phone": new})
    assert again.status_code == 429
    assert int(again.headers["retry-after"]) > 0
    wrong = await call(house, token, "PUT", "/phone", {"phone": new, "code": "000000"})
    assert wrong.status_code == 403
    code = await last_code(house, new)
    assert (await call(house, token, "PUT", "/phone", {"phone": new, "code": code})).status_code == 204
    assert (await call(house, token, "PUT", "/phone", {"phone": new, "code": code})).status_code == 403
    assert (await call(house, token, "GET", "")).json()["phone_verified"]


async def test_a_system_is_withdrawn(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
        client, secret = await house.register(client_name="信用系统")
        given = (await tokens(house, client, secret, someone))["access_token"]
    systems = (await call(house, token, "GET", "/systems")).json()
    assert {each["name"] for each in systems} == {"信用系统", "手机应用"}
    assert (await call(house, token, "DELETE", f"/systems/{client.client_id}")).status_code == 204
    assert (await userinfo(house, given)).status_code == 401
    assert (await call(house, token, "DELETE", f"/systems/{client.client_id}")).status_code == 404
    assert (await call(house, token, "GET", "")).status_code == 200  # the app itself goes on


async def test_nobody_reaches_into_another_account(house: Provider) -> None:
    victim = await person(house)
    who = await account_id(house, victim)
    client, secret = await house.register()
    principal = await mandate(house, who, company=await company(house, who))
    await sql(
        house,
        "insert into devices (id, account_id, user_agent, address, first_seen_at, last_seen_at)"
        " values ('their-device', ?, '', '', 1, 1)",
        who,
    )
    async with signed_in(house, victim) as theirs, signed_in(house) as someone:
        given = (await tokens(house, client, secret, theirs))["access_token"]
        (login,) = await house.worker.sessions.of_account(who)
        token = await token_of(house, someone)
        for path in (
            f"/sessions/{login.id}",
            "/devices/their-device",
            f"/systems/{client.client_id}",
        ):
            assert (await call(house, token, "DELETE", path)).status_code == 404, path
        for decision in ("accept", "revoke", "resign"):
            path = f"/mandates/{principal.mandate_id}/decision"
            answer = await call(house, token, "POST", path, {"decision": decision})
            assert answer.status_code == 404
    assert (await userinfo(house, given)).status_code == 200
    assert [each.mandate_id for each in await house.worker.mandates.principals(who)] == [principal.mandate_id]


async def test_a_mandate_is_resigned_and_organizations_are_listed(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    firm = await company(house, await account_id(house, await person(house)))
    principal = await mandate(house, who, company=firm)
    async with signed_in(house, username) as someone:
        token = await token_of(house, someone)
    (held,) = (await call(house, token, "GET", "/mandates")).json()["held"]
    assert (held["id"], held["state"]) == (principal.mandate_id, MandateState.ACTIVE)
    (found,) = (await call(house, token, "GET", "/organizations")).json()
    assert found["id"] == firm
    path = f"/mandates/{principal.mandate_id}/decision"
    assert (await call(house, token, "POST", path, {"decision": "resign"})).status_code == 204
    assert (await call(house, token, "GET", "/mandates")).json()["held"] == []
    assert (await call(house, token, "POST", path, {"decision": "no such"})).status_code == 422


async def test_events_are_paged(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    found, before = [], ""
    while True:
        shown = (await call(house, token, "GET", f"/events?limit=1{before}")).json()
        found += shown["events"]
        if shown["before"] is None:
            break
        before = f"&before={shown['before']}"
    assert len({each["id"] for each in found}) == len(found) >= 3
    assert (await call(house, token, "GET", "/events?limit=1000")).status_code == 422


async def test_a_copy_is_taken(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username, FULL) as someone:
        token = await token_of(house, someone)
    answer = await call(house, token, "POST", "/export")
    assert answer.json()["account"]["username"] == username
    assert "account.exported" in await audit_of(house, account_id=await account_id(house, username))


async def test_an_account_is_given_up_and_kept_after_all(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        token = await token_of(house, someone)
    assert (await call(house, token, "POST", "/cancellation", {"username": "x"})).status_code == 422
    given_up = await call(house, token, "POST", "/cancellation", {"username": username})
    assert given_up.json()["closes_at"] is not None
    assert (await call(house, token, "DELETE", "/cancellation")).status_code == 204
    assert (await call(house, token, "DELETE", "/cancellation")).status_code == 404
    assert (await call(house, token, "GET", "/cancellation")).json()["closes_at"] is None
