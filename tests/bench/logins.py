"""Password logins per core-second beside what argon2 itself allows."""

import asyncio
import time
from dataclasses import dataclass

from tests.bench.machine import ProcessTree, argon2_seconds, pinned
from tests.bench.target import Target
from tests.support.browserless import Browserless, Callback, Form, Page
from tests.support.instance import Account

BROWSERS = 4
SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Logins:
    """Both rates, per second of server CPU."""

    logins: float
    argon2: float

    def __str__(self) -> str:
        share = 100 * self.logins / self.argon2
        rates = f"{self.logins:.1f} logins, {self.argon2:.1f} bare argon2 verifications"
        return f"{rates} per core·s ({share:.0f} %)"


async def measure_logins(target: Target, accounts: list[Account], cores: set[int]) -> Logins:
    """Several browsers log in one after the other, each time through the form."""
    browsers = [Browserless(target.origin, headers=target.headers) for _ in range(BROWSERS)]
    try:
        forms = [await login_form(browser, target) for browser in browsers]
        tree = ProcessTree(target.pid)
        with pinned(cores):
            before = argon2_seconds()
        cpu, end = tree.cpu_seconds(), time.perf_counter() + SECONDS
        pairs = zip(browsers, forms, strict=True)
        counts = await asyncio.gather(
            *(
                _keep_logging_in(pair, accounts[number % len(accounts)], end)
                for number, pair in enumerate(pairs)
            )
        )
        cpu = tree.cpu_seconds() - cpu
        with pinned(cores):
            argon2 = (before + argon2_seconds()) / 2
    finally:
        for browser in browsers:
            await browser.close()
    return Logins(sum(counts) / cpu, 1 / argon2)


async def login_form(browser: Browserless, target: Target) -> Form:
    """Our login page, opened by a system."""
    page = await browser.open(target.authorize_path())
    form = page.form_with("password") if isinstance(page, Page) else None
    if form is None:
        raise AssertionError(f"no login form at {page.url}")
    return form


async def _keep_logging_in(pair: tuple[Browserless, Form], account: Account, end: float) -> int:
    browser, form = pair
    count = 0
    while time.perf_counter() < end:
        # A sending of its own each time: the same one sent twice gets the first one's answer.
        own = {"username": account.username, "password": account.password, "attempt": f"bench{count}"}
        landed = await browser.submit(form, **own)
        if not isinstance(landed, Callback):
            raise AssertionError(f"the login failed: {landed.status} {landed.url}\n{landed.text[:1000]}")
        count += 1
    return count
