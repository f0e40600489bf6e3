"""Fixtures of the journeys: a running town once per worker, and browsers that are watched."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from tests.journeys.town import Town, running_town
from tests.journeys.watch import Watch

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
