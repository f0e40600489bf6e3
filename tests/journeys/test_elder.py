"""长辈版: an old woman, her telephone number and her keyboard, from the first page to the last."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.keyboard import Keyboard
from tests.journeys.steps import fill_password, register_by_phone, send_phone_and_code
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio

NAME = "赵奶奶"


async def expect_elder(page: Page) -> None:
    """Large text, on this page too."""
    await expect(page.locator("html.elder")).to_be_attached()
    size = await page.evaluate(
        "parseFloat(getComputedStyle(document.querySelector('main p, main li, main label')).fontSize)"
    )
    assert size >= 22


async def test_from_login_to_logout_by_keyboard_alone(visitor: Visitor, town: Town) -> None:
    phone = town.phone()
    town.newcomer(name=NAME, phone=phone, level=0)
    page = await (await visitor(viewport={"width": 1280, "height": 800})).new_page()
    keys = Keyboard(page)
    await page.goto(town.issuer)
    await keys.follow("长辈版")
    await expect_elder(page)
    await keys.follow("登录")
    await expect(page).to_have_title(re.compile("^登录"))
    await expect_elder(page)
    await keys.follow("用短信验证码登录")
    await keys.type("手机号", phone)
    await keys.enter()
    await expect(page.locator("#hint")).to_contain_text("10 分钟")
    await keys.type("短信里的 6 位数字", await town.code(phone))
    await keys.enter()
    await keys.follow("是我的，登录")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    await expect_elder(page)
    await keys.follow("实名认证")
    await expect(page.get_by_role("heading", level=1)).to_have_text("实名认证")
    await expect_elder(page)
    await keys.toggle("更多")
    await keys.follow("安全记录")
    await expect(page.get_by_role("heading", level=1)).to_have_text("安全记录")
    await keys.follow("退出登录")
    await expect_elder(page)
    await keys.follow("退出登录")
    await expect(page.get_by_role("heading", level=1)).to_have_text("您已退出登录")
    await expect_elder(page)


async def test_the_skip_link_leads_past_the_navigation(visitor: Visitor, town: Town) -> None:
    page = await (await visitor()).new_page()
    await register_by_phone(page, town, town.phone(), NAME)
    await page.goto(f"{town.issuer}/me/security?elder=1")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.querySelector('main').contains(document.activeElement)")


async def test_her_mode_comes_along_to_the_telephone_of_her_daughter(visitor: Visitor, town: Town) -> None:
    phone, page = town.phone(), await (await visitor()).new_page()
    person = town.newcomer(name=NAME, phone=phone)
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, person)
    await page.get_by_role("link", name="长辈版").click()
    await expect_elder(page)
    other = await (await visitor()).new_page()
    await other.goto(f"{town.issuer}/login/sms")
    await expect(other.locator("html.elder")).to_have_count(0)
    await send_phone_and_code(other, town, phone)
    await other.click("button[value=enter]")
    await expect_elder(other)
