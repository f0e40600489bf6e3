"""A logout that was committed reaches the systems, even if the server dies before it has told them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import httpx2
import pytest

from tests.resilience.flows import claims
from tests.resilience.live import live
from tests.support import raw_sql
from tests.support.ports import LOOPBACK
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


@dataclass
class Receiver:
    """A system's back channel: silent until it is told to answer."""

    answers: bool = False
    called: asyncio.Event = field(default_factory=asyncio.Event)
    tokens: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request."""
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode().lower().splitlines()
        [length] = [int(line.split(":")[1]) for line in lines if line.startswith("content-length:")]
        body = await reader.readexactly(length)
        self.called.set()
        if self.answers:
            self.tokens += parse_qs(body.decode())["logout_token"]
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            await writer.drain()
        else:
            await reader.read()  # until the caller is gone
        writer.close()


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Receiver, str]]:
    """A receiver and its address."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver, f"http://{LOOPBACK}:{port}/backchannel-logout"


async def test_a_notice_survives_a_kill_between_commit_and_delivery(
    database_url: str, tmp_path: Path
) -> None:
    async with (
        receiving() as (receiver, address),
        live(
            tmp_path, registration=["--backchannel-logout-uri", address], DATABASE_URL=database_url
        ) as running,
    ):
        [process] = running.processes
        process.start()
        browser, _ = await running.log_in()
        given = await running.tokens(browser, "openid")
        logout = asyncio.create_task(browser.log_out("/end_session"))
        async with asyncio.timeout(30):
            await receiver.called.wait()
        await asyncio.to_thread(process.kill)
        with pytest.raises(httpx2.TransportError):
            await logout
        assert await _notices(running.database_url) == [(1, False)]
        receiver.answers = True
        # As if the lease of the dead worker had run out.
        raw_sql.execute(running.database_url, "UPDATE outbox SET next_attempt_at = next_attempt_at - 31")
        await asyncio.to_thread(process.start)

        async def delivered() -> bool:
            return await _notices(running.database_url) == [(2, True)]

        await eventually(delivered)
        [token] = receiver.tokens
        told = claims(token)
        assert (told["sid"], told["aud"]) == (claims(given["id_token"])["sid"], running.system.client_id)
        assert (await running.system.userinfo(given["access_token"])).status_code == 401
        lines = raw_sql.rows(
            running.database_url, "SELECT event FROM audit_events WHERE event LIKE 'logout.%'"
        )
        assert [line["event"] for line in lines] == ["logout.delivered"]


async def _notices(database_url: str) -> list[tuple[int, bool]]:
    rows = raw_sql.rows(database_url, "SELECT attempts, delivered_at FROM outbox")
    return [(row["attempts"], row["delivered_at"] is not None) for row in rows]
