"""The second factor: right once, for a while, a few times, for the session that asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyotp
import pytest
from passlib.hash import argon2

from idp.authentication.service import PENDING_SECONDS
from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD, Provider
from tests.support.logins import LEVEL_3, answer_with, at, attempt, is_in, otp_form
from tests.support.visits import (
    SESSION_COOKIE,
    account_id,
    asking,
    audit_of,
    page,
    person,
    signed_in,
    sql,
    visitor,
)

pytestmark = pytest.mark.anyio
LOGIN_COOKIE = "__Host-zhanhe-login"


@asynccontextmanager
async def halfway(house: Provider) -> AsyncIterator[tuple[Browserless, str, pyotp.TOTP]]:
    """Somebody who gave the right password and is asked for a second factor."""
    username = await person(house, level=3)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    house.clock.forward(60)
    async with visitor(house) as someone:
        answer = await attempt(someone, username)
        assert answer.headers["location"].startswith("/login/otp")
        yield someone, username, totp


async def test_a_password_alone_opens_no_session_where_there_is_a_second_factor(house: Provider) -> None:
    async with halfway(house) as (someone, _, totp):
        assert SESSION_COOKIE not in someone.client.cookies
        assert not await is_in(someone)
        assert (await answer_with(someone, at(house, totp))).status_code == 303
        assert await is_in(someone)
        assert LOGIN_COOKIE not in someone.client.cookies


@pytest.mark.parametrize("offset", [-30, 0, 30])
async def test_a_clock_one_step_off_is_forgiven(house: Provider, offset: int) -> None:
    async with halfway(house) as (someone, _, totp):
        assert (await answer_with(someone, at(house, totp, offset))).status_code == 303


@pytest.mark.parametrize("offset", [-90, -60, 60, 90, 86_400])
async def test_a_clock_further_off_is_not(house: Provider, offset: int) -> None:
    async with halfway(house) as (someone, _, totp):
        assert (await answer_with(someone, at(house, totp, offset))).status_code == 401


@pytest.mark.parametrize("otp", ["", "000", "abcdef", "１２３４５６", "0" * 5000, "-12345", "12 34 5x"])
async def test_a_wrong_answer_is_said_so_and_recorded(house: Provider, otp: str) -> None:
    async with halfway(house) as (someone, username, _):
        assert (await answer_with(someone, otp)).status_code == 401
        assert not await is_in(someone)
        events = await audit_of(house, account_id=await account_id(house, username))
    assert events.count("second_factor.failed") == 1


async def test_what_is_no_text_is_refused_before_it_is_an_answer(house: Provider) -> None:
    async with halfway(house) as (someone, username, _):
        assert (await answer_with(someone, "a\x00b")).status_code == 400
        assert not await is_in(someone)
        assert "second_factor.failed" not in await audit_of(
            house, account_id=await account_id(house, username)
        )


async def test_digits_in_groups_are_read(house: Provider) -> None:
    async with halfway(house) as (someone, _, totp):
        code = at(house, totp)
        assert (await answer_with(someone, f" {code[:3]} {code[3:]} ")).status_code == 303


async def test_a_one_time_password_is_good_once_in_whatever_login(house: Provider) -> None:
    async with halfway(house) as (someone, username, totp):
        code = at(house, totp, 30)
        assert (await answer_with(someone, code)).status_code == 303
    async with visitor(house) as again:
        await attempt(again, username)
        assert (await answer_with(again, code)).status_code == 401
        assert (await answer_with(again, at(house, totp))).status_code == 401  # nor an older one after it
        house.clock.forward(60)
        assert (await answer_with(again, at(house, totp))).status_code == 303


async def test_of_parallel_answers_with_one_password_one_succeeds(house: Provider) -> None:
    async with halfway(house) as (someone, _, totp):
        form = await otp_form(someone)
        otp = {"otp": at(house, totp)}
        posts = [someone.client.post("/login/otp", data={**tab.fields, **otp}) for tab in form.in_tabs(5)]
        answers = await asyncio.gather(*posts)
        assert sum(SESSION_COOKIE in str(answer.headers.get_list("set-cookie")) for answer in answers) == 1


async def test_five_wrong_answers_and_the_right_one_waits_too(house: Provider) -> None:
    async with halfway(house) as (someone, username, totp):
        form = await otp_form(someone)
        wrong = [someone.client.post("/login/otp", data={**form.fields, "otp": f"x{n}"}) for n in range(10)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*wrong))
        assert statuses == [401] * 5 + [429] * 5
        throttled = await answer_with(someone, at(house, totp))
        assert throttled.status_code == 429
        assert int(throttled.headers["retry-after"]) > 0
    async with visitor(house, "192.0.2.99") as elsewhere:
        await attempt(elsewhere, username)
        assert (
            await answer_with(elsewhere, at(house, totp))
        ).status_code == 429  # a new login is no new budget


async def test_a_login_that_waited_too_long_begins_again(house: Provider) -> None:
    async with halfway(house) as (someone, _, totp):
        form = await otp_form(someone)
        house.clock.forward(PENDING_SECONDS)
        answer = await someone.client.post("/login/otp", data={**form.fields, "otp": at(house, totp)})
        assert answer.status_code == 400
        assert 'name="password"' in answer.text
        assert page(await someone.open("/login/otp")).form_with("password") is not None
        assert not await is_in(someone)


@pytest.mark.parametrize("token", ["", "zlt_" + "A" * 43, "zss_x", "a" * 3000, "\xe9"])
async def test_without_a_waiting_login_there_is_nothing_to_answer(house: Provider, token: str) -> None:
    async with visitor(house) as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        cookies = f"{someone.cookie_header()}; {LOGIN_COOKIE}={token}".encode("latin-1")
        data = {"csrf": form.fields["csrf"], "otp": "123456"}
        answer = await someone.client.post("/login/otp", data=data, headers={b"cookie": cookies})
    assert answer.status_code == 400


async def test_a_forged_answer_is_not_tried(house: Provider) -> None:
    async with halfway(house) as (someone, _, totp):
        assert (await answer_with(someone, at(house, totp), csrf="0" * 64)).status_code == 400
        assert (await answer_with(someone, at(house, totp))).status_code == 303


async def test_an_account_frozen_between_the_factors_gets_no_session(house: Provider) -> None:
    async with halfway(house) as (someone, username, totp):
        await sql(house, "update accounts set state = 'frozen' where username = ?", username)
        assert (await answer_with(someone, at(house, totp))).status_code == 400
        assert not await is_in(someone)


@pytest.mark.parametrize(
    "change",
    [
        "update accounts set password_hash = 'another', security_version = security_version + 1 where username = ?",
        "update accounts set phone_index = x'00', security_version = security_version + 1 where username = ?",
    ],
    ids=["password", "phone"],
)
async def test_a_login_that_waits_is_over_when_what_it_began_with_is_replaced(
    house: Provider, change: str
) -> None:
    async with halfway(house) as (someone, username, totp):
        await sql(house, change, username)
        assert (await answer_with(someone, at(house, totp))).status_code == 400
        assert not await is_in(someone)


async def test_a_password_whose_hash_was_renewed_at_this_login_goes_on_to_the_second_factor(
    house: Provider,
) -> None:
    old = argon2.using(type="ID", memory_cost=8_192, time_cost=1, parallelism=1).hash(PASSWORD)
    username = await person(house, level=3, password_hash=old)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    house.clock.forward(60)
    async with visitor(house) as someone:
        await attempt(someone, username)
        assert (await answer_with(someone, at(house, totp))).status_code == 303
        assert await is_in(someone)
    assert "password.upgraded" in await house.audit_events()


async def test_a_step_up_strengthens_the_session_and_changes_its_cookie(house: Provider) -> None:
    client, _ = await house.register()
    username = await person(house, level=3)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    async with signed_in(house, username) as someone:
        before = someone.client.cookies[SESSION_COOKIE]
        await someone.open(asking(client, acr_values=LEVEL_3))
        assert (await answer_with(someone, at(house, totp))).status_code == 303
        assert someone.client.cookies[SESSION_COOKIE] != before
        rows = await sql(
            house, "select amr from sessions where account_id = ?", await account_id(house, username)
        )
    assert [row["amr"] for row in rows] == ["pwd otp mfa"]
    assert "session.stepped_up" in await audit_of(house, account_id=await account_id(house, username))


async def test_a_step_up_that_outlives_its_session_is_no_login(house: Provider) -> None:
    client, _ = await house.register()
    username = await person(house, level=3)
    totp = pyotp.TOTP(await house.enrol_totp(username))
    async with signed_in(house, username) as someone:
        await someone.open(asking(client, acr_values=LEVEL_3))
        form = await otp_form(someone)
        await someone.log_out("/end_session")
        answer = await someone.client.post("/login/otp", data={**form.fields, "otp": at(house, totp)})
        assert answer.status_code == 400
        assert not await is_in(someone)
