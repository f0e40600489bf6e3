"""`python -m tests.journeys.screenshots`: pictures of the main pages of a demonstration, into docs/images."""

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, ViewportSize

from tests.journeys.steps import (
    ALLOW,
    COMPANY,
    accept_invitation,
    act_for,
    bind_company,
    consent_as,
    fill_code,
    fill_password,
    invite_agent,
    province_away,
    to_the_province,
)
from tests.journeys.town import Person, Town, running_town
from tests.support.chromium import chromium

FOLDER = Path(__file__).parents[2] / "docs" / "images"
LARGEST = 120 * 1024
DESK: ViewportSize = {"width": 1000, "height": 640}
PHONE: ViewportSize = {"width": 390, "height": 780}


class Camera:
    """Takes pictures of one tab."""

    def __init__(self, town: Town, page: Page) -> None:
        self.town = town
        self.page = page

    async def go(self, path: str) -> None:
        """Open a path of the provider."""
        await self.page.goto(self.town.issuer + path)

    async def log_in(self, person: Person) -> None:
        """At the user centre."""
        await self.go("/login")
        await fill_password(self.page, person)
        if person.totp_secret:
            await fill_code(self.page, person.code())
        await self.page.wait_for_url(f"{self.town.issuer}/")

    async def take(self, name: str, path: str = "") -> None:
        """A picture of a path, or of what is shown."""
        if path:
            await self.go(path)
        await self.page.evaluate("document.activeElement?.blur()")
        target = FOLDER / f"{name}.png"
        await self.page.screenshot(path=target)
        if target.stat().st_size > LARGEST:
            raise SystemExit(f"{target.name}: {target.stat().st_size} bytes, at most {LARGEST}")


async def camera(browser: Browser, town: Town, size: ViewportSize, **options: str) -> Camera:
    """The browser of one more person."""
    context = await browser.new_context(**{"locale": "zh-CN", **options}, viewport=size)  # type: ignore[arg-type]
    return Camera(town, await context.new_page())


async def outside(desk: Camera, phone: Camera) -> None:
    """Before anybody has logged in."""
    await desk.take("start", "/")
    await desk.page.goto(f"{desk.town.portal}/me")
    await desk.take("login")
    await fill_password(desk.page, desk.town.newcomer())
    await desk.page.wait_for_selector(ALLOW)
    await desk.take("consent")
    await phone.go("/?elder=1")
    await phone.take("elder-login", "/login")
    await phone.take("recover", "/recover?elder=0")


async def inside(desk: Camera, phone: Camera) -> None:
    """The user centre of somebody who represents a company, and of the agent."""
    town, number = desk.town, desk.town.phone()
    agent = town.newcomer(name="周九", phone=number)
    await desk.log_in(town.representative())
    await bind_company(desk.page, town)
    await invite_agent(desk.page, town, agent.name, number)
    await desk.take("organization")
    for name in ("real-name", "security", "sessions", "systems", "mandates", "events", "data"):
        await desk.take(name, f"/me/{name}")
    await desk.take("overview", "/")
    await phone.log_in(agent)
    await phone.take("invitation", "/me/mandates")
    await accept_invitation(phone.page, town)
    await phone.take("acting", "/acting")
    await act_for(phone.page, town, COMPANY)
    await phone.take("elder-overview", "/?elder=1")


async def from_the_province(desk: Camera) -> None:
    """Somebody whom the province knows; and the page when it does not answer."""
    with province_away(desk.town, "500"):
        await to_the_province(desk.page, desk.town)
        await consent_as(desk.page, "𠮷祥")
        await desk.page.wait_for_selector("#error")
        await desk.take("province-away")
    await desk.page.context.clear_cookies()  # there too: it remembers who logged in
    await to_the_province(desk.page, desk.town)
    await consent_as(desk.page, "𠮷祥")
    await desk.page.wait_for_url(f"{desk.town.issuer}/")
    await desk.take("upstreams", "/me/upstreams")


async def at_the_counter(desk: Camera) -> None:
    """The first pages of the staff."""
    await desk.log_in(desk.town.staff("counter", "supervisor"))
    await desk.take("counter", "/counter")
    await desk.take("counter-register", "/counter/register")
    child = desk.town.newcomer(level=1, name="孙小宝", certificate=("111", "410411201606010034"))
    await desk.page.goto(f"{desk.town.issuer}/counter/guardian")
    await desk.page.fill("[name=child]", child.username)
    await desk.page.fill("[name=guardian]", desk.town.newcomer(name="孙大", phone=desk.town.phone()).username)
    await desk.page.click("button[type=submit]")
    await desk.take("counter-guardian")


async def main() -> None:
    """All pictures, from a town of their own."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, running_town(Path(folder)) as town:
        async with chromium() as browser:
            await outside(await camera(browser, town, DESK), await camera(browser, town, PHONE))
            await inside(await camera(browser, town, DESK), await camera(browser, town, PHONE))
            await from_the_province(await camera(browser, town, DESK))
            await at_the_counter(await camera(browser, town, DESK))
            dark = await camera(browser, town, DESK, color_scheme="dark", locale="en")
            await dark.take("login-dark-english", "/login")


if __name__ == "__main__":
    asyncio.run(main())
