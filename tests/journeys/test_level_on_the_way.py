"""From an account of level 0 to the credit report: the level is raised on the way, and nobody looks for a way back."""

import pytest
from playwright.async_api import Page, expect

from tests.journeys.steps import ALLOW, fill_password
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio
KNOWN = ("钱途", "410411199102030015", "13800000011")
"""Whom the simulated registers know, with the phone that is theirs."""


async def test_from_level_0_to_the_credit_report_in_five_screens(page: Page, town: Town) -> None:
    name, number, phone = KNOWN
    person = town.newcomer(level=0, name="新用户", phone=phone)
    screens = list[str]()
    page.on("domcontentloaded", lambda shown: screens.append(shown.url.split("?")[0]))
    await page.goto(f"{town.credit}/report")
    await fill_password(page, person)
    await expect(page.locator(".asks")).to_contain_text("进入“公共信用查询”，需要先完成实名认证（2 级）。")
    await page.get_by_role("link", name="核对姓名、证件号码和手机号").click()
    await page.fill("[name=name]", name)
    await page.fill("[name=certificate_number]", number)
    await page.click("main button[type=submit]")
    await expect(page.locator("ul.items strong")).to_contain_text(["实名信息"])
    await page.click(ALLOW)
    await expect(page).to_have_url(f"{town.credit}/report")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("信用报告")
    assert screens == [
        f"{town.issuer}/login",
        f"{town.issuer}/me/real-name",
        f"{town.issuer}/me/real-name/phone",
        screens[3],
        f"{town.credit}/report",
    ]
    assert screens[3].startswith(f"{town.issuer}/")
