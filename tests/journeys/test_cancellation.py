"""Somebody wants to be forgotten, and thinks better of it; what is in the way is said before."""

import pytest
from playwright.async_api import expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import at_home, bind_company
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio


async def test_cancellation_and_its_undo(visitor: Visitor, town: Town) -> None:
    person = town.newcomer(phone=town.phone())
    page = await at_home(visitor, town, person)
    await page.get_by_role("link", name="我的数据").click()
    await page.get_by_role("link", name="注销").click()
    await page.fill("[name=username]", "somebody else")
    await page.get_by_role("button", name="申请注销").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.fill("[name=username]", person.username)
    await page.get_by_role("button", name="申请注销").click()
    await expect(page.locator(".asks")).to_contain_text("在此之前一切照常")
    await page.goto(town.issuer)
    await expect(page.locator("main")).to_contain_text("注销")
    await page.goto(f"{town.issuer}/me/cancellation")
    await page.get_by_role("button", name="撤销注销，保留账号").click()
    await expect(page.get_by_role("button", name="申请注销")).to_be_visible()


async def test_who_represents_a_company_hears_that_first(visitor: Visitor, town: Town) -> None:
    page = await at_home(visitor, town, town.representative())
    await bind_company(page, town)
    await page.goto(f"{town.issuer}/me/cancellation")
    await expect(page.get_by_role("heading", name="现在还不能注销")).to_be_visible()
    await expect(page.get_by_role("button", name="申请注销")).to_have_count(0)
