"""The operating system's Chromium, driven by playwright."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

from devtools import machine

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
"""Without a sandbox, since root cannot have one; silent otherwise: it looks for its maker at every start."""

PATIENCE_MILLISECONDS = 30_000
"""As long as playwright waits for everything but an expectation: a busy machine is late, not wrong."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """A browser with an empty profile; a context of it is one person's browser."""
    program = machine.chromium()
    if program is None:
        raise FileNotFoundError("Chromium is not installed; ./dev test installs it")
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        try:
            yield browser
        finally:
            await browser.close()
