"""A worker that cannot begin: it says so, stays alive, and begins when it can, whatever stood against it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Message

import idp.server.app
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.secret_file import make_if_missing
from idp.infrastructure.sources import system_sources
from idp.server.app import Application
from idp.settings import Settings
from tests.support.inprocess import ISSUER
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.anyio


class Lifespan:
    """The server's side of the lifespan protocol."""

    def __init__(self, application: Application) -> None:
        self.said: list[str] = []
        self._asked: asyncio.Queue[Message] = asyncio.Queue()
        self._running = asyncio.create_task(application({"type": "lifespan"}, self._asked.get, self._send))

    async def _send(self, message: Message) -> None:
        self.said.append(message["type"].removeprefix("lifespan."))

    async def start(self) -> None:
        """Begin, and wait for the answer."""
        self._asked.put_nowait({"type": "lifespan.startup"})
        await until(lambda: self.said)

    async def stop(self) -> None:
        """End it."""
        self._asked.put_nowait({"type": "lifespan.shutdown"})
        await self._running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Good ones, with a secret."""
    made = Settings(issuer=ISSUER, data_dir=tmp_path)
    make_if_missing(made.secret_path, system_sources())
    return made


def fails_with(monkeypatch: pytest.MonkeyPatch, *errors: Exception) -> None:
    """The house cannot be built, for each of these reasons; then it can."""
    left = list(errors)

    @asynccontextmanager
    async def house(settings: Settings) -> AsyncIterator[str]:
        if left:
            raise left.pop(0)
        yield "built"

    def dispatcher(built: str) -> Any:
        return PlainTextResponse(built)

    monkeypatch.setattr(idp.server.app, "house", house)
    monkeypatch.setattr(idp.server.app, "dispatcher", dispatcher)
    monkeypatch.setattr(idp.server.app, "AGAIN_SECONDS", 0.0)


def asking(application: Application) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=application), base_url=ISSUER)


async def test_it_begins_late_whatever_stood_against_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(monkeypatch, DatabaseUnavailable("away"), DatabaseUnavailable("away"), ValueError("odd"))
    application = Application(settings)
    lifespan = Lifespan(application)
    await lifespan.start()
    assert lifespan.said == ["startup.complete"]
    async with asking(application) as http:

        async def is_built() -> bool:
            return (await http.get("/")).text == "built"

        await eventually(is_built)
    await lifespan.stop()
    assert lifespan.said == ["startup.complete", "shutdown.complete"]


async def test_until_then_it_lives_and_has_a_page_for_people_and_an_error_for_machines(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(monkeypatch, *[DatabaseUnavailable("away")] * 1000)
    monkeypatch.setattr(idp.server.app, "AGAIN_SECONDS", 60.0)
    application = Application(settings)
    lifespan = Lifespan(application)
    await lifespan.start()
    async with asking(application) as http:
        assert (await http.get("/health/live")).json() == {"status": "ok"}
        assert (await http.get("/health/ready")).status_code == 503
        machine = await http.post("/token", data={"grant_type": "client_credentials"})
        assert (machine.status_code, machine.json()["error"]) == (503, "temporarily_unavailable")
        assert int(machine.headers["retry-after"]) > 0
        person = await http.get("/login", headers={"accept": "text/html", "accept-language": "zh-CN"})
        assert person.status_code == 503
        assert "服务暂时不可用" in person.text
        style = person.text.split('rel="stylesheet" href="')[1].split('"')[0]
        assert (await http.get(style)).status_code == 200
    await lifespan.stop()


async def test_a_fault_of_the_program_ends_it_at_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_with(monkeypatch, ValueError("odd"))
    lifespan = Lifespan(Application(settings))
    await lifespan.start()
    assert lifespan.said == ["startup.failed"]
