"""axe finds nothing on any page, on a phone and on a desk, in both languages (WCAG 2.2 AA)."""

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page

from tests.journeys.conftest import Town, agree_if_asked, fill_password

pytestmark = pytest.mark.anyio

WIDTHS = (320, 1280)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


async def examine(page: Page, place: str, found: list[str]) -> None:
    """Note what axe finds, and whether a narrow page has to be moved sideways."""
    results = await Axe().run(page, options=RULES)
    found.extend(f"{place}: {violation['id']}" for violation in results.response["violations"])
    wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    if wide:
        found.append(f"{place}: wider than the window")


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("lang", ["zh-CN", "en"])
async def test_axe_finds_nothing_on_the_way_from_login_to_logout(
    browser: Browser, town: Town, width: int, lang: str
) -> None:
    context = await browser.new_context(locale=lang, viewport={"width": width, "height": 800})
    page = await context.new_page()
    found: list[str] = []
    person = town.people["lisi" if (width, lang) == (320, "zh-CN") else "zhangsan"]

    await page.goto(f"{town.issuer}/nowhere")
    await examine(page, "error", found)
    await page.goto(town.issuer)
    await examine(page, "welcome", found)
    await page.goto(f"{town.portal}/me")
    await examine(page, "login", found)
    await fill_password(page, person, "not this one")
    await examine(page, "wrong password", found)
    await fill_password(page, person)
    if person.totp_secret:
        await examine(page, "one-time password", found)
        await page.fill("[name=otp]", person.code())
        await page.click("main button[type=submit]")
    if await page.locator("button[value=allow]").count():
        await examine(page, "consent", found)
    await agree_if_asked(page)
    await examine(page, "portal", found)
    await page.goto(f"{town.credit}/me")
    await agree_if_asked(page)
    await examine(page, "credit", found)
    await page.goto(town.issuer)
    await examine(page, "overview", found)
    await page.goto(f"{town.issuer}/end_session")
    await examine(page, "logout", found)
    await page.click("button[value=logout]")
    await examine(page, "logged out", found)
    await context.close()
    assert found == []
