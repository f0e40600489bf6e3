"""A child that has no account, and a grandmother who does not like screens: somebody acts for them, and it is seen."""

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import accept_invitation, act_for, agree_if_asked, at_home, confirm, fill_password
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio

CHILD, NUMBER = "赵小宝", "410411201506010010"


async def test_a_guardian_acts_for_a_child_until_that_ends(visitor: Visitor, town: Town) -> None:
    page = await at_home(visitor, town, town.newcomer(name="赵一"))
    await page.goto(f"{town.issuer}/me/mandates")
    await page.get_by_role("link", name="添加孩子").click()
    await page.fill("[name=name]", CHILD)
    await page.fill("[name=certificate_number]", NUMBER[:-1] + "1")
    await page.check("[name=statement]")
    await page.get_by_role("button", name="核对并添加").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.fill("[name=certificate_number]", NUMBER)
    await page.check("[name=statement]")
    await page.get_by_role("button", name="核对并添加").click()
    await expect(page.locator(".notice")).to_be_visible()
    await act_for(page, town, CHILD)
    await page.goto(f"{town.portal}/me")
    await agree_if_asked(page)
    await expect(page.locator("#principal")).to_contain_text(CHILD)
    await page.goto(f"{town.issuer}/me/mandates")
    await page.locator("li", has_text=CHILD).get_by_role("link", name="不再代办").click()
    await confirm(page)
    await page.goto(town.portal)
    await expect(page.locator("#login")).to_be_visible()


async def test_a_grandmother_in_the_elder_mode_asks_her_daughter(visitor: Visitor, town: Town) -> None:
    phone = town.phone()
    daughter = town.newcomer(name="赵二", phone=phone)
    page = await at_home(visitor, town, town.newcomer(name="赵奶奶", phone=town.phone()))
    await page.get_by_role("link", name="长辈版").click()
    await page.get_by_role("link", name="代办授权").click()
    await page.get_by_role("link", name="请亲友代办").click()
    await page.fill("[name=name]", daughter.name)
    await page.fill("[name=phone]", phone)
    await page.get_by_role("button", name="发出邀请").click()
    await expect(page.locator(".notice")).to_be_visible()
    assert "赵**" in await town.message(phone)  # no whole name on a telephone that may be somebody else's
    other = await (await visitor()).new_page()
    await other.goto(f"{town.issuer}/login")
    await fill_password(other, daughter)
    await accept_invitation(other, town)
    await act_for(other, town, "赵奶奶")
