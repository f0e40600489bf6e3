"""What a person agrees to, refuses, or cannot have, and how the system says so."""

import pytest
from playwright.async_api import Page, expect

from tests.journeys.steps import ALLOW, DENY, agree_if_asked, enter_portal, fill_password
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio


async def test_a_refused_consent_is_explained_and_can_be_given_later(page: Page, town: Town) -> None:
    await page.goto(f"{town.portal}/me")
    await fill_password(page, town.newcomer())
    await expect(page.locator("main")).to_contain_text("不同意时，我们不会向它提供以上任何信息。")
    await page.reload()
    await page.reload()  # whoever hesitates is asked the same again
    await expect(page.locator("ul.items strong")).to_have_text(["您的账号标识", "姓名和用户名", "手机号码"])
    await page.click(DENY)
    await expect(page.locator("main")).to_contain_text("您没有同意把信息提供给本系统，所以没有登录。")
    await expect(page.locator("#login")).to_be_visible()
    await page.get_by_role("link", name="重新登录").click()
    await page.click(ALLOW)
    await expect(page).to_have_url(f"{town.portal}/me")
    await expect(page.locator("#me")).to_be_visible()


async def test_a_missing_level_is_explained_and_the_way_home_is_open(page: Page, town: Town) -> None:
    person = town.people["wangwu"]
    await enter_portal(page, town, person)
    await page.goto(f"{town.credit}/report")
    await page.get_by_role("link", name="暂不认证").click()
    await agree_if_asked(page)
    await expect(page.get_by_role("heading", level=1)).to_have_text("认证等级不够")
    await expect(page.locator("main")).to_contain_text("这里需要 2 级实名认证，您这次登录达到的是 0 级")
    await expect(page.locator("main")).not_to_contain_text("证件号码")
    await page.get_by_role("link", name="再试一次").click()
    await page.get_by_role("link", name="暂不认证").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("认证等级不够")
    await page.get_by_role("link", name="回到首页").click()
    await expect(page.locator("#level-notice")).to_be_visible()
    await expect(page.locator("#name")).to_have_text(person.name)
