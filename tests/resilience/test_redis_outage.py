"""Redis stops while the provider runs: who is logged in stays so, the rest says 503, and it comes back by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.resilience.flows import is_logged_in, readable
from tests.resilience.live import Live, live
from tests.support.browserless import Browserless, Page
from tests.support.redis import Redis
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def redis() -> Iterator[Redis]:
    """One that may be stopped."""
    with Redis.start() as running:
        yield running


async def test_without_redis_those_who_are_logged_in_go_on(
    postgres_url: str, redis: Redis, tmp_path: Path
) -> None:
    async with live(tmp_path, DATABASE_URL=postgres_url, KEY_VALUE_URL=redis.url) as running:
        running.processes[0].start()
        browser, code = await running.log_in()
        given = (await running.system.redeem(code)).json()
        redis.process.stop()
        for _ in range(3):
            given = await _goes_on(running, browser, given)
        await _says_that_it_cannot(running, browser)
        redis.process.start()
        await eventually(lambda: _is_healthy(running))
        await _goes_on(running, browser, given)
        await running.tokens(browser)
        stranger, code = await running.log_in()
        assert await is_logged_in(stranger)
        assert (await running.system.redeem(code)).status_code == 200


async def _goes_on(running: Live, browser: Browserless, given: dict[str, str]) -> dict[str, str]:
    system = running.system
    assert await is_logged_in(browser)
    assert (await system.userinfo(given["access_token"])).status_code == 200
    assert (await system.credentials()).status_code == 200
    asked = await system.http.post(
        "/introspect", data={"token": given["access_token"]}, auth=(system.client_id, system.secret)
    )
    assert asked.json()["active"] is True
    refreshed = await system.refresh(given["refresh_token"])
    assert refreshed.status_code == 200
    assert (await system.http.get("/jwks")).status_code == 200
    return dict(refreshed.json())


async def _says_that_it_cannot(running: Live, browser: Browserless) -> None:
    """A page for people, JSON for machines, and when to come back."""
    readable(await browser.client.get(running.instance.issuer + running.system.authorize_url()))
    stranger = running.browser()
    form_page = await stranger.open(running.system.authorize_url())
    assert isinstance(form_page, Page)
    form = form_page.form_with("password")
    assert form is not None
    who = {"username": running.account.username, "password": running.account.password}
    readable(
        await stranger.client.post(
            form.action, data={**form.fields, **who}, headers={"origin": stranger.origin}
        )
    )
    for_machine = await running.system.redeem("zac_lost")
    assert for_machine.status_code == 503
    assert for_machine.json()["error"] == "temporarily_unavailable"
    assert int(for_machine.headers["retry-after"]) > 0
    ready = await running.system.http.get("/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "degraded")


async def _is_healthy(running: Live) -> bool:
    answer = await running.system.http.get("/health/ready")
    return answer.status_code == 200 and answer.json()["status"] == "ok"
