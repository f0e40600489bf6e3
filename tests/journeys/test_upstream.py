"""Somebody whom the province knows: in without registering, for a company too; and what happens when it is away."""

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Route, expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import (
    PROVINCE,
    agree_if_asked,
    consent_as,
    enter_credit,
    fill_password,
    province_away,
    to_the_province,
)
from tests.journeys.town import Town
from tests.journeys.watch import Watch

pytestmark = pytest.mark.anyio


PHONE = {
    "user_agent": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36",
    "viewport": {"width": 390, "height": 844},
}


async def test_in_without_registering_and_the_level_comes_along(page: Page, town: Town) -> None:
    await to_the_province(page, town)
    await consent_as(page, "周同号（")
    await page.wait_for_url(f"{town.issuer}/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("周同号，您好")
    await enter_credit(page, town)  # asks for level 2
    await expect(page.locator("#name")).to_have_text("周同号")
    await page.goto(f"{town.issuer}/me/real-name")
    await expect(page.locator("main")).to_contain_text(PROVINCE)

    await page.goto(town.issuer)
    await page.get_by_role("button", name="退出所有系统").click()
    await page.get_by_role("button", name="退出登录").click()
    await page.get_by_role("link", name=f"退出{PROVINCE}").click()
    await page.wait_for_url(f"{town.issuer}/")
    await to_the_province(page, town)  # nobody is logged in there any more: it asks who
    await expect(page.get_by_role("button", name="周同号（")).to_be_visible()


async def test_the_same_person_enters_the_same_account_the_next_time(page: Page, town: Town) -> None:
    names = []
    for _ in range(2):
        await page.context.clear_cookies()
        await to_the_province(page, town)
        await consent_as(page, "二级甲")
        await page.goto(f"{town.issuer}/me/profile")
        names.append(await page.locator("main dl").first.inner_text())
    assert names[0] == names[1]


async def test_a_telephone_is_sent_to_the_entrance_for_telephones(visitor: Visitor, town: Town) -> None:
    page = await (await visitor(**PHONE)).new_page()
    await to_the_province(page, town)
    await expect(page.locator("header")).to_contain_text("手机版")
    await consent_as(page, "王新名")
    await expect(page.get_by_role("heading", level=1)).to_have_text("王新名，您好")


async def test_a_company_s_account_there_acts_for_the_company_and_is_nobody_s_own(
    page: Page, town: Town
) -> None:
    await to_the_province(page, town, for_a_company=True)
    await consent_as(page, "湛河示例商贸有限公司，经办人 钱经办")
    await page.wait_for_url(f"{town.issuer}/")
    for path in ("", "/me/profile", "/me/security"):
        await page.goto(f"{town.issuer}{path}")
        await expect(page.get_by_role("heading", level=1)).to_have_text("您正在为单位办事")
        await expect(page.locator("main")).to_contain_text("湛河示例商贸有限公司")
        await expect(page.locator("main")).to_contain_text("没有核实是不是本人")
    await page.goto(f"{town.portal}/login?next=/")
    await agree_if_asked(page)
    await expect(page.locator("#principal")).to_contain_text("湛河示例商贸有限公司（单位账号，经办人未核实")
    await page.goto(f"{town.credit}/login?next=/")  # wants a person whose name is verified
    await agree_if_asked(page)
    await expect(page.locator("#report")).to_have_count(0)


async def test_an_agent_whose_time_is_over_is_told_so(page: Page, town: Town) -> None:
    await to_the_province(page, town, for_a_company=True)
    await consent_as(page, "经办人 冯过期")
    await expect(page.get_by_role("alert")).to_contain_text("授权已到期")
    await page.goto(town.issuer)
    await expect(page.get_by_role("heading", level=1)).to_have_text("一次登录，办全区的事")


async def test_whoever_says_no_there_is_told_and_may_try_again(page: Page, town: Town) -> None:
    await to_the_province(page, town)
    await page.get_by_role("button", name="四级甲").click()
    await page.get_by_role("button", name="取消").click()
    await expect(page.get_by_role("alert")).to_contain_text("没有带回登录信息")
    await page.get_by_role("link", name="重新登录").click()
    await page.get_by_role("button", name="同意授权").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("四级甲，您好")


async def test_a_callback_opened_in_another_browser_is_refused(visitor: Visitor, town: Town) -> None:
    page = await (await visitor()).new_page()
    caught: list[str] = []

    async def catch(route: Route) -> None:
        answer = await route.fetch(max_redirects=0)
        caught.append(answer.headers["location"])
        await route.fulfill(body="<!doctype html><title>-</title><p id=caught>-", content_type="text/html")

    await to_the_province(page, town)
    await page.get_by_role("button", name="一级甲").click()
    await page.route(f"{town.province}/**", catch)
    await page.get_by_role("button", name="同意授权").click()
    await expect(page.locator("#caught")).to_be_visible()
    await page.unroute(f"{town.province}/**")

    stranger = await (await visitor()).new_page()
    answer = await stranger.goto(caught[0])
    assert answer
    assert answer.status == 403
    await expect(stranger.get_by_role("alert")).to_contain_text("同一个浏览器")
    await stranger.goto(town.issuer)
    await expect(stranger.get_by_role("heading", level=1)).to_have_text("一次登录，办全区的事")

    await page.goto(caught[0])  # where it began it is good, once
    await expect(page.get_by_role("heading", level=1)).to_have_text("一级甲，您好")
    await page.context.clear_cookies()
    answer = await page.goto(caught[0])
    assert answer
    assert answer.status in (400, 403)
    await expect(page.get_by_role("alert")).to_be_visible()


@pytest.fixture
async def patient(browser: Browser) -> BrowserContext:
    """A browser that is not watched by the fixture: it is to see pages that say 503."""
    return await browser.new_context(locale="zh-CN")


@pytest.mark.parametrize("mode", ["500", "html", "malformed"])
async def test_when_the_province_is_away_a_plain_page_leads_to_our_own_ways_in(
    patient: BrowserContext, town: Town, mode: str
) -> None:
    watch, page = Watch(patient), await patient.new_page()
    with province_away(town, mode):
        await to_the_province(page, town)
        await consent_as(page, "吴无号")
        await expect(page.get_by_role("alert")).to_contain_text("不是您的错")
        await expect(page.get_by_role("heading", level=1)).to_have_text(f"{PROVINCE}暂时连不上")
        await page.get_by_role("link", name="用密码登录").click()
        await fill_password(page, town.people["zhangsan"])
        await expect(page.get_by_role("heading", level=1)).to_have_text("张三，您好")
    await page.context.clear_cookies(domain="127.0.0.1")
    await to_the_province(page, town)  # it is back: nothing had to be done here
    await consent_as(page, "吴无号")
    await expect(page.get_by_role("heading", level=1)).to_have_text("吴无号，您好")
    assert watch.findings == ["503: /upstream/henan/callback"]
    await patient.close()
