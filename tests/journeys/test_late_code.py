"""A code that comes too late, or comes back: the system says so and logs in anew. The test turns the clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect
from starlette.types import ASGIApp, Receive, Scope, Send

from clients.common.settings import read_settings
from clients.portal.app import ABOUT, build
from clients.sdk import Sources, system_sources
from tests.journeys.steps import agree_if_asked, enter_portal, log_in
from tests.journeys.town import Person, Town
from tests.support.inprocess import PASSWORD, Clock, provider
from tests.support.ports import LOOPBACK, free_port
from tests.support.serving import served

pytestmark = pytest.mark.anyio

CODE_SECONDS = 60


async def test_an_expired_code_gives_a_readable_page_and_a_way_on(page: Page, tmp_path: Path) -> None:
    clock = Clock()
    async with portal_of_its_own(tmp_path, clock) as url:
        await page.goto(f"{url}/me")
        await log_in(page, Person("zhangsan", "张三", PASSWORD, None))
        await expect(page.get_by_role("heading", level=1)).to_have_text("登录没有完成")
        await expect(page.locator("main")).to_contain_text("已经用过或者过期，请重新登录")
        await page.get_by_role("link", name="重新登录").click()
        await agree_if_asked(page)
        await expect(page).to_have_url(f"{url}/me")
        await expect(page.locator("#name")).to_have_text("张三")


async def test_an_answer_of_another_browser_logs_nobody_in(page: Page, town: Town) -> None:
    answers: list[str] = []
    page.on("request", lambda request: answers.append(request.url) if "/callback?" in request.url else None)
    await enter_portal(page, town, town.people["zhangsan"])
    await page.context.clear_cookies()
    await page.goto(answers[-1])
    await expect(page.get_by_role("heading", level=1)).to_have_text("登录没有完成")
    await expect(page.locator("#login")).to_be_visible()
    await page.get_by_role("link", name="重新登录").click()
    await log_in(page, town.people["zhangsan"])
    await agree_if_asked(page)
    await expect(page.locator("#name")).to_have_text("张三")


@asynccontextmanager
async def portal_of_its_own(folder: Path, clock: Clock) -> AsyncIterator[str]:
    """A provider and a portal that live by the clock; the portal's address."""
    issuer, url = (f"http://{LOOPBACK}:{free_port()}" for _ in range(2))
    async with provider(folder, issuer=issuer, demo=True, clock=clock, code_lifetime=CODE_SECONDS) as idp:
        await idp.open_account("zhangsan")
        client, secret = await idp.register(client_name="门户", redirect_uris=[f"{url}/callback"])
        values = {
            "ISSUER": issuer,
            "CLIENT_ID": client.client_id,
            "CLIENT_SECRET": str(secret),
            "URL": url,
            "HOST": LOOPBACK,
            "PORT": url.rsplit(":", 1)[1],
            "SECRET": "s" * 32,
        }
        settings = read_settings({f"SYSTEM_{name}": value for name, value in values.items()}, ABOUT)
        sources = Sources(now=clock, new_token=system_sources().new_token)
        portal = FirstAnswerLate(build(settings, sources=sources), clock)
        async with served(idp.dispatcher, issuer), served(portal, url):
            yield url


class FirstAnswerLate:
    """A system that the first answer of the provider reaches too late."""

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock
        self._late = CODE_SECONDS + 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/callback":
            self._clock.forward(self._late)
            self._late = 0
        await self._app(scope, receive, send)
