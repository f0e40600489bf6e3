"""One login opens two district systems, one logout closes both."""

import re
from urllib.parse import urlencode

import pytest
from playwright.async_api import Page, expect

from tests.journeys.steps import (
    enter_credit,
    enter_portal,
    expect_nobody_anywhere,
    fill_password,
    log_in,
    log_out,
)
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio


async def test_one_login_opens_both_systems_and_one_logout_closes_both(page: Page, town: Town) -> None:
    person = town.people["zhangsan"]
    await enter_portal(page, town, person)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.locator("#peer").click()
    await enter_credit(page, town)
    await expect(page.locator("#name")).to_have_text(person.name)
    assert not [url for url in asked if url.startswith(f"{town.issuer}/login")]
    await page.goto(town.issuer)
    systems = page.get_by_role("list", name="本次登录进入的系统").get_by_role("link")
    await expect(systems).to_have_text(["政务服务网门户", "公共信用查询"])

    await page.goto(town.portal)
    await log_out(page)
    await expect_nobody_anywhere(page, town)
    await page.goto(f"{town.credit}/report")
    await expect(page.locator("[name=password]")).to_be_visible()


async def test_logging_out_at_the_provider_closes_both_too(page: Page, town: Town) -> None:
    await enter_portal(page, town, town.people["zhangsan"])
    await enter_credit(page, town)
    await page.goto(town.issuer)
    await page.get_by_role("button", name="退出所有系统").click()
    await page.get_by_role("button", name="保持登录").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("张三，您好")
    await page.get_by_role("button", name="退出所有系统").click()
    await page.get_by_role("button", name="退出登录").click()
    lines = page.get_by_role("list", name="一并退出的系统").get_by_role("listitem")
    await expect(lines).to_have_text(
        [re.compile("政务服务网门户.*已退出"), re.compile("公共信用查询.*已退出")]
    )
    await expect_nobody_anywhere(page, town)


async def test_the_way_back_shows_nothing_after_the_logout(page: Page, town: Town) -> None:
    await enter_portal(page, town, town.people["zhangsan"])
    await page.goto(f"{town.portal}/me")
    await expect(page.locator("main")).to_contain_text("138****0001")
    await log_out(page)
    await page.go_back()
    await expect(page.locator("[name=password]")).to_be_visible()
    await expect(page.locator("body")).not_to_contain_text("138****0001")


async def test_the_way_back_to_the_overview_shows_nothing_either(page: Page, town: Town) -> None:
    heading = page.get_by_role("heading", level=1)
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, town.people["zhangsan"])
    await expect(heading).to_have_text("张三，您好")
    await enter_credit(page, town)
    await log_out(page)
    while page.url != f"{town.issuer}/":
        await page.go_back()
    await expect(heading).to_have_text("一次登录，办全区的事")


async def test_the_way_back_after_the_login_leads_on(page: Page, town: Town) -> None:
    person = town.people["zhangsan"]
    await enter_portal(page, town, person)
    await page.go_back()  # somebody who is logged in is sent on; that answer was used: the system says so
    await expect(page.get_by_role("heading", level=1)).to_have_text("登录没有完成")
    await page.get_by_role("link", name="重新登录").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("张三，您好")


async def test_two_tabs_may_log_in_side_by_side(page: Page, town: Town) -> None:
    person = town.people["zhangsan"]
    other = await page.context.new_page()
    await page.goto(f"{town.portal}/me")
    await other.goto(f"{town.credit}/me")
    await log_in(page, person)
    await log_in(other, person)  # its form was open all the time
    for tab, system in ((page, town.portal), (other, town.credit)):
        await expect(tab).to_have_url(f"{system}/me")
        await expect(tab.locator("#me")).to_be_visible()
        await tab.reload()
        await expect(tab.locator("#name")).to_have_text(person.name)


async def test_a_system_that_cannot_be_told_is_named(page: Page, town: Town) -> None:
    nowhere = "http://127.0.0.1:9"
    silent = town.command(
        "client", "create", "--name", "停机系统", "--no-consent", "--redirect-uri", f"{nowhere}/callback",
        "--backchannel-logout-uri", f"{nowhere}/backchannel-logout",
    )  # fmt: skip
    await enter_portal(page, town, town.people["zhangsan"])
    query = {
        "client_id": silent["client_id"],
        "redirect_uri": f"{nowhere}/callback",
        "response_type": "code",
        "scope": "openid",
        "code_challenge": "a" * 43,
        "code_challenge_method": "S256",
    }
    answer = await page.context.request.get(f"{town.issuer}/authorize?{urlencode(query)}", max_redirects=0)
    assert answer.headers["location"].startswith(f"{nowhere}/callback?code=")

    await page.click("#logout")
    lines = page.get_by_role("list", name="一并退出的系统").get_by_role("listitem")
    await expect(lines.filter(has_text="停机系统")).to_contain_text("尚未确认")
    await expect(lines.filter(has_text="政务服务网门户")).to_contain_text(re.compile("已退出$"))
    await page.get_by_role("link", name="返回 政务服务网门户").click()
    await expect(page.locator("#logged-out")).to_be_visible()
    await expect_nobody_anywhere(page, town)
