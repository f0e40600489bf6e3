"""The telephone is lost, or the password forgotten: the way back is never easier than the strongest thing one had."""

import pytest
from playwright.async_api import Page, expect

from tests.journeys.steps import fill_code, fill_password, send_phone_and_code
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.anyio

NUMBER = "410411195001010017"
NEW_PASSWORD = "another horse 88"


async def test_the_telephone_is_lost_password_and_app_bring_a_new_number(page: Page, town: Town) -> None:
    old, new = town.phone(), town.phone()
    person = town.newcomer(phone=old, totp=True)
    await page.goto(f"{town.issuer}/login")
    await page.get_by_role("link", name="忘记密码，或手机丢了？").click()
    await page.get_by_role("link", name="换绑手机号").click()
    await page.fill("[name=username]", person.username)
    await page.fill("[name=password]", person.password)
    await page.fill("[name=otp]", person.code())
    await page.fill("[name=phone]", new)
    await page.click("main button[type=submit]")
    await page.fill("[name=code]", await town.code(new))
    await page.click("main button[type=submit] >> nth=0")
    await expect(page.get_by_role("heading", level=1)).to_have_text("账号已找回")
    await page.get_by_role("link", name="去登录").click()
    await fill_password(page, Person(old, person.name, person.password, None))
    await expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    await fill_password(page, Person(new, person.name, person.password, None))
    await expect(page.locator("[name=otp]")).to_be_visible()
    assert "手机" in await town.message(old)  # whoever holds the old number hears of it


async def test_the_password_is_forgotten_a_code_alone_is_not_enough(page: Page, town: Town) -> None:
    phone = town.phone()
    person = town.newcomer(phone=phone, totp=True, certificate=("111", NUMBER))
    await page.goto(f"{town.issuer}/recover/password")
    await send_phone_and_code(page, town, phone)
    await page.fill("[name=new_password]", NEW_PASSWORD)
    await page.click("main button[type=submit]")
    await expect(page.get_by_role("alert")).to_contain_text("填写的内容与账号不符")
    await page.fill("[name=name]", person.name)
    await page.fill("[name=certificate_number]", NUMBER)
    await page.fill("[name=otp]", person.code())
    await page.fill("[name=new_password]", NEW_PASSWORD)
    await page.click("main button[type=submit]")
    await expect(page.get_by_role("heading", level=1)).to_have_text("账号已找回")
    await page.get_by_role("link", name="去登录").click()
    await fill_password(page, person)
    await expect(page.get_by_role("alert")).to_have_text("用户名或密码不正确。")
    await fill_password(page, Person(person.username, person.name, NEW_PASSWORD, person.totp_secret))
    await expect(page.locator("[name=otp]")).to_be_visible()
    await fill_code(page, person.wrong_code())
    await expect(page.get_by_role("alert")).to_be_visible()


async def test_who_has_nothing_left_is_told_where_people_help(page: Page, town: Town) -> None:
    await page.goto(f"{town.issuer}/recover")
    await expect(page.locator("main")).to_contain_text("政务服务窗口")
    await page.get_by_role("link", name="返回登录").click()
    await expect(page.locator("[name=password]")).to_be_visible()
