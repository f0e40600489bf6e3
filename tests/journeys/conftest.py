"""Fixtures of the journeys: a running town once per worker, and browsers that are watched."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.journeys.passkeys import House
from tests.journeys.town import Town, running_town
from tests.journeys.watch import Watch
from tests.support.inprocess import provider
from tests.support.ports import free_port
from tests.support.serving import served

Visitor = Callable[..., Awaitable[BrowserContext]]


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A running demo."""
    with running_town(tmp_path_factory.mktemp("town")) as running:
        yield running


@pytest.fixture
async def visitor(browser: Browser) -> AsyncIterator[Visitor]:
    """Makes the browser of one more person, Chinese unless said otherwise; at the end nothing may have been found."""
    opened: list[tuple[BrowserContext, Watch]] = []

    async def arrive(**options: Any) -> BrowserContext:
        context = await browser.new_context(**{"locale": "zh-CN", **options})
        opened.append((context, Watch(context)))
        return context

    yield arrive
    for context, _ in opened:
        await context.close()
    assert [finding for _, watch in opened for finding in watch.findings] == []


@pytest.fixture
async def page(visitor: Visitor) -> Page:
    """A tab of a person who has never been here before."""
    return await (await visitor()).new_page()


@pytest.fixture
async def house(visitor: Visitor, tmp_path: Path) -> AsyncIterator[House]:
    """One of the test's own."""
    url = f"http://localhost:{free_port()}"
    async with provider(tmp_path, issuer=url, demo=True) as running:
        await running.open_account("zhangsan")
        async with served(running.dispatcher, url):
            context = await visitor()
            yield House(running, url, context, await context.new_page())
            await context.close()  # it may still ask how far something has come
