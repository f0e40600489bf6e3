"""Somebody registered with another's certificate: what the owner, who comes by the province, is asked, and both see."""

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import consent_as, fill_password, to_the_province
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio
QUESTION = "您的证件已在一个账号上登记"


async def test_the_owner_says_it_is_not_theirs_and_has_an_account_of_their_own(
    page: Page, visitor: Visitor, town: Town
) -> None:
    phone = town.phone()
    certificate = ("HMT", "820000199001010010")
    squatter = town.newcomer(level=1, name="何澳生", phone=phone, certificate=certificate)
    other = await (await visitor()).new_page()
    await other.goto(f"{town.issuer}/login")
    await fill_password(other, squatter)
    await to_the_province(page, town)
    await consent_as(page, "何澳生")
    await expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    await expect(page.locator("main")).not_to_contain_text(phone[-4:])
    await page.get_by_role("button", name="不是我的，开新账号").click()
    await page.wait_for_url(f"{town.issuer}/")
    await page.goto(f"{town.issuer}/me/real-name")
    await expect(page.locator("dl.facts")).to_contain_text("3 级（最高 4 级）")
    await other.goto(f"{town.issuer}/me/real-name")
    await expect(other.locator("main")).to_contain_text("以更可靠的方式实名")
    assert "不再有实名等级" in await town.message(phone)


async def test_the_owner_shows_that_it_is_theirs_and_both_become_one(page: Page, town: Town) -> None:
    certificate = ("111", "410411199404040091")
    mine = town.newcomer(level=1, name="郑同号", phone=town.phone(), certificate=certificate)
    await to_the_province(page, town)
    await consent_as(page, "郑同号（")
    await expect(page.get_by_role("heading", level=1)).to_have_text(QUESTION)
    await page.get_by_role("link", name="是我的，去验证").click()
    await fill_password(page, mine)
    await expect(page.locator("main")).to_contain_text("那个账号是您的")
    await page.get_by_role("button", name="合为一个账号，继续").click()
    await page.wait_for_url(f"{town.issuer}/")
    await page.goto(f"{town.issuer}/me/real-name")
    await expect(page.locator("dl.facts")).to_contain_text("3 级（最高 4 级）")
