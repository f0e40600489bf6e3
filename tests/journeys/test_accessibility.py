"""The pages of the systems: axe finds nothing, on a phone and on a desk, light and dark (WCAG 2.2 AA)."""

import re

import pytest
from playwright.async_api import Page

from tests.journeys.examiner import PHONE, Examiner
from tests.journeys.steps import DENY, agree_if_asked, fill_password, log_out
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio


async def test_axe_finds_nothing_on_the_pages_of_the_systems(page: Page, town: Town) -> None:
    examiner = Examiner(page, keyboard=True)
    await page.goto(town.portal)
    await examiner.look("portal", "#login")
    await page.goto(f"{town.portal}/me")
    await fill_password(page, town.newcomer())
    await page.click(DENY)
    await examiner.look("refused", ".notice")
    await page.get_by_role("link", name="重新登录").click()
    await agree_if_asked(page)
    await examiner.look("what the portal knows", "#me")
    await page.goto(f"{town.portal}/services/housing-fund")
    await examiner.look("service", "#service")
    await page.goto(f"{town.credit}/report")
    await agree_if_asked(page)
    await examiner.look("report", "table")
    await page.goto(f"{town.credit}/logout")
    await examiner.look("question before the logout", ".notice")
    await page.goto(town.credit)
    await log_out(page)
    await examiner.look("logged out", "#logged-out")
    assert not examiner.found, "\n".join(examiner.found)


async def test_axe_finds_nothing_where_the_level_is_missing(page: Page, town: Town) -> None:
    examiner = Examiner(page, keyboard=True)
    await page.goto(f"{town.credit}/report")
    await fill_password(page, town.people["wangwu"])
    await examiner.look("level to be raised", ".asks")
    await page.get_by_role("link", name="暂不认证").click()
    await agree_if_asked(page)
    await examiner.look("level", ".notice")
    await page.goto(town.credit)
    await examiner.look("home", "#level-notice")
    assert not examiner.found, "\n".join(examiner.found)


async def test_every_control_is_large_enough_for_a_finger(page: Page, town: Town) -> None:
    await page.set_viewport_size(PHONE)
    for address in (f"{town.issuer}/login", town.issuer, town.portal, town.credit):
        await page.goto(address)
        for control in await page.locator("button, .button, input:not([type=hidden]), nav a").all():
            box = await control.bounding_box()
            assert box is not None
            assert box["height"] >= 40, (address, re.sub(r"\s+", " ", await control.inner_text()), box)
