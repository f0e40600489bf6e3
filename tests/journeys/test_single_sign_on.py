"""One login opens two district systems, one logout closes both."""

import re

import pytest
from playwright.async_api import Browser, Page, Request, expect

from tests.journeys.conftest import Town, agree_if_asked, enter_portal, fill_password

pytestmark = pytest.mark.anyio


async def test_one_login_opens_both_systems_and_one_logout_closes_both(page: Page, town: Town) -> None:
    await enter_portal(page, town, town.people["zhangsan"])
    await page.goto(f"{town.credit}/me")
    await agree_if_asked(page)  # the consent, but no second password
    await expect(page.locator("main")).to_contain_text("张三")
    await page.goto(town.issuer)
    await expect(page.locator("main")).to_contain_text("政务服务网门户")
    await expect(page.locator("main")).to_contain_text("公共信用查询")

    await page.goto(town.portal)
    await page.click("#logout")
    await expect(page.locator("#logged-out")).to_be_visible()
    for system in (town.portal, town.credit):
        await page.goto(system)
        await expect(page.locator("#login")).to_be_visible()
    await page.goto(town.issuer)
    await expect(page.locator("main")).not_to_contain_text("张三")
    await page.goto(f"{town.credit}/me")
    await expect(page.locator("[name=password]")).to_be_visible()


async def test_the_way_back_shows_nothing_after_the_logout(page: Page, town: Town) -> None:
    await enter_portal(page, town, town.people["zhangsan"])
    await page.goto(f"{town.portal}/me")
    await expect(page.locator("main")).to_contain_text("zhangsan")
    await page.click("#logout")
    await expect(page.locator("#logged-out")).to_be_visible()
    await page.go_back()
    await expect(page.locator("main")).not_to_contain_text("zhangsan")


async def test_everything_works_without_javascript(plain_page: Page, town: Town) -> None:
    page = plain_page
    await page.goto(town.portal)
    await page.click("#login")
    await fill_password(page, town.people["zhangsan"])
    if await page.locator("button[value=allow]").count():
        await page.click("button[value=allow]")
    await expect(page.locator("#name")).to_have_text("张三")
    await page.click("#logout")
    await expect(page.locator("#logged-out")).to_be_visible()


async def test_the_keyboard_alone_is_enough(page: Page, town: Town) -> None:
    person = town.people["zhangsan"]
    await page.goto(f"{town.portal}/me")
    await expect(page.locator("[name=username]")).to_be_focused()
    await page.keyboard.type(person.username)
    await page.keyboard.press("Tab")
    await page.keyboard.type(person.password)
    await page.keyboard.press("Enter")
    if await page.locator("button[value=allow]").count():
        await page.locator("button[value=allow]").focus()
        await page.keyboard.press("Enter")
    await expect(page.locator("#name")).to_have_text("张三")
    await page.locator("#logout").focus()
    await page.keyboard.press("Enter")
    await expect(page.locator("#logged-out")).to_be_visible()


async def test_two_tabs_may_log_in_side_by_side(page: Page, town: Town) -> None:
    person = town.people["zhangsan"]
    other = await page.context.new_page()
    await page.goto(f"{town.portal}/me")
    await other.goto(f"{town.credit}/me")
    await fill_password(page, person)
    await agree_if_asked(page)
    await expect(page.locator("main")).to_contain_text("zhangsan")
    await fill_password(other, person)  # its form was open all the time
    await agree_if_asked(other)
    await expect(other.locator("main")).to_contain_text("张三")


async def test_an_old_login_form_still_leads_on(page: Page, town: Town) -> None:
    await page.goto(f"{town.portal}/me")
    await page.context.clear_cookies(name=re.compile("zhanhe"))
    await fill_password(page, town.people["zhangsan"])
    await expect(page.locator("[role=alert]")).to_be_visible()
    await fill_password(page, town.people["zhangsan"])
    await agree_if_asked(page)
    await expect(page).to_have_url(re.compile(re.escape(town.issuer) + "|" + re.escape(town.portal)))


async def test_no_page_asks_anything_of_the_outside_or_breaks_its_own_policy(
    browser: Browser, town: Town
) -> None:
    context = await browser.new_context(locale="zh-CN")
    page = await context.new_page()
    elsewhere: list[str] = []
    complaints: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:")):
            elsewhere.append(request.url)

    page.on("request", note)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await enter_portal(page, town, town.people["zhangsan"])
    await page.goto(f"{town.credit}/me")
    await agree_if_asked(page)
    await page.goto(town.issuer)
    await page.goto(f"{town.issuer}/end_session")
    await page.click("button[value=logout]")
    await expect(page.locator("main")).to_contain_text("政务服务网门户")
    await context.close()
    assert elsewhere == []
    assert complaints == []


async def test_a_system_that_cannot_be_told_is_named(page: Page, town: Town) -> None:
    silent = town.command(
        "client", "create", "--name", "停机系统", "--no-consent",
        "--redirect-uri", "http://127.0.0.1:9/callback",
        "--backchannel-logout-uri", "http://127.0.0.1:9/backchannel-logout",
    )  # fmt: skip
    await enter_portal(page, town, town.people["zhangsan"])
    challenge = "a" * 43
    asked = (
        f"{town.issuer}/authorize?client_id={silent['client_id']}&response_type=code&scope=openid"
        f"&redirect_uri=http://127.0.0.1:9/callback&code_challenge={challenge}&code_challenge_method=S256"
    )
    answer = await page.context.request.get(asked, max_redirects=0)
    assert answer.headers["location"].startswith("http://127.0.0.1:9/callback?code=")
    await page.goto(f"{town.issuer}/end_session")
    await page.click("button[value=logout]")
    silent_line = page.locator("main li, main tr, main dd, main div").filter(has_text="停机系统").last
    await expect(silent_line).to_contain_text("尚未确认")
