"""`./dev bench --notices`: how soon systems hear of logouts, while four hundred notices wait for one that hangs."""

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from tests.bench import machine
from tests.bench.backends import backends
from tests.bench.ours import start_ours
from tests.bench.scale import quantile
from tests.bench.target import Target
from tests.support.browserless import Browserless
from tests.support.instance import Account, Client
from tests.support.ports import LOOPBACK
from tests.support.waiting import until

HANGING = 400
PER_SECOND = 20
GOAL_SECONDS = 2.0
REDIRECT_URI = "http://127.0.0.1:9/callback"


@dataclass
class Receiver:
    """A system's back channel, which answers or does not; when it was called."""

    answers: bool
    called: list[float] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"logout_token=")
            self.called.append(time.perf_counter())
            if self.answers:
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                await writer.drain()
            else:
                await reader.read()  # until the caller is gone
        writer.close()


@contextlib.asynccontextmanager
async def receiving(*, answers: bool) -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver and its address."""
    receiver = Receiver(answers)
    async with await asyncio.start_server(receiver.serve, LOOPBACK, 0) as server:
        yield receiver, f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}/logout"


async def run(seconds: float, urls: tuple[str | None, str | None]) -> str:
    """So many seconds of logouts; what came of them as a line."""
    server_cores, other_cores = machine.split_cores()
    os.sched_setaffinity(0, other_cores)
    logouts = int(seconds * PER_SECOND)
    async with receiving(answers=True) as (well, address), receiving(answers=False) as (hanging, silent):
        with contextlib.ExitStack() as stack:
            stores = stack.enter_context(backends(*urls))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zhanhe-notices-")))
            ours = start_ours(
                stores,
                REDIRECT_URI,
                server_cores,
                folder,
                registration=("--backchannel-logout-uri", address),
            )
            stack.callback(ours.process.stop)
            other = ours.instance.create_client(
                "hangs", "--redirect-uri", REDIRECT_URI, "--backchannel-logout-uri", silent
            )
            browsers = [
                await _entered(ours.target, ours.accounts[n % len(ours.accounts)]) for n in range(logouts)
            ]
            await _leave_waiting(stores.database_url, other)
            await until(lambda: hanging.called)
            waits = await _log_out(browsers, well)
    p50, p99 = quantile(waits, 0.5), quantile(waits, 0.99)
    verdict = "within" if p99 <= 1000 * GOAL_SECONDS and len(waits) == logouts else "NOT within"
    return (
        f"{HANGING} notices to a system that hangs (asked {len(hanging.called)} times), {PER_SECOND} logouts a second "
        f"for {seconds:g} s: {len(waits)} of {logouts} notices to a system that is well arrived, p50 {p50:.0f} ms, "
        f"p99 {p99:.0f} ms after the logout began; {verdict} {GOAL_SECONDS:g} s; load {os.getloadavg()[0]:.1f}"
    )


async def _entered(target: Target, account: Account) -> Browserless:
    """A browser that is logged in and has entered the system that is well."""
    browser = Browserless(target.origin, headers=target.headers)
    await browser.log_in(target.authorize_path(), account.username, account.password)
    return browser


async def _leave_waiting(url: str, hanging: Client) -> None:
    """The notices that the system that hangs has not taken yet."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(
            """INSERT INTO outbox (id, kind, recipient, subject, payload, attempts, created_at, next_attempt_at)
            SELECT 'hanging' || n, 'backchannel_logout', $1, 'session' || n, json_build_object('client_id', $1::text,
            'sub', 'nobody', 'sid', 'session' || n)::text, 0, now, now
            FROM generate_series(1, $2) n, (SELECT extract(epoch FROM now())::float8 AS now) AS clock""",
            hanging.client_id,
            HANGING,
        )
    finally:
        await connection.close()


async def _log_out(browsers: list[Browserless], well: Receiver) -> list[float]:
    """One after the other at an even pace; from each logout's beginning to its notice, in seconds.

    Who was called for whom is not looked at: notices that overtake each other leave the sorted times as they are.
    """
    begun: list[float] = []

    async def one(browser: Browserless, number: int) -> None:
        await asyncio.sleep(number / PER_SECOND)
        begun.append(time.perf_counter())
        await browser.log_out("/end_session")

    await asyncio.gather(*[one(browser, number) for number, browser in enumerate(browsers)])
    await until(lambda: len(well.called) >= len(browsers))
    for browser in browsers:
        await browser.close()
    return [arrived - asked for asked, arrived in zip(sorted(begun), sorted(well.called), strict=False)]
