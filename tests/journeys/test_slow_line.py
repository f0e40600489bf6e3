"""A line with 900 ms latency, each form tapped twice, at every step of every way in: always in, and nothing else said.

The second tap ends the first request, whose answer nobody sees. All of them are under way at once: they mostly wait.
"""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.passkeys import CREATE, USE, House, authenticator
from tests.journeys.slow_line import BETWEEN_SECONDS, LATER_SECONDS, Slow, logged_in, newcomer, slow
from tests.journeys.steps import ALLOW, to_the_province
from tests.journeys.town import Town
from tests.support.inprocess import PASSWORD

pytestmark = pytest.mark.anyio


async def by_password_and_code(page: Page, town: Town, between: float) -> Slow:
    """Into a system, which asks for consent; out again there."""
    person = await newcomer(town, totp=True)
    line = await slow(page, between)
    await page.goto(f"{town.portal}/me")
    await line.fill(username=person.username, password=person.password)
    await line.tap()
    await line.fill(otp=person.code())
    await line.tap()
    await line.tap(ALLOW)
    await expect(page).to_have_url(f"{town.portal}/me")
    await expect(page.locator("#me")).to_be_visible()
    return line


async def by_recovery_code(page: Page, town: Town) -> Slow:
    """The phone with the app is not at hand: a code from the sheet, which is good once."""
    person = await newcomer(town, totp=True)
    await logged_in(page, town, person)
    await page.goto(f"{town.issuer}/me/security")
    await page.click("form[action$=recovery-codes] button")
    code = await page.locator(".codes code").first.inner_text()
    await page.goto(f"{town.issuer}/end_session")
    await page.click("button[value=logout]")
    await expect(page.get_by_role("heading", level=1)).to_have_text("您已退出登录")
    line = await slow(page)
    await page.goto(f"{town.issuer}/login")
    await line.fill(username=person.username, password=person.password)
    await line.tap()
    await page.get_by_role("link", name="使用恢复码").click()
    await line.fill(otp=code)
    await line.tap()
    await expect(page).to_have_url(f"{town.issuer}/")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(person.name)
    return line


async def by_registration(page: Page, town: Town) -> Slow:
    """A new account, by a number that nobody has."""
    phone = town.phone()
    line = await slow(page)
    await page.goto(f"{town.issuer}/register")
    await line.fill(phone=phone)
    await line.tap()
    await line.fill(code=await town.code(phone))
    await line.tap()
    await line.fill(name="林缓缓", new_password="slow horse line 88")
    await page.check("[name=terms]")
    await line.tap()
    await expect(page).to_have_url(f"{town.issuer}/")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("林缓缓")
    return line


async def by_message(page: Page, town: Town) -> Slow:
    """A code to the phone, and the name that stands there is one's own."""
    phone = town.phone()
    await newcomer(town, phone=phone, name="郭慢")
    line = await slow(page)
    await page.goto(f"{town.issuer}/login/sms")
    await line.fill(phone=phone)
    await line.tap()
    await line.fill(code=await town.code(phone))
    await line.tap()
    await line.tap("button[value=enter]")
    await expect(page).to_have_url(f"{town.issuer}/")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("郭慢")
    return line


async def by_province(page: Page, town: Town) -> Slow:
    """Each button of the platform's pages twice, too."""
    await to_the_province(page, town)
    line = await slow(page)
    await line.tap(page.get_by_role("button", name="JOHN SMITH"))
    await line.tap(page.get_by_role("button", name="同意授权"))
    await page.wait_for_url(f"{town.issuer}/")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("JOHN SMITH")
    return line


async def by_recovery(page: Page, town: Town) -> Slow:
    """A forgotten password, and in with the new one."""
    phone, password = town.phone(), "another slow horse 88"
    passport = ("414", "E00880088")
    person = await newcomer(town, phone=phone, totp=True, certificate=passport)
    line = await slow(page)
    await page.goto(f"{town.issuer}/recover/password")
    await line.fill(phone=phone)
    await line.tap()
    await line.fill(code=await town.code(phone))
    await line.tap()
    await line.fill(name=person.name, certificate_number=passport[1], otp=person.code())
    await line.fill(new_password=password)
    await line.tap()
    await expect(page.get_by_role("heading", level=1)).to_have_text("账号已找回")
    await page.get_by_role("link", name="去登录").click()
    await line.fill(username=person.username, password=password)
    await line.tap()
    await expect(page.locator("[name=otp]")).to_be_visible()
    return line


async def for_somebody_else(page: Page, town: Town, other: Page) -> Slow:
    """A relative asks for help; whoever helps says yes, and chooses for whom they are here."""
    phone = town.phone()
    asking, helping = await asyncio.gather(
        newcomer(town, name="严慢慢"), newcomer(town, name="范快", phone=phone)
    )
    await logged_in(other, town, asking)
    await other.goto(f"{town.issuer}/me/mandates/helper")
    beside = await slow(other)
    await beside.fill(name="范快", phone=phone)
    await beside.tap()
    await logged_in(page, town, helping)
    await page.goto(f"{town.issuer}/me/mandates")
    await page.get_by_role("link", name="接受").first.click()
    line = await slow(page)
    await line.tap()
    await page.goto(f"{town.issuer}/acting")
    await page.get_by_label("严慢慢").check()
    await line.tap(page.get_by_role("button", name="确定"))
    await expect(page.locator("#principal")).to_contain_text("严慢慢")
    await page.goto(f"{town.issuer}/me/mandates")
    line.refused += beside.refused
    return line


async def test_every_way_in_on_a_slow_line_with_every_form_tapped_twice(visitor: Visitor, town: Town) -> None:
    async def tab() -> Page:
        return await (await visitor()).new_page()

    ways: list[Callable[[], Awaitable[Slow]]] = [
        lambda: go(by_password_and_code, BETWEEN_SECONDS),
        lambda: go(by_password_and_code, LATER_SECONDS),
        lambda: go(by_recovery_code),
        lambda: go(by_registration),
        lambda: go(by_message),
        lambda: go(by_province),
        lambda: go(by_recovery),
    ]

    async def go(way: Callable[..., Awaitable[Slow]], *more: float) -> Slow:
        return await way(await tab(), town, *more)

    lines = await asyncio.gather(*[way() for way in ways])
    lines.append(await for_somebody_else(await tab(), town, await tab()))
    assert [line.refused for line in lines] == [[]] * len(lines)
    assert all(line.sent_twice() for line in lines)


async def test_a_passkey_and_a_picture_on_a_slow_line(visitor: Visitor, house: House) -> None:
    await authenticator(house)
    line = await slow(house.page)
    await house.page.goto(f"{house.url}/login")
    await line.fill(username="zhangsan", password=PASSWORD)
    await line.tap("form button[type=submit]")
    await house.is_in()
    await house.page.goto(f"{house.url}/me/security/passkey")
    await line.tap(house.page.get_by_role("button", name=CREATE))
    await expect(house.page.get_by_role("status")).to_have_text("已添加。")
    await house.page.goto(f"{house.url}/end_session")
    await line.tap("button[value=logout]")
    await expect(house.page.get_by_role("heading", level=1)).to_have_text("您已退出登录")
    await house.page.goto(f"{house.url}/login/passkey")
    await line.tap(house.page.get_by_role("button", name=USE))
    await house.is_in()

    computer = await (await visitor(java_script_enabled=False)).new_page()
    await computer.goto(f"{house.url}/login/qr")
    number = await computer.locator(".number").inner_text()
    cookies = {each["name"]: each["value"] for each in await computer.context.cookies()}
    await house.page.goto(f"{house.url}/qr?id={cookies['zhanhe-qr']}")
    await line.tap(house.page.get_by_role("button", name=number, exact=True))
    await expect(house.page.get_by_role("heading", level=1)).to_have_text("已确认")
    await expect(computer.get_by_role("heading", level=1)).to_contain_text("张三")
    assert line.refused == []
    await computer.context.close()
