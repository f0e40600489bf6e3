"""The record: every event there is has something that produces it, and no line ever changes."""

import sqlite3
from pathlib import Path

import pyotp
import pytest
from passlib.hash import hex_md5

from idp.accounts.service import Accounts
from idp.audit.model import EventType
from idp.infrastructure.http_client import BadAnswer
from idp.infrastructure.outbox import WAITS
from idp.keys.model import Algorithm
from tests.support.inprocess import PASSWORD, Provider, basic
from tests.support.logins import attempt
from tests.support.visits import (
    SESSION_COOKIE,
    asking,
    callback,
    code_for,
    page,
    person,
    post,
    redeem,
    refresh,
    signed_in,
    sql,
    token_request,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio


async def live_through_everything(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day in which everything happens once."""
    await people(house)
    await systems(house)
    await logouts(house, monkeypatch)
    await house.worker.keys.rotate(Algorithm.ES256)


async def people(house: Provider) -> None:
    username = await person(house, password_hash=hex_md5.hash(PASSWORD), level=3)
    accounts = Accounts(house.worker.base, house.worker.hasher)
    async with visitor(house) as someone:
        await attempt(someone, username)
    totp = pyotp.TOTP(await accounts.enrol_totp(username, "test"))
    client, _ = await house.register(minimum_level=3, consent_required=True)
    async with signed_in(house, username) as someone:
        form = page(await someone.open(asking(client))).form_with("otp")
        assert form is not None
        await someone.submit(form, otp="000000")
        form = page(await someone.submit(form, otp=totp.at(int(house.clock.now)))).form_with("decision")
        assert form is not None
        callback(await someone.submit(form, decision="deny"))
        form = page(await someone.open(asking(client))).form_with("decision")
        assert form is not None
        callback(await someone.submit(form, decision="allow"))
    await accounts.set_password(username, "another password", "test")
    await accounts.set_level(username, 1, "test")
    async with visitor(house, "192.0.2.7") as stranger:
        for _ in range(6):
            await attempt(stranger, username, "wrong password")


async def systems(house: Provider) -> None:
    client, secret = await house.register()
    async with signed_in(house) as someone:
        callback(await someone.open(asking(client, scope="admin")))
        code = await code_for(someone, client)
        made = (await redeem(house, client, secret, code)).json()
        await refresh(house, client, secret, made["refresh_token"])
        house.clock.forward(60)
        await refresh(house, client, secret, made["refresh_token"])
        code = await code_for(someone, client)
        for _ in range(2):
            await redeem(house, client, secret, code)
        made = await tokens(house, client, secret, someone)
        await post(house, "/revoke", {"token": made["refresh_token"]}, basic(client, secret))
    await token_request(house, client, "zcs_wrong", grant_type="client_credentials")
    await house.worker.registry.rotate_secret(client.client_id, "test")
    await house.worker.registry.disable(client.client_id, "test")


async def logouts(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    hearing, _ = await house.register(backchannel_logout_uri="https://hearing.test/logout")
    deaf, _ = await house.register(backchannel_logout_uri="https://deaf.test/logout")

    async def deliver(url: str, form: dict[str, str]) -> int:
        if "deaf" in url:
            raise BadAnswer("ConnectError")
        return 200

    monkeypatch.setattr(house.worker.http, "post_form", deliver)
    async with signed_in(house) as someone:
        for client in (hearing, deaf):
            await code_for(someone, client)
        await someone.log_out("/end_session")
        assert SESSION_COOKIE not in someone.client.cookies
    for wait in WAITS:
        house.clock.forward(wait + 1)
        await house.worker.outbox.deliver_due()


OF_THE_DAY = {
    EventType.LOGIN_SUCCEEDED, EventType.LOGIN_FAILED, EventType.LOGIN_THROTTLED,
    EventType.SECOND_FACTOR_FAILED, EventType.SESSION_STEPPED_UP, EventType.SESSION_ENDED,
    EventType.PASSWORD_UPGRADED, EventType.PASSWORD_SET, EventType.CONSENT_GIVEN,
    EventType.CONSENT_REFUSED, EventType.AUTHORIZATION_GRANTED, EventType.AUTHORIZATION_REFUSED,
    EventType.TOKEN_ISSUED, EventType.TOKEN_REFRESHED, EventType.TOKEN_REFUSED,
    EventType.TOKEN_REVOKED, EventType.TOKEN_REUSED, EventType.CODE_REPLAYED,
    EventType.CLIENT_REFUSED, EventType.LOGOUT_DELIVERED, EventType.LOGOUT_UNDELIVERED,
    EventType.ACCOUNT_CREATED, EventType.ACCOUNT_CHANGED, EventType.TOTP_ENROLLED,
    EventType.CLIENT_CREATED, EventType.CLIENT_SECRET_ROTATED, EventType.CLIENT_DISABLED,
    EventType.KEY_CREATED, EventType.KEY_RETIRED,
}  # fmt: skip
ROOT = Path(__file__).parents[2]


async def test_a_day_of_the_provider_leaves_its_lines(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live_through_everything(house, monkeypatch)
    rows = await sql(house, "select distinct event from audit_events")
    assert {row["event"] for row in rows} >= {event.value for event in OF_THE_DAY}


def test_every_event_is_written_by_something_and_looked_for_by_a_test() -> None:
    lists = {ROOT / "idp" / "audit" / "model.py", ROOT / "idp" / "selfservice" / "event_texts.py"}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "idp").rglob("*.py") if path not in lists)
    assert [event.name for event in EventType if f"EventType.{event.name}" not in code] == []
    tests = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("*.py"))
    unseen = [e.name for e in EventType if f"EventType.{e.name}" not in tests and f'"{e.value}"' not in tests]
    assert unseen == []


async def test_no_line_can_be_changed_or_removed(house: Provider) -> None:
    await person(house)
    before = await sql(house, "select * from audit_events order by id")
    for statement in (
        "update audit_events set event = 'x'",
        "update audit_events set at = 0 where 1 = 1",
        "delete from audit_events",
        "replace into audit_events select * from audit_events",
        "insert or replace into audit_events select * from audit_events limit 1",
        "insert or replace into audit_events(rowid, id, at, event, detail) values (1, 'new', 0, 'x', '{}')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="only grow"):
            await sql(house, statement)
    assert await sql(house, "select * from audit_events order by id") == before


async def test_no_line_holds_a_password_token_phone_or_certificate_number(house: Provider) -> None:
    fields = {"phone": "13800000009", "certificate_type": "111", "certificate_number": "410411199001010015"}
    client, secret = await house.register()
    username = await person(house, **fields)
    async with visitor(house, "192.0.2.8") as someone:
        await attempt(someone, "13800000009", "a wrong password")
        await attempt(someone, username)
        made = await tokens(house, client, secret, someone, scope="openid phone real_name")
        session = someone.client.cookies[SESSION_COOKIE]
    text = str(await sql(house, "select * from audit_events"))
    for value in (*fields.values(), PASSWORD, "a wrong password", session, secret, *made.values()):
        if len(str(value)) > 8 and value != made["scope"]:
            assert str(value) not in text
