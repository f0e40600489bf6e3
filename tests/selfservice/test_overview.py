"""/: the start page of strangers, and what somebody who is logged in should look at."""

import pytest

from idp.sessions.model import Caller
from tests.support.inprocess import Provider
from tests.support.mandates import company, mandate
from tests.support.visits import (
    ADDRESS,
    SESSION_COOKIE,
    account_id,
    page,
    person,
    signed_in,
    visitor,
)

pytestmark = pytest.mark.anyio
FULL = ("pwd", "otp", "mfa")


async def test_a_stranger_is_offered_login_registration_and_elder_mode(house: Provider) -> None:
    async with visitor(house) as someone:
        shown = page(await someone.open("/")).text
        for href in ("/login", "/register", "/?elder=1"):
            assert f'href="{href}"' in shown
        assert 'class="elder"' in page(await someone.open("/?elder=1")).text


async def test_what_is_missing_is_pointed_out(house: Provider) -> None:
    async with signed_in(house, level=0) as someone:
        shown = page(await someone.open("/")).text
    for href in ("/me/real-name", "/me/security", "/me/profile/phone"):
        assert f'<a href="{href}">去' in shown


async def test_whoever_has_everything_is_left_in_peace(house: Provider) -> None:
    username = await person(house, phone="13800030001", phone_verified=True)
    await house.enrol_totp(username)
    async with signed_in(house, username, FULL) as someone:
        assert "请留意" not in page(await someone.open("/")).text


async def test_for_whom_one_acts_is_said(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    principal = await mandate(house, who, company=await company(house, who, "示例商贸有限公司"))
    async with signed_in(house, username) as someone:
        assert "我自己" in page(await someone.open("/")).text
        session = await house.worker.sessions.find(someone.client.cookies.get(SESSION_COOKIE))
        assert session is not None
        token = await house.worker.sessions.represent(session, principal, Caller(ADDRESS))
        someone.client.cookies.set(SESSION_COOKIE, token, domain="id.test", path="/")
        shown = page(await someone.open("/")).text
    assert f"<dd>{principal.name}<" in shown


async def test_the_switches_are_kept_with_the_account(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        await someone.open("/?elder=1")
        await someone.open("/?ui_locales=en")
    kept = await house.worker.preferences.of_account(await account_id(house, username))
    assert (kept.elder, kept.language) == (True, "en")
