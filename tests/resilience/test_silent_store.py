"""A store takes what it is sent and says nothing: some wait, everybody else hears 503 at once, and all comes back."""

import asyncio
import os
import signal
import sqlite3
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from idp.infrastructure import batching
from idp.infrastructure.database import postgresql, sqlite
from idp.infrastructure.key_value import redis
from tests.resilience.flows import OFFLINE, REDIRECT_URI, VERIFIER, System, enter
from tests.resilience.live import Live, live
from tests.support.ports import LOOPBACK
from tests.support.postgres import Postgres, wait_until_ready
from tests.support.redis import Redis
from tests.support.waiting import PATIENCE_SECONDS, eventually

pytestmark = pytest.mark.anyio

CROWD = 400
"""More than may wait."""
SPREAD, PAUSE = 60, 0.1


@dataclass(frozen=True, slots=True)
class Silence:
    """A store that can be made silent; `again` are the seconds that one more attempt takes."""

    settings: dict[str, str]
    silent: Callable[[Live], AbstractContextManager[None]]
    again: float
    lanes: int = 1
    needs_code: bool = False

    @property
    def form(self) -> dict[str, str]:
        """What the token endpoint cannot answer without it."""
        if not self.needs_code:
            return {"grant_type": "client_credentials"}
        code = {"code": "unknown", "code_verifier": VERIFIER, "redirect_uri": REDIRECT_URI}
        return {"grant_type": "authorization_code", **code}


async def _post(port: int, system: System, form: dict[str, str]) -> tuple[int, bytes]:
    """Status and answer of the token endpoint; a client that opens four hundred lines without breathing heavily."""
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    body = urlencode(form)
    secret = b64encode(f"{system.client_id}:{system.secret}".encode()).decode()
    writer.write(
        f"POST /token HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nAuthorization: Basic {secret}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
    )
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]), answer


@contextmanager
def _stopped(server: int) -> Iterator[None]:
    """The system takes connections for it and what is sent: nobody reads it."""
    listed = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    processes = [server, *map(int, listed)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


@contextmanager
def _held(running: Live) -> Iterator[None]:
    """Another process holds the file."""
    connection = sqlite3.connect(running.instance.folder / "idp.sqlite3", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.close()


@pytest.fixture(params=["postgresql", "redis", "sqlite"])
def silence(request: pytest.FixtureRequest) -> Iterator[Silence]:
    """Each store, as a server that nobody else uses."""
    if request.param == "sqlite":
        yield Silence({}, _held, sqlite.BUSY_SECONDS)
    elif request.param == "redis":
        with Redis.start() as server:
            wait = redis.TIMEOUT_SECONDS
            stop = lambda running: _stopped(server.process.pid)  # noqa: E731
            yield Silence({"KEY_VALUE_URL": server.url}, stop, wait, redis.LANES, needs_code=True)
    else:
        with Postgres.start() as database:
            wait = postgresql.CONNECT_SECONDS
            stop = lambda running: _stopped(database.process.pid)  # noqa: E731
            yield Silence({"DATABASE_URL": database.url}, stop, wait)
            wait_until_ready(database.url)


async def test_while_a_store_says_nothing_503_comes_at_once(silence: Silence, tmp_path: Path) -> None:
    async with live(tmp_path, (), (), **silence.settings) as running:
        [process] = running.processes
        process.start()
        browser, code = await running.log_in()
        given = (await running.system.redeem(code)).json()
        with silence.silent(running):
            await _while_silent(silence, running)
        await eventually(lambda: _answers(silence, running))
        refreshed = await running.system.refresh(given["refresh_token"])
        assert refreshed.status_code == 200, refreshed.text
        assert await enter(browser, running.system, OFFLINE)


async def _while_silent(silence: Silence, running: Live) -> None:
    took: list[float] = []

    async def ask() -> None:
        start = time.monotonic()
        status, answer = await _post(running.instance.port, running.system, silence.form)
        assert status == 503, answer
        assert b"retry-after: " in answer
        took.append(time.monotonic() - start)

    await asyncio.sleep(0.1)
    early = [asyncio.create_task(ask()) for _ in range(silence.lanes)]
    await asyncio.sleep(batching.SILENT_SECONDS + 0.1)
    crowd = [asyncio.create_task(ask()) for _ in range(CROWD)]
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*early, *crowd)
    assert (await running.system.http.get("/health/live")).status_code == 200
    took.clear()
    spread = []
    for _ in range(SPREAD):
        spread.append(asyncio.create_task(ask()))
        await asyncio.sleep(PAUSE)
    await asyncio.gather(*spread)
    attempts = silence.lanes * (1 + int(SPREAD * PAUSE * 1.5 / silence.again))
    assert sorted(took)[-attempts - 1] < silence.again / 2, sorted(took)


async def _answers(silence: Silence, running: Live) -> bool:
    return (await running.system.token(**silence.form)).status_code != 503
