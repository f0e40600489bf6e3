"""The database stops, or its disk is full: 503 and never 500, nothing that was answered is lost, all comes back."""

import asyncio
import json
import os
import resource
import signal
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from tests.resilience.flows import System, claims, is_logged_in, readable
from tests.resilience.live import REGISTRATION, Live, live
from tests.support import raw_sql
from tests.support.browserless import Browserless, Callback
from tests.support.postgres import Postgres, wait_until_ready
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A PostgreSQL that may be stopped."""
    with Postgres.start() as running:
        yield running


async def test_while_postgresql_is_stopped_everything_says_so_and_comes_back(
    server: Postgres, redis_url: str, tmp_path: Path
) -> None:
    async with live(tmp_path, DATABASE_URL=server.url, KEY_VALUE_URL=redis_url, WORKERS="2") as running:
        [process] = running.processes
        process.start()
        browser, code = await running.log_in()
        given = (await running.system.redeem(code)).json()
        server.process.stop()
        for _ in range(4):
            await _says_that_it_cannot(running, browser, given)
        # A worker that dies now is replaced by one that cannot begin yet; the service must not end with it.
        for worker in _children(process.pid):
            os.kill(worker, signal.SIGKILL)
        await eventually(lambda: _status(running, "/token", 503))
        await _says_that_it_cannot(running, browser, given)
        server.process.start()
        wait_until_ready(server.url)
        await eventually(lambda: _all_answer(running))
        await eventually(lambda: _knows(running, browser))
        refreshed = (await _answered(lambda: running.system.refresh(given["refresh_token"]))).json()
        seen = await _answered(lambda: running.system.userinfo(refreshed["access_token"]))
        assert seen.status_code == 200
        await eventually(lambda: _enters(running, browser))
        await _hears_of_changes(running)


async def _says_that_it_cannot(running: Live, browser: Browserless, given: dict[str, str]) -> None:
    system, issuer = running.system, running.instance.issuer
    readable(await browser.client.get(issuer + "/"))
    readable(await browser.client.get(issuer + system.authorize_url()))
    answers = await asyncio.gather(
        system.credentials(),
        system.refresh(given["refresh_token"]),
        system.userinfo(given["access_token"]),
        system.http.post("/token", data={"grant_type": "client_credentials"}, auth=("nobody", "nothing")),
    )
    for answer in answers:
        assert answer.status_code == 503, answer.text
        assert answer.json()["error"] == "temporarily_unavailable"
        assert int(answer.headers["retry-after"]) > 0
    assert await _status(running, "/health/ready", 503)
    assert await _status(running, "/health/live", 200)


async def _status(running: Live, path: str, status: int) -> bool:
    """Over a connection of its own, so that any worker may answer."""
    async with httpx2.AsyncClient(base_url=running.instance.issuer, trust_env=False) as http:
        try:
            method = "POST" if path == "/token" else "GET"
            form = {"grant_type": "client_credentials"} if path == "/token" else None
            auth = (running.system.client_id, running.system.secret)
            answer = await http.request(method, path, data=form, auth=auth)
        except httpx2.TransportError:
            return False
        return answer.status_code == status


async def _all_answer(running: Live) -> bool:
    return all(await asyncio.gather(*[_status(running, "/token", 200) for _ in range(12)]))


async def _knows(running: Live, browser: Browserless) -> bool:
    """Whether a page says that the person is logged in, and not that it cannot be looked up now."""
    answer = await browser.client.get(running.instance.issuer + "/")
    return answer.status_code == 200 and "/end_session" in answer.text


async def _answered(ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
    """What a client that heeds Retry-After gets: the last worker may still be on its way back."""
    answers: list[httpx2.Response] = []

    async def other_than_later() -> bool:
        answers.append(await ask())
        return answers[-1].status_code != 503

    await eventually(other_than_later)
    return answers[-1]


async def _enters(running: Live, browser: Browserless) -> bool:
    """Whether a whole login works, whichever worker answers."""
    here = await browser.open(running.system.authorize_url())
    if not isinstance(here, Callback):
        return False
    return (await running.system.redeem(here.parameters["code"])).status_code == 200


async def _hears_of_changes(running: Live) -> None:
    """What watches the database in the background has outlived the outage."""
    made = await asyncio.to_thread(running.instance.create_client, "新系统", *REGISTRATION)
    newcomer = System(made.client_id, made.client_secret, running.system.http)

    async def known() -> bool:
        return (await newcomer.credentials()).status_code == 200

    await eventually(known)


def _children(server: int) -> list[int]:
    listed = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    return [
        child for child in map(int, listed) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def _largest_file(folder: Path) -> int:
    return max(path.stat().st_size for path in folder.iterdir())


async def test_a_full_disk_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    async with live(tmp_path) as running:
        [process] = running.processes
        process.start()
        browser, code = await running.log_in()
        given = (await running.system.redeem(code)).json()
        largest = _largest_file(tmp_path)
        # No file of the server may grow beyond that: what a full disk does, without filling one.
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (largest + 200_000, resource.RLIM_INFINITY))
        jtis, answers = set(), list[httpx2.Response]()
        while len(answers) < 4000 and 503 not in {answer.status_code for answer in answers[-20:]}:
            answers += await asyncio.gather(*[running.system.credentials() for _ in range(20)])
        for answer in answers:
            if answer.status_code == 200:
                jtis.add(claims(answer.json()["access_token"])["jti"])
        assert {answer.status_code for answer in answers} == {200, 503}
        refused = [answer for answer in answers if answer.status_code == 503]
        assert {answer.json()["error"] for answer in refused} == {"temporarily_unavailable"}
        assert await is_logged_in(browser)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        refreshed = await running.system.refresh(given["refresh_token"])
        assert refreshed.status_code == 200
        rows = raw_sql.rows(
            running.database_url, "SELECT detail FROM audit_events WHERE event = 'token.issued'"
        )
        assert jtis <= {json.loads(row["detail"])["jti"] for row in rows}
