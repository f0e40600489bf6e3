"""What people do again and again, in words; each step ends in a state, none waits for time to pass."""

from playwright.async_api import Page, expect

from tests.journeys.town import Person, Town

ALLOW = "button[value=allow]"
DENY = "button[value=deny]"


async def fill_password(page: Page, person: Person, password: str | None = None) -> None:
    """Fill in the login form and send it."""
    await page.fill("[name=username]", person.username)
    await page.fill("[name=password]", password or person.password)
    await page.click("main button[type=submit]")


async def fill_code(page: Page, code: str) -> None:
    """Fill in the form for the one-time password and send it."""
    await page.fill("[name=otp]", code)
    await page.click("main button[type=submit]")


async def agree_if_asked(page: Page) -> None:
    """Say yes on the consent page where there is one; end at the system."""
    system = page.locator("main#content")
    await expect(page.locator(ALLOW).or_(system)).to_be_visible()
    if await page.locator(ALLOW).is_visible():
        await page.click(ALLOW)
    await expect(system).to_be_visible()


async def log_in(page: Page, person: Person) -> None:
    """From the login form into the system behind it."""
    await fill_password(page, person)
    if person.totp_secret:
        await fill_code(page, person.code())
    await agree_if_asked(page)


async def enter_portal(page: Page, town: Town, person: Person) -> None:
    """Log in by way of the portal, from its home page."""
    await page.goto(town.portal)
    await page.click("#login")
    await log_in(page, person)
    await expect(page.locator("#name")).to_have_text(person.name)


async def enter_credit(page: Page, town: Town) -> None:
    """Open the credit system while logged in."""
    await page.goto(f"{town.credit}/login?next=/")
    await agree_if_asked(page)
    await expect(page.locator("#logout")).to_be_visible()


async def log_out(page: Page) -> None:
    """By the button of the system that the page belongs to."""
    await page.click("#logout")
    await expect(page.locator("#logged-out")).to_be_visible()


async def expect_nobody_anywhere(page: Page, town: Town) -> None:
    """Neither system nor the provider knows who sits here."""
    for system in (town.portal, town.credit):
        await page.goto(system)
        await expect(page.locator("#login")).to_be_visible()
        await expect(page.locator("#name")).to_have_count(0)
    await page.goto(town.issuer)
    await expect(page.get_by_role("heading", level=1)).to_have_text("一次登录，办全区的事")
