"""The town: everything that `./dev run` starts, once per worker, and short words for what people do in it."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.support.ports import free_port, listens

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account."""

    username: str
    password: str
    totp_secret: str | None

    def code(self) -> str:
        """What the authenticator app shows now."""
        assert self.totp_secret is not None
        return pyotp.TOTP(self.totp_secret).now()


@dataclass(frozen=True, slots=True)
class Town:
    """The addresses and the people of a running demo."""

    issuer: str
    portal: str
    credit: str
    people: dict[str, Person]
    cli: list[str]

    def command(self, *arguments: str) -> Any:
        """Run the town's `idp ARGUMENTS --json`."""
        done = subprocess.run(
            [*self.cli, *arguments, "--json"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A running demo."""
    folder = tmp_path_factory.mktemp("town")
    ready = folder / "ready.json"
    command = [sys.executable, "-m", "idp.demo", "--port", str(_three_ports())]
    with (folder / "log").open("wb") as log:
        demo = subprocess.Popen(
            [*command, "--data", str(folder / "data"), "--ready", str(ready)],
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_for(ready, demo, folder / "log")
        yield _read(json.loads(ready.read_text("utf-8")))
    finally:
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(PATIENCE) == 0


@pytest.fixture
async def plain_page(browser: Browser) -> AsyncIterator[Page]:
    """A tab without JavaScript."""
    context = await browser.new_context(locale="zh-CN", java_script_enabled=False)
    yield await context.new_page()
    await context.close()


async def fill_password(page: Page, person: Person, password: str | None = None) -> None:
    """Fill in the login form and send it."""
    await page.fill("[name=username]", person.username)
    await page.fill("[name=password]", password or person.password)
    await page.click("main button[type=submit]")


async def agree_if_asked(page: Page) -> None:
    """Say yes on the consent page, where there is one."""
    if await page.locator("button[value=allow]").count():
        await page.click("button[value=allow]")


async def enter_portal(page: Page, town: Town, person: Person) -> None:
    """Log in by way of the portal, from its home page."""
    await page.goto(town.portal)
    await page.click("#login")
    await fill_password(page, person)
    if person.totp_secret:
        await page.fill("[name=otp]", person.code())
        await page.click("main button[type=submit]")
    await agree_if_asked(page)
    await expect(page.locator("#logout")).to_be_visible()


def _three_ports() -> int:
    while True:
        port = free_port()
        if port < 65_000 and not any(listens(port + offset) for offset in range(3)):
            return port


def _wait_for(ready: Path, demo: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not ready.exists():
        assert demo.poll() is None, log.read_text("utf-8")
        assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.05)


def _read(ready: dict[str, Any]) -> Town:
    people = {
        account["username"]: Person(account["username"], account["password"], account.get("totp_secret"))
        for account in ready["accounts"]
    }
    portal, credit = (system["url"] for system in ready["systems"])
    return Town(ready["issuer"], portal, credit, people, ready["cli"])
