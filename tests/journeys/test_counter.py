"""At the counter: one member of staff registers who is present, another confirms who it is, and it counts at once."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import agree_if_asked, at_the_counter, fill_password
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio

NAME, NUMBER = "林台生", "830000199001010012"
CHILD = "410411201606010034"


async def fill_document(page: Page, name: str, number: str) -> None:
    """What stands in the certificate, and that the person sits there."""
    await page.fill("[name=name]", name)
    await page.select_option("[name=certificate_type]", label="港澳台居民居住证")
    await page.fill("[name=certificate_number]", number)
    await page.check("[name=seen]")


async def test_two_members_of_staff_make_an_account_of_level_4(visitor: Visitor, town: Town) -> None:
    phone = town.phone()
    first, second = (
        await at_the_counter(visitor, town, "counter"),
        await at_the_counter(visitor, town, "counter"),
    )
    await first.get_by_role("link", name="登记新用户").first.click()
    await fill_document(first, NAME, NUMBER)
    await first.fill("[name=phone]", phone)
    await first.check("[name=elder_mode]")
    await first.get_by_role("button", name="下一步").click()
    person = await (await visitor()).new_page()
    await person.goto(await first.inner_text("main code"))
    await person.fill("[name=code]", await town.code(phone))
    await person.get_by_role("button", name="确认").click()
    await expect(person.get_by_role("status")).to_contain_text("已确认")
    await first.get_by_role("button", name="查看结果").click()
    await first.get_by_role("button", name="继续办理").click()
    await expect(first.get_by_role("status")).to_contain_text("已登记")
    await first.get_by_role("link", name="复核").first.click()
    await expect(first.get_by_role("button", name="人证一致，确认")).to_have_count(0)  # not one's own request
    await second.get_by_role("link", name="复核", exact=True).click()
    await second.get_by_role("button", name="人证一致，确认").click()
    await expect(second.get_by_role("status")).to_contain_text("立即生效")
    await first.get_by_role("link", name="账号处理").first.click()
    await first.fill("[name=identifier]", phone)
    await first.get_by_role("button", name="查找").click()
    await expect(first.locator("dl.facts")).to_contain_text("4 级（最高 4 级）")
    await expect(first.locator("main")).not_to_contain_text(NUMBER)


async def test_the_father_of_a_child_with_an_account_is_entered_by_his_papers(
    visitor: Visitor, town: Town
) -> None:
    child = town.newcomer(level=1, name="孙小宝", certificate=("111", CHILD))
    father = town.newcomer(name="孙大")
    first, second = (
        await at_the_counter(visitor, town, "counter"),
        await at_the_counter(visitor, town, "counter"),
    )
    await first.get_by_role("link", name="登记监护人").first.click()
    await first.fill("[name=child]", CHILD)
    await first.fill("[name=guardian]", father.username)
    await first.get_by_role("button", name="查找").click()
    await expect(first.locator("main")).to_contain_text(child.username)
    await first.get_by_label("居民户口簿").check()
    await first.check("[name=seen]")
    await first.get_by_role("button", name="提交复核").click()
    await expect(first.get_by_role("status")).to_contain_text("请另一位工作人员复核")
    await second.get_by_role("link", name="复核", exact=True).click()
    request = second.locator("section", has_text="孙小宝")
    await expect(request).to_contain_text("居民户口簿")
    await request.get_by_role("button", name="人证一致，确认").click()
    await expect(second.get_by_role("status")).to_contain_text("立即生效")
    page = await (await visitor()).new_page()
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, father)
    await page.goto(f"{town.issuer}/me/mandates")
    await expect(page.locator("li", has_text="孙小宝")).to_be_visible()


async def test_acting_for_somebody_present_is_for_them_alone_until_it_is_ended(
    visitor: Visitor, town: Town
) -> None:
    citizen = town.newcomer(name="何来")
    page = await at_the_counter(visitor, town, "counter")
    await page.get_by_role("link", name="帮办代办").first.click()
    await page.fill("[name=identifier]", citizen.username)
    await page.get_by_role("button", name="查找").click()
    await page.check("[name=seen]")
    await page.get_by_role("button", name="开始代办").click()
    banner = page.get_by_role("complementary", name="窗口代办")
    await expect(banner).to_contain_text("正在为*来办理窗口代办")
    await expect(page.get_by_role("timer")).to_have_text(re.compile(r"还剩 29:\d\d（到 \d\d:\d\d 为止）"))
    await expect(page.locator("#principal")).to_have_text("何来")
    await expect(page.locator("[name=mandate]")).to_have_count(1)
    await expect(page.locator("[name=mandate]")).to_be_checked()
    await page.get_by_role("button", name="确定").click()
    await expect(banner).to_be_visible()
    await page.goto(f"{town.portal}/login")
    await agree_if_asked(page)
    await page.goto(f"{town.portal}/me")
    await expect(page.locator("body")).to_contain_text("何来")
    await page.goto(town.issuer)
    await banner.get_by_role("button", name="结束代办").click()
    await expect(page.get_by_role("status")).to_contain_text("代办已结束")
    await expect(banner).to_have_count(0)
    await page.goto(f"{town.issuer}/counter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("政务服务窗口")


async def test_who_does_not_work_at_the_counter_stays_before_it(page: Page, town: Town) -> None:
    await page.goto(f"{town.issuer}/counter")
    await fill_password(page, town.newcomer())
    await expect(page.get_by_role("heading", level=1)).not_to_have_text("政务服务窗口")
    await expect(page.get_by_role("link", name="登记新用户")).to_have_count(0)
