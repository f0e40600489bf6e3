"""kill -9 under load: nothing whose answer somebody has seen is missing afterwards."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from tests.resilience.flows import claims, is_logged_in
from tests.resilience.live import Live, live
from tests.resilience.template import Template
from tests.support import raw_sql
from tests.support.browserless import Browserless

pytestmark = pytest.mark.anyio

KILLS = 20
FAMILIES = 4


@dataclass
class Seen:
    """What answers have told the load so far."""

    refresh_tokens: dict[int, str] = field(default_factory=dict)
    browsers: list[Browserless] = field(default_factory=list)
    jtis: set[str] = field(default_factory=set)
    answers: int = 0

    def token(self, response: httpx2.Response) -> dict[str, str]:
        """Note an access token."""
        assert response.status_code == 200, response.text
        given: dict[str, str] = response.json()
        self.jtis.add(claims(given["access_token"])["jti"])
        self.answers += 1
        return given


async def test_nothing_that_was_answered_is_lost(database_url: str, tmp_path: Path, redis_url: str) -> None:
    key_value_url = "sql" if database_url.startswith("sqlite") else redis_url
    async with (
        live(tmp_path, DATABASE_URL=database_url, KEY_VALUE_URL=key_value_url) as running,
        AsyncExitStack() as stack,
    ):
        process = Template.of(running.instance)
        stack.callback(process.close)
        await asyncio.to_thread(process.start)
        seen = Seen()
        for family in range(FAMILIES):
            browser, code = await running.log_in()
            seen.browsers.append(browser)
            seen.refresh_tokens[family] = seen.token(await running.system.redeem(code))["refresh_token"]
        for kill in range(KILLS):
            load = asyncio.gather(*_load(running, seen))
            # Moments that fall anywhere between 0.3 and 0.8 s, the same ones in every run.
            await asyncio.sleep(0.3 + kill * 0.618 % 0.5)
            await asyncio.to_thread(process.kill)
            await load
            await asyncio.to_thread(process.start)
            await _nothing_is_missing(running, seen)
        assert seen.answers > KILLS * 10
        assert seen.jtis <= _audited(database_url)


def _load(running: Live, seen: Seen) -> list[Awaitable[None]]:
    async def refresh(family: int) -> None:
        given = seen.token(await running.system.refresh(seen.refresh_tokens[family]))
        seen.refresh_tokens[family] = given["refresh_token"]

    async def credentials() -> None:
        seen.token(await running.system.credentials())

    async def log_in() -> None:
        browser, code = await running.log_in()
        seen.browsers.append(browser)
        seen.token(await running.system.redeem(code))

    steps = [*(lambda family=family: refresh(family) for family in range(FAMILIES)), credentials, log_in]
    return [_again_and_again(step) for step in steps]


async def _again_and_again(step: Callable[[], Awaitable[None]]) -> None:
    """Until the line breaks."""
    while True:
        try:
            await step()
        except httpx2.TransportError:
            return


async def _nothing_is_missing(running: Live, seen: Seen) -> None:
    for family, token in seen.refresh_tokens.items():
        seen.refresh_tokens[family] = seen.token(await running.system.refresh(token))["refresh_token"]
    logged_in = await asyncio.gather(*[is_logged_in(browser) for browser in seen.browsers[-6:]])
    assert logged_in == [True] * len(logged_in)
    assert await is_logged_in(seen.browsers[0])
    # A login that was killed between its guess and its success is a guess; on a slow machine five come in a row.
    browser, _ = await running.log_in()
    assert await is_logged_in(browser)


def _audited(database_url: str) -> set[str]:
    rows = raw_sql.rows(database_url, "SELECT detail FROM audit_events WHERE event LIKE 'token.%'")
    return {json.loads(row["detail"]).get("jti") for row in rows}
