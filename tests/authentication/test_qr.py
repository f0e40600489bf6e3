"""Logging in by picture: one approval, by one person, for the browser that began, with the right number, in time."""

import asyncio
import json
import re
from urllib.parse import urlencode

import pyotp
import pytest

from idp.authentication.qr.service import LIFETIME_SECONDS
from idp.infrastructure.web.attempts import KEPT_SECONDS
from idp.organizations.roles import RoleName
from tests.support.browserless import Page
from tests.support.inprocess import ISSUER, Provider
from tests.support.logins import is_in
from tests.support.qr_login import COOKIE, begin, decide, go_on, scan, state
from tests.support.visits import account_id, asking, audit_of, page, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio
STRONG = ("pwd", "otp", "mfa")


def choices(shown: Page) -> list[str]:
    form = shown.form_with("decision")
    assert form is not None
    return [value for _, value in form.buttons if value != "deny"]


async def test_a_phone_lets_a_computer_in(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "203.0.113.50") as computer, signed_in(house, username) as phone:
        qr_id, number = await begin(computer)
        assert await state(computer) == "created"
        shown = await scan(phone, qr_id)
        assert await state(computer) == "scanned"
        assert "203.0.113.50" in shown.text
        assert str(number) in choices(shown)
        assert len(set(choices(shown))) == 3
        await decide(phone, shown, str(number))
        assert await state(computer) == "approved"
        assert (await go_on(computer)).status_code == 303
        assert await is_in(computer)
        rows = await sql(
            house, "select amr from sessions where account_id = ?", await account_id(house, username)
        )
    assert "qr" in {row["amr"] for row in rows}
    assert "qr_login.approved" in await audit_of(house, account_id=await account_id(house, username))


async def test_a_strong_login_lets_a_computer_in_and_lends_it_nothing_of_its_strength(
    house: Provider,
) -> None:
    client, _ = await house.register(minimum_level=3)
    username = await person(house, level=3)
    await house.enrol_totp(username)
    async with visitor(house) as computer, signed_in(house, username, STRONG) as phone:
        qr_id, number = await begin(computer)
        await decide(phone, await scan(phone, qr_id), str(number))
        assert (await go_on(computer)).headers["location"] == "/"
        rows = await sql(
            house, "select amr from sessions where account_id = ?", await account_id(house, username)
        )
        assert {row["amr"] for row in rows} == {" ".join(STRONG), "qr"}
        assert page(await computer.open(asking(client))).form_with("otp") is not None
    async with visitor(house) as computer, signed_in(house, username) as phone:
        qr_id, number = await begin(computer)
        await decide(phone, await scan(phone, qr_id), str(number))
        assert (await go_on(computer)).headers["location"].startswith("/login/otp")


@pytest.mark.parametrize("role", RoleName)
async def test_staff_show_the_second_factor_on_the_computer_itself(house: Provider, role: RoleName) -> None:
    username = await person(house)
    secret = await house.enrol_totp(username)
    await house.worker.roles.grant(await account_id(house, username), role, "410411", "test")
    async with visitor(house) as computer, signed_in(house, username, STRONG) as phone:
        qr_id, number = await begin(computer)
        await decide(phone, await scan(phone, qr_id), str(number))
        assert (await go_on(computer)).headers["location"].startswith("/login/otp")
        assert not await is_in(computer)
        form = page(await computer.open("/login/otp")).form_with("otp")
        assert form is not None
        await computer.submit(form, otp=pyotp.TOTP(secret).at(int(house.clock.now)))
        assert await is_in(computer)


async def test_whoever_wants_to_be_asked_always_is_asked_on_the_computer(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    await sql(house, "update accounts set login_choices = 'always' where username = ?", username)
    async with visitor(house) as computer, signed_in(house, username, STRONG) as phone:
        qr_id, number = await begin(computer)
        await decide(phone, await scan(phone, qr_id), str(number))
        assert (await go_on(computer)).headers["location"].startswith("/login/otp")


async def test_an_approval_ends_with_the_login_that_gave_it(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as computer, signed_in(house, username) as thief:
        qr_id, number = await begin(computer)
        await decide(thief, await scan(thief, qr_id), str(number))
        await house.worker.lifecycle.secure(await account_id(house, username), "staff")
        assert "图案已过期" in (await go_on(computer)).text
        assert not await is_in(computer)


async def test_a_wrong_number_ends_it(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        qr_id, number = await begin(computer)
        shown = await scan(phone, qr_id)
        wrong = next(each for each in choices(shown) if each != str(number))
        assert "数字不对" in (await decide(phone, shown, wrong)).text
        assert await state(computer) == "refused"
        form = shown.form_with("decision")
        assert form is not None
        again = page(await phone.submit(form, decision=str(number)))
        assert again.status == 400
        assert await state(computer) == "refused"
        assert not await is_in(computer)


async def test_no_means_no(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as computer, signed_in(house, username) as phone:
        qr_id, _ = await begin(computer)
        await decide(phone, await scan(phone, qr_id), "deny")
        assert "登录已取消" in (await go_on(computer)).text
        assert not await is_in(computer)
    assert "qr_login.refused" in await audit_of(house, account_id=await account_id(house, username))


async def test_the_picture_of_one_browser_lets_no_other_in(house: Provider) -> None:
    async with visitor(house) as computer, visitor(house) as thief, signed_in(house) as phone:
        qr_id, number = await begin(computer)
        await thief.open("/login")
        thief.client.cookies.set(COOKIE, qr_id, domain="id.test", path="/")
        await decide(phone, await scan(phone, qr_id), str(number))
        assert await state(thief) == "expired"
        await go_on(thief)
        assert not await is_in(thief)
        await go_on(computer)
        assert await is_in(computer)


async def test_parallel_visits_and_a_reload_are_one_login(house: Provider) -> None:
    username = await person(house)
    async with visitor(house) as computer, signed_in(house, username) as phone:
        qr_id, number = await begin(computer)
        await decide(phone, await scan(phone, qr_id), str(number))
        before = computer.cookie_header()
        answers = await asyncio.gather(*[go_on(computer) for _ in range(5)])
        async with house.machine("198.51.100.7") as lost:  # the answer never came: the browser asks as before
            answers.append(await lost.get("/login/qr", headers={"cookie": before}))
        house.clock.forward(KEPT_SECONDS + 1)
        async with house.machine("198.51.100.7") as late:
            assert "图案已过期" in (await late.get("/login/qr", headers={"cookie": before})).text
    assert len({answer.cookies["__Host-zhanhe-session"] for answer in answers}) == 1
    rows = await sql(
        house, "select amr from sessions where account_id = ?", await account_id(house, username)
    )
    assert [row["amr"] for row in rows].count("qr") == 1


async def test_of_parallel_decisions_the_first_counts(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        qr_id, number = await begin(computer)
        form = (await scan(phone, qr_id)).form_with("decision")
        assert form is not None
        tabs = zip(["deny", str(number), str(number), "deny"], form.in_tabs(4), strict=True)
        answers = await asyncio.gather(*[phone.submit(tab, decision=each) for each, tab in tabs])
    assert sorted(page(answer).status for answer in answers) == [200, 400, 400, 400]


async def test_who_scans_second_gets_nothing(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as one, signed_in(house) as other:
        qr_id, _ = await begin(computer)
        await scan(one, qr_id)
        assert (await scan(other, qr_id)).status == 400


async def test_two_minutes_later_it_is_over(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        qr_id, number = await begin(computer)
        shown = await scan(phone, qr_id)
        house.clock.forward(LIFETIME_SECONDS)
        form = shown.form_with("decision")
        assert form is not None
        assert page(await phone.submit(form, decision=str(number))).status == 400
        assert await state(computer) == "expired"
        assert "图案已过期" in (await go_on(computer)).text
        assert await begin(computer) != (qr_id, number)


async def test_approving_needs_a_login_of_the_last_minutes(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        qr_id, _ = await begin(computer)
        house.clock.forward(700)
        shown = page(await phone.open(f"/qr?id={qr_id}"))
    assert shown.form_with("password") is not None


async def test_a_forged_approval_counts_for_nothing(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        qr_id, number = await begin(computer)
        await scan(phone, qr_id)
        data = {"id": qr_id, "decision": str(number), "csrf": "0" * 64}
        assert (await phone.client.post("/qr", data=data)).status_code == 400
        assert await state(computer) == "scanned"


@pytest.mark.parametrize("decision", ["", "-1", "１２", "1e1", "999999999", "\x01"])
async def test_a_decision_that_is_none_of_the_offered_refuses(house: Provider, decision: str) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        qr_id, _ = await begin(computer)
        form = (await scan(phone, qr_id)).form_with("decision")
        assert form is not None
        await phone.submit(form, decision=decision)
        assert await state(computer) == "refused"


async def test_an_unknown_picture_is_said_to_be_over(house: Provider) -> None:
    async with signed_in(house) as phone:
        for address in ("/qr", "/qr?id=x", "/qr?" + urlencode({"id": "x" * 3000})):
            assert page(await phone.open(address)).status == 400


async def test_it_leads_where_the_person_wanted_to_go(house: Provider) -> None:
    client, _ = await house.register()
    async with visitor(house) as computer, signed_in(house) as phone:
        login = page(await computer.open(asking(client)))
        link = re.search(r'href="(/login/qr\?[^"]*)"', login.text)
        assert link is not None
        shown = page(await computer.open(link[1]))
        number = re.search(r'class="number">(\d+)<', shown.text)
        assert number is not None
        qr_id = computer.client.cookies[COOKIE]
        await decide(phone, await scan(phone, qr_id), number[1])
        answer = await computer.client.get(link[1])
    assert answer.headers["location"].startswith("/authorize/resume")


async def test_without_a_script_the_page_asks_by_itself(house: Provider) -> None:
    async with visitor(house) as computer:
        shown = page(await computer.open("/login/qr"))
    assert re.search(r'<noscript><meta http-equiv="refresh" content="2; url=/login/qr\?', shown.text)
    assert ISSUER not in json.dumps(re.findall(r'data-[a-z-]+="([^"]*)"', shown.text))
