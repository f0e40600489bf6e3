"""axe finds nothing on any page, on a phone and on a desk, light and dark, in both languages (WCAG 2.2 AA)."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize, expect

from tests.journeys.conftest import Visitor
from tests.journeys.steps import ALLOW, DENY, agree_if_asked, fill_code, fill_password, log_out
from tests.journeys.town import Town

pytestmark = pytest.mark.anyio

PHONE: ViewportSize = {"width": 320, "height": 640}
DESK: ViewportSize = {"width": 1280, "height": 800}
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


class Examiner:
    """Goes with a person and looks at every page on two screens."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []

    async def look(self, place: str, landmark: str) -> None:
        """Once the landmark is there, note what axe finds, and whether a page has to be moved sideways."""
        await expect(self.page.locator(landmark).first).to_be_visible()
        await self.page.evaluate(Axe().axe_script)
        for size, scheme, rules in ((PHONE, "light", RULES), (DESK, "light", RULES), (DESK, "dark", COLOURS)):
            await self.page.set_viewport_size(size)
            await self.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            where = f"{place}, {size['width']}, {scheme}"
            results = await self.page.evaluate("rules => axe.run(document, rules)", rules)
            for violation in results["violations"]:
                targets = [node["target"] for node in violation["nodes"]]
                self.found.append(f"{where}: {violation['id']} {targets}")
            if await self.page.evaluate(WIDER):
                self.found.append(f"{where}: wider than the window")


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_axe_finds_nothing_on_the_provider_pages(visitor: Visitor, town: Town, lang: str) -> None:
    page, person = await (await visitor(locale=lang)).new_page(), town.newcomer(totp=True)
    examiner = Examiner(page)
    await page.goto(f"{town.issuer}/nowhere")
    await examiner.look("error", "h1")
    await page.goto(town.issuer)
    await examiner.look("welcome", "h1")
    await page.goto(f"{town.portal}/me")
    await examiner.look("login", "[name=password]")
    await fill_password(page, person, "not this one")
    await examiner.look("wrong password", "[role=alert]")
    await fill_password(page, person)
    await examiner.look("one-time password", "[name=otp]")
    await fill_code(page, person.wrong_code())
    await examiner.look("wrong one-time password", "[role=alert]")
    await fill_code(page, person.code())
    await examiner.look("consent", ALLOW)
    await agree_if_asked(page)
    await page.goto(town.issuer)
    await examiner.look("overview", "dl")
    await page.goto(f"{town.issuer}/end_session")
    await examiner.look("logout", "button[value=stay]")
    await page.click("button[value=logout]")
    await examiner.look("logged out", "ul.rows")
    assert examiner.found == []


async def test_axe_finds_nothing_on_the_pages_of_the_systems(page: Page, town: Town) -> None:
    examiner = Examiner(page)
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
    assert examiner.found == []


async def test_axe_finds_nothing_where_the_level_is_missing(page: Page, town: Town) -> None:
    examiner = Examiner(page)
    await page.goto(f"{town.credit}/report")
    await fill_password(page, town.people["wangwu"])
    await agree_if_asked(page)
    await examiner.look("level", ".notice")
    await page.goto(town.credit)
    await examiner.look("home", "#level-notice")
    assert examiner.found == []


async def test_every_control_is_large_enough_for_a_finger(page: Page, town: Town) -> None:
    await page.set_viewport_size({"width": 320, "height": 640})
    for address in (f"{town.issuer}/login", town.issuer, town.portal, town.credit):
        await page.goto(address)
        for control in await page.locator("button, .button, input:not([type=hidden]), nav a").all():
            box = await control.bounding_box()
            assert box is not None
            assert box["height"] >= 40, (address, re.sub(r"\s+", " ", await control.inner_text()), box)
