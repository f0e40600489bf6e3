"""A tab on a slow line, whose buttons are tapped twice: the second tap ends the first request, its answer is unseen."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from playwright.async_api import CDPSession, Locator, Page, Request, Response

from tests.journeys.steps import fill_code, fill_password
from tests.journeys.town import Person, Town

LATENCY_MILLISECONDS = 900
BETWEEN_SECONDS = 0.25
"""Sooner than the first answer is there."""
LATER_SECONDS = 1.2
"""The first answer, a redirect, is there; what it leads to is not."""
SUBMIT = "main form button[type=submit]:visible"


@dataclass
class Slow:
    """A tab on a slow line, and what nobody should have seen in it."""

    page: Page
    between: float = BETWEEN_SECONDS
    refused: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)

    async def tap(self, button: str | Locator = SUBMIT) -> None:
        """Press a button of a form, and again; go on when another page is there."""
        target = (self.page.locator(button) if isinstance(button, str) else button).first
        await target.scroll_into_view_if_needed()
        box = await target.bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        before = len(self.posts)
        async with self.page.expect_event("domcontentloaded"):
            await self.page.mouse.click(x, y)
            await asyncio.sleep(self.between)
            await self.page.mouse.click(x, y)
        assert self.posts[before:] in ([self.posts[before]] * 2, [self.posts[before]])
        assert await self.page.locator(".alert#error").all_inner_texts() == []

    async def fill(self, **fields: str) -> None:
        """What somebody types."""
        for name, value in fields.items():
            await self.page.fill(f"main [name={name}]", value)

    def sent_twice(self) -> int:
        """How many forms the browser did send twice."""
        return sum(one == other for one, other in zip(self.posts, self.posts[1:], strict=False))


async def newcomer(town: Town, **told: Any) -> Person:
    """Somebody new, while the others go on."""
    return await asyncio.to_thread(partial(town.newcomer, **told))


async def slow(page: Page, between: float = BETWEEN_SECONDS) -> Slow:
    """Let a tab have a slow line."""
    made = Slow(page, between)

    def watch(response: Response) -> None:
        if response.request.is_navigation_request() and response.status >= 400:
            made.refused.append(f"{response.status} {response.url}")

    def count(request: Request) -> None:
        if request.method == "POST":
            made.posts.append(f"{request.url} {request.post_data}")

    page.on("response", watch)
    page.on("request", count)
    await throttled(await page.context.new_cdp_session(page))
    return made


async def throttled(devtools: CDPSession) -> None:
    """Each answer comes so much later."""
    await devtools.send("Network.enable")
    conditions = {"offline": False, "downloadThroughput": -1, "uploadThroughput": -1}
    await devtools.send("Network.emulateNetworkConditions", {"latency": LATENCY_MILLISECONDS, **conditions})


async def logged_in(page: Page, town: Town, person: Person) -> None:
    """With whatever the account asks for, on a line as everybody has it."""
    await page.goto(f"{town.issuer}/login")
    await fill_password(page, person)
    if person.totp_secret:
        await fill_code(page, person.code())
    await page.wait_for_url(f"{town.issuer}/")
