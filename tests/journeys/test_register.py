"""Somebody new: a telephone, an account, an identity that is verified to level 2, and into a system that wants it."""

import pytest
from playwright.async_api import Page, expect

from tests.journeys.steps import agree_if_asked, fill_password, register_by_phone, send_phone_and_code
from tests.journeys.town import Person, Town

pytestmark = pytest.mark.anyio

NAME, NUMBER, PHONE = "𠮷祥", "410411198808089997", "13800000006"
"""Known to the simulated authorities; a character outside the BMP in the name."""
PASSWORD = "journey horse 77"


async def test_register_verify_to_level_2_use_the_credit_system(page: Page, town: Town) -> None:
    await register_by_phone(page, town, PHONE, password=PASSWORD)
    await page.goto(f"{town.credit}/report")
    await expect(page.locator(".asks")).to_contain_text("2 级")  # a level is missing, and it says so
    await page.get_by_role("link", name="核对姓名、证件号码和手机号").click()
    await page.fill("[name=name]", "𠮷样")
    await page.fill("[name=certificate_number]", NUMBER)
    await page.get_by_role("button", name="开始核对").click()
    await expect(page.get_by_role("alert")).to_contain_text("不一致")
    await page.fill("[name=name]", NAME)
    await page.fill("[name=certificate_number]", NUMBER)
    await page.get_by_role("button", name="开始核对").click()
    await agree_if_asked(page)
    await expect(page.locator("table")).to_be_visible()
    await expect(page.locator("main")).to_contain_text(NAME)
    await page.goto(f"{town.issuer}/me/real-name")
    await expect(page.locator("dl.facts")).to_contain_text("2 级（最高 4 级）")
    await expect(page.locator("dl.facts")).to_contain_text(NAME)
    await expect(page.locator("main")).not_to_contain_text(NUMBER)


async def test_a_number_that_has_an_account_leads_into_it_and_not_to_a_second_one(
    page: Page, town: Town
) -> None:
    phone = town.phone()
    person = town.newcomer(phone=phone, name="钱八")
    await page.goto(f"{town.issuer}/register")
    await send_phone_and_code(page, town, phone)
    await expect(page.locator(".asks")).to_contain_text("*八")
    await page.click("button[value=enter]")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(person.name)


async def test_the_password_of_the_registration_logs_in_elsewhere(page: Page, town: Town) -> None:
    phone = town.phone()
    await register_by_phone(page, town, phone, "郑十", PASSWORD)
    await page.context.clear_cookies()
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, Person(phone, "郑十", PASSWORD, None))
    await expect(page.get_by_role("heading", level=1)).to_contain_text("郑十")
