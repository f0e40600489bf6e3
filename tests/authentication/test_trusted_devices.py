"""Trusted devices and new ones: less to type where the person said so, and never more than one factor's level."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
import pyotp
import pytest

from idp.organizations.roles import RoleName
from idp.sessions.devices import TRUST_SECONDS
from tests.support.browserless import Browserless
from tests.support.inprocess import Provider
from tests.support.logins import LEVEL_3, answered, attempt, is_in, log_out
from tests.support.visits import SESSION_COOKIE, account_id, asking, audit_of, page, person, sql, visitor

pytestmark = pytest.mark.anyio
DEVICE_COOKIE = "__Host-zhanhe-device"


@asynccontextmanager
async def trusting(house: Provider) -> AsyncIterator[tuple[Browserless, str, pyotp.TOTP]]:
    """Somebody who asked for no second factor on this device, and has logged out."""
    username = await person(house, level=3)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    house.clock.forward(60)
    async with visitor(house) as someone:
        await attempt(someone, username)
        assert (await answered(house, someone, totp, trust="yes")).status_code == 303
        await log_out(someone)
        house.clock.forward(60)
        yield someone, username, totp


def asks_for_more(answer: httpx2.Response) -> bool:
    assert answer.status_code == 303
    return answer.headers["location"].startswith("/login/otp")


async def test_a_trusted_device_asks_for_the_password_only_and_the_session_says_so(house: Provider) -> None:
    async with trusting(house) as (someone, username, _):
        assert not asks_for_more(await attempt(someone, username))
        assert await is_in(someone)
        who = await account_id(house, username)
        rows = await sql(house, "select amr from sessions where account_id = ? and ended_at is null", who)
        assert [row["amr"] for row in rows] == ["pwd"]
    assert "device.trusted" in await audit_of(house, account_id=who)


async def test_what_wants_a_higher_level_asks_all_the_same(house: Provider) -> None:
    client, _ = await house.register(minimum_level=3)
    async with trusting(house) as (someone, username, totp):
        await attempt(someone, username)
        shown = page(await someone.open(asking(client, acr_values=LEVEL_3)))
        assert shown.form_with("otp") is not None
        assert (await answered(house, someone, totp)).status_code == 303


async def test_trust_ends_after_a_month(house: Provider) -> None:
    async with trusting(house) as (someone, username, _):
        house.clock.forward(TRUST_SECONDS)
        assert asks_for_more(await attempt(someone, username))


async def test_without_the_tick_the_next_login_asks_again(house: Provider) -> None:
    async with trusting(house) as (someone, username, totp):
        await sql(house, "update devices set trusted_until = null")
        assert asks_for_more(await attempt(someone, username))
        await answered(house, someone, totp)
        await log_out(someone)
        assert asks_for_more(await attempt(someone, username))


async def test_the_trust_of_one_account_is_not_another_s(house: Provider) -> None:
    other = await person(house)
    await house.enrol_totp(other)
    async with trusting(house) as (someone, _, _totp):
        assert asks_for_more(await attempt(someone, other))


async def test_another_device_is_not_trusted(house: Provider) -> None:
    async with trusting(house) as (_, username, _totp), visitor(house) as elsewhere:
        assert asks_for_more(await attempt(elsewhere, username))


async def test_a_forgotten_device_asks_again(house: Provider) -> None:
    async with trusting(house) as (someone, username, _):
        who = await account_id(house, username)
        (device,) = await house.worker.devices.of_account(who)
        await sql(house, "update devices set forgotten_at = 1 where id = ?", device.id)
        assert asks_for_more(await attempt(someone, username))


async def test_whoever_wants_to_be_asked_always_is_asked(house: Provider) -> None:
    async with trusting(house) as (someone, username, _):
        await sql(house, "update accounts set login_choices = 'always' where username = ?", username)
        assert asks_for_more(await attempt(someone, username))
        shown = page(await someone.open("/login/otp"))
        form = shown.form_with("otp")
        assert form is not None
        assert 'name="trust"' not in shown.text


async def test_staff_are_asked_always(house: Provider) -> None:
    async with trusting(house) as (someone, username, _):
        who = await account_id(house, username)
        await house.worker.roles.grant(who, RoleName.COUNTER, "410411", "test")
        assert asks_for_more(await attempt(someone, username))
        assert 'name="trust"' not in page(await someone.open("/login/otp")).text


async def test_the_same_browser_is_the_same_device_and_another_one_a_new_one(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    async with visitor(house) as one, visitor(house) as other:
        for someone in (one, one, other):
            assert not asks_for_more(await attempt(someone, username))
            someone.client.cookies.delete(SESSION_COOKIE)
    assert len(await house.worker.devices.of_account(who)) == 2
    rows = await sql(house, "select distinct device_id from sessions where account_id = ?", who)
    assert len(rows) == 2


async def test_a_device_cookie_of_nobody_is_ignored(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as someone:
        someone.client.cookies.set(DEVICE_COOKIE, "nonsense", domain="id.test", path="/")
        assert (await attempt(someone, username)).status_code == 303
