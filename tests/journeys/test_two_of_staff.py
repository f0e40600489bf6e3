"""What takes two of the staff: a merge, a death and the way back, a phone; what each of them sees, and who is told."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import at_the_counter, fill_code, fill_password
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.anyio

TWICE = ("HMT", "830000199203030038")
LATE = ("HMT", "830000193503030032")


async def found(page: Page, who: str) -> None:
    """The page of an account, by a number that the person says."""
    await page.get_by_role("link", name="账号处理").first.click()
    await page.fill("[name=identifier]", who)
    await page.get_by_role("button", name="查找").first.click()
    await expect(page.locator("dl.facts")).to_be_visible()


async def in_the_queue(page: Page, about: str) -> Locator:
    """A request that waits, as a member of staff sees it."""
    await page.get_by_role("link", name="复核", exact=True).click()
    return page.locator("main section", has_text=about)


async def logged_in(visitor: Visitor, town: Town, person: Person) -> Page:
    """The browser of somebody in the user centre."""
    page = await (await visitor()).new_page()
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, person)
    await page.wait_for_url(f"{town.issuer}/")
    return page


async def test_two_accounts_become_one_when_another_of_the_staff_has_seen_both_sides(
    visitor: Visitor, town: Town
) -> None:
    proven, typed = town.phone(), town.phone()
    remains = town.newcomer(level=2, name="林双生", phone=proven, certificate=TWICE)
    goes = town.newcomer(level=0, name="林双牲", phone=typed)
    owner, stranger = await logged_in(visitor, town, remains), await logged_in(visitor, town, goes)
    supervisor = await at_the_counter(visitor, town, "counter", "supervisor")
    clerk = await at_the_counter(visitor, town, "counter")
    await found(supervisor, typed)
    await found(supervisor, remains.username)
    await supervisor.locator("#other").fill(goes.username)
    await supervisor.get_by_role("button", name="查找").last.click()
    await supervisor.fill("[name=reason]", "本人带证件来窗口办理")
    await supervisor.get_by_role("button", name="提交合并申请").click()
    await expect(supervisor.get_by_role("status")).to_contain_text("另一位工作人员复核")
    own = await in_the_queue(supervisor, "林双生")
    await expect(own.get_by_role("button", name=re.compile("确认"))).to_have_count(0)
    request = await in_the_queue(clerk, "林双生")
    await expect(request).to_contain_text("林双牲")
    await expect(request).to_contain_text("不一致")
    await expect(request).not_to_contain_text(TWICE[1])
    await request.get_by_text("查看完整证件号码").click()
    await request.get_by_role("radio").first.check()
    await request.get_by_role("button", name="查看").click()
    request = clerk.locator("main section", has_text="林双生")
    await expect(request).to_contain_text(TWICE[1])
    for tick in await request.locator("[name=name_differs]").all():
        await tick.check()
    await request.get_by_role("button", name=re.compile("确认")).click()
    await expect(clerk.get_by_role("status")).to_contain_text("立即生效")
    assert "合并" in await town.message(proven)
    assert "合并" in await town.message(typed)
    await stranger.goto(f"{town.issuer}/me/security")
    await expect(stranger.locator("[name=password]")).to_be_visible()  # no way in came along
    await owner.goto(f"{town.issuer}/me/events")
    await expect(owner.locator("main")).to_contain_text("另一个账号并入了您的账号")


async def test_a_death_is_typed_confirmed_told_and_taken_back(visitor: Visitor, town: Town) -> None:
    phone = town.phone()
    person = town.newcomer(level=2, name="林寿生", phone=phone, certificate=LATE)
    own = await logged_in(visitor, town, person)
    supervisor = await at_the_counter(visitor, town, "counter", "supervisor")
    clerk = await at_the_counter(visitor, town, "counter")
    await found(clerk, person.username)
    await expect(clerk.get_by_role("link", name="登记去世")).to_have_count(0)
    await found(supervisor, person.username)
    await supervisor.get_by_role("link", name="本人已去世：登记去世").click()
    await expect(supervisor.locator("main")).to_contain_text("林寿生")
    await supervisor.fill("[name=name]", "林寿牲")
    await supervisor.fill("[name=reason]", "死亡医学证明")
    await supervisor.get_by_role("button", name="提交复核").click()
    await expect(supervisor.get_by_role("alert")).to_contain_text("姓名不一致")
    await supervisor.fill("[name=name]", "林寿生")
    await supervisor.fill("[name=reason]", "死亡医学证明")
    await supervisor.get_by_role("button", name="提交复核").click()
    await expect(supervisor.get_by_role("status")).to_contain_text("另一位工作人员复核")
    request = await in_the_queue(clerk, "林寿生")
    await request.get_by_role("button", name=re.compile("确认")).click()
    await expect(clerk.get_by_role("status")).to_contain_text("立即生效")
    assert "本人去世" in await town.message(phone)
    await own.goto(f"{town.issuer}/me/security")
    await expect(own.locator("[name=password]")).to_be_visible()
    await found(supervisor, person.username)
    await supervisor.fill("[name=reason]", "登记错人")
    await supervisor.get_by_role("button", name="恢复使用").click()
    await expect(supervisor.get_by_role("status")).to_contain_text("另一位工作人员复核")
    request = await in_the_queue(clerk, "林寿生")
    await expect(request).to_contain_text("撤销去世登记")
    await request.get_by_role("button", name=re.compile("确认")).click()
    await expect(clerk.get_by_role("status")).to_contain_text("立即生效")
    await fill_password(own, person)
    await expect(own.get_by_role("heading", level=1)).to_be_visible()
    await expect(own.locator("[name=password]")).to_have_count(0)


async def test_the_second_account_of_a_member_of_staff_confirms_nothing(visitor: Visitor, town: Town) -> None:
    certificate, phone = ("HMT", "830000198803030037"), town.phone()
    both = [town.newcomer(level=level, totp=True, name="林兼职", certificate=certificate) for level in (2, 0)]
    pages = []
    for person in both:
        town.command("account", "role", "add", person.username, "counter", "--division", "410411")
        page = await (await visitor()).new_page()
        await page.goto(f"{town.issuer}/counter")
        await fill_password(page, person)
        await fill_code(page, person.code())
        pages.append(page)
    citizen = town.newcomer(level=2, name="何失机", phone=phone)
    await found(pages[0], citizen.username)
    await pages[0].fill("[name=reason]", "本人要求解除手机号")
    await pages[0].get_by_role("button", name="解除手机号").click()
    await expect(pages[0].get_by_role("status")).to_contain_text("另一位工作人员复核")
    request = await in_the_queue(pages[1], "何失机")
    await request.get_by_role("button", name=re.compile("确认")).click()
    await expect(pages[1].get_by_role("alert")).to_contain_text("不能复核")
    third = await at_the_counter(visitor, town, "counter")
    await (await in_the_queue(third, "何失机")).get_by_role("button", name=re.compile("确认")).click()
    await expect(third.get_by_role("status")).to_contain_text("立即生效")
    assert "手机" in await town.message(phone)
