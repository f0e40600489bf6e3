"""What can go wrong between a person and a password, and how the pages help."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Town, agree_if_asked, enter_portal, fill_password

pytestmark = pytest.mark.anyio


async def test_a_wrong_password_is_said_in_words_and_keeps_the_name(page: Page, town: Town) -> None:
    person = town.people["wangwu"]
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person, "not this one")
    await expect(page.locator("[role=alert]")).to_contain_text("用户名或密码不正确")
    await expect(page.locator("[name=username]")).to_have_value(person.username)
    await expect(page.locator("[name=password]")).to_have_value("")
    await fill_password(page, person)
    await agree_if_asked(page)
    await expect(page.locator("main")).to_contain_text("wangwu")


async def test_the_one_time_password_follows_the_password_and_works_once(page: Page, town: Town) -> None:
    person = town.people["lisi"]
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person)
    await page.fill("[name=otp]", "000000")
    await page.click("main button[type=submit]")
    await expect(page.locator("[role=alert]")).to_contain_text("验证码不正确")
    used = person.code()
    await page.fill("[name=otp]", used)
    await page.click("main button[type=submit]")
    await agree_if_asked(page)
    await expect(page.locator("main")).to_contain_text("lisi")

    await page.click("#logout")
    await expect(page.locator("#logged-out")).to_be_visible()
    await page.goto(f"{town.portal}/me")
    await fill_password(page, person)
    await page.fill("[name=otp]", used)
    await page.click("main button[type=submit]")
    await expect(page.locator("[role=alert]")).to_contain_text("验证码不正确或已使用过")


async def test_a_refused_consent_is_explained_and_can_be_given_later(page: Page, town: Town) -> None:
    await page.goto(f"{town.credit}/me")
    await fill_password(page, town.people["wangwu"])
    await page.click("button[value=deny]")
    await expect(page).to_have_url(re.compile(re.escape(town.credit)))
    await expect(page.locator("main h1")).to_be_visible()
    await page.goto(f"{town.credit}/login?next=/")
    await page.click("button[value=allow]")
    await expect(page.locator("#name")).to_have_text("王五")


async def test_a_missing_level_is_explained(page: Page, town: Town) -> None:
    await enter_portal(page, town, town.people["wangwu"])
    await page.goto(f"{town.credit}/me")
    await agree_if_asked(page)
    await expect(page.locator("main")).to_contain_text("实名")
    await expect(page.locator("main")).not_to_contain_text("证件号码")


async def test_a_code_that_comes_late_or_twice_gives_a_page_and_a_way_on(page: Page, town: Town) -> None:
    callbacks: list[str] = []
    page.on(
        "request",
        lambda request: callbacks.append(request.url) if "/callback?" in request.url else None,
    )
    await enter_portal(page, town, town.people["zhangsan"])
    await page.goto(callbacks[-1])  # the code was redeemed, its transaction is over
    await expect(page.locator("main h1")).to_be_visible()
    await page.goto(f"{town.portal}/me")
    await agree_if_asked(page)
    await expect(page.locator("main")).to_contain_text("zhangsan")


async def test_the_pages_speak_english_when_asked(page: Page, town: Town) -> None:
    await page.goto(f"{town.portal}/me")
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await fill_password(page, town.people["zhangsan"], "not this one")
    await expect(page.locator("[role=alert]")).to_contain_text("password")
    await expect(page.locator("html")).to_have_attribute("lang", "en")
