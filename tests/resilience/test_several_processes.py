"""Single sign-on across workers and processes: one of them dies, and nobody is logged out."""

import asyncio
import os
import signal
from pathlib import Path

import httpx2
import pytest

from tests.resilience.flows import enter, is_logged_in
from tests.resilience.live import Live, live
from tests.resilience.workers import has_workers, lives, workers
from tests.support import raw_sql
from tests.support.browserless import Browserless
from tests.support.nginx import Nginx
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.anyio

REQUESTS = 24
FROM_AFAR = "127.0.0.2"
FROM_ELSEWHERE = "127.0.0.3"


async def test_sign_on_holds_across_workers(database_url: str, tmp_path: Path) -> None:
    async with live(tmp_path, DATABASE_URL=database_url, KEY_VALUE_URL="sql", WORKERS="2") as running:
        [process] = running.processes
        process.start()
        await eventually(lambda: has_workers(process.pid, 2))
        browser, code = await running.log_in()
        refresh_token = (await running.system.redeem(code)).json()["refresh_token"]
        refresh_token = await _all_is_well(running, browser, refresh_token)
        [victim, _] = workers(process.pid)
        os.kill(victim, signal.SIGKILL)
        await until(
            lambda: not lives(victim)
        )  # what is sent to one that is dying is lost, with us as with anybody
        refresh_token = await _all_is_well(running, browser, refresh_token)
        await eventually(lambda: has_workers(process.pid, 2))
        assert victim not in workers(process.pid)
        await _all_is_well(running, browser, refresh_token)


async def test_sign_on_holds_across_processes_behind_a_proxy(
    postgres_url: str, redis_url: str, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    with Nginx.start(ports) as proxy:
        stores = {"DATABASE_URL": postgres_url, "KEY_VALUE_URL": redis_url}
        settings = {"ISSUER": proxy.url, "TRUSTED_PROXIES": LOOPBACK, **stores}
        async with live(tmp_path, ports=ports, **settings) as running:
            for process in running.processes:
                process.start()
            browser, code = await running.log_in(FROM_AFAR)
            refresh_token = (await running.system.redeem(code)).json()["refresh_token"]
            refresh_token = await _all_is_well(running, browser, refresh_token)
            running.processes[0].kill()
            refresh_token = await _all_is_well(running, browser, refresh_token)
            running.processes[0].start()
            await _all_is_well(running, browser, refresh_token)
            await _address_is_what_the_proxy_says(running, ports[0])


async def _all_is_well(running: Live, browser: Browserless, refresh_token: str) -> str:
    """Every request finds the session and the grant, whoever answers it; the newest refresh token."""
    assert await asyncio.gather(*[is_logged_in(browser) for _ in range(REQUESTS)]) == [True] * REQUESTS
    codes = await asyncio.gather(*[enter(browser, running.system) for _ in range(REQUESTS)])
    answers = await asyncio.gather(*[running.system.redeem(code) for code in codes])
    assert {answer.status_code for answer in answers} == {200}
    for _ in range(4):
        answer = await running.system.refresh(refresh_token)
        assert answer.status_code == 200, answer.text
        refresh_token = answer.json()["refresh_token"]
        assert (await running.system.userinfo(answer.json()["access_token"])).status_code == 200
    return refresh_token


async def _address_is_what_the_proxy_says(running: Live, port: int) -> None:
    """The header is believed from the proxy's address alone, and the proxy writes it anew."""
    found = raw_sql.rows(
        running.database_url, "SELECT address FROM audit_events WHERE event = 'login.succeeded'"
    )
    assert found == [{"address": FROM_AFAR}]
    stranger = httpx2.AsyncHTTPTransport(local_address=FROM_ELSEWHERE)
    async with httpx2.AsyncClient(transport=stranger, headers={"x-forwarded-for": "192.0.2.1"}) as http:
        for origin in (running.instance.issuer, f"http://{LOOPBACK}:{port}"):
            answer = await http.post(
                f"{origin}/token", data={"grant_type": "client_credentials"},
                auth=(running.system.client_id, running.system.secret),
            )  # fmt: skip
            assert answer.status_code == 200
    found = raw_sql.rows(
        running.database_url,
        "SELECT DISTINCT address FROM audit_events WHERE detail LIKE '%client_credentials%'",
    )
    assert found == [{"address": FROM_ELSEWHERE}]
