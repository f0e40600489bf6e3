"""The watch over every journey sees what it is there to see."""

import pytest
from playwright.async_api import Browser

from tests.journeys.town import Town
from tests.journeys.watch import Watch

pytestmark = pytest.mark.anyio


async def test_a_page_that_reaches_outside_or_breaks_its_policy_is_found(
    browser: Browser, town: Town
) -> None:
    context = await browser.new_context()
    watch = Watch(context)
    await context.route("http://192.0.2.1/**", lambda route: route.abort())
    page = await context.new_page()
    await page.goto(town.issuer)
    assert watch.findings == []
    async with page.expect_console_message(lambda message: "style-src" in message.text):
        await page.evaluate("document.head.insertAdjacentHTML('beforeend', '<style>p {}</style>')")
    await page.goto("about:blank")
    async with page.expect_request("http://192.0.2.1/spy.png"):
        await page.evaluate("new Image().src = 'http://192.0.2.1/spy.png'")
    await context.close()
    assert [finding.split(":")[0] for finding in watch.findings] == ["console", "outside"]
