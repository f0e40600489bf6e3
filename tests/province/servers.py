"""模拟 / The servers' side: interfaces that answer, refuse in the platform's words, or fail as they are told."""

import asyncio
import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.province.platforms.base import Answer, Asked, Platform
from tests.province.world import Refused, World

NEVER_SECONDS = 60.0


def routes(world: World, platform: Platform) -> list[Route]:
    """The interfaces of one platform."""
    return [
        Route(path, _serving(world, platform, answer), methods=["GET", "POST"])
        for path, answer in platform.interfaces.items()
    ]


def _serving(world: World, platform: Platform, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def handle(request: Request) -> Response:
        asked = await _asked(request)
        await asyncio.sleep(world.latency.get(platform.name, 0.0))
        broken = await _broken(world.modes.get(platform.name, "ok"))
        if broken is not None:
            world.note(platform.name, request.url.path, world.modes[platform.name])
            return broken
        try:
            said = answer(world, asked)
            outcome = "ok"
        except Refused as refused:
            said = refused.content or platform.refuse(refused.word, platform.text(refused.word))
            outcome = refused.word
        world.note(platform.name, request.url.path, outcome)
        return said if isinstance(said, Response) else JSONResponse(said)

    return handle


async def _asked(request: Request) -> Asked:
    body = await request.body()
    kind = request.headers.get("content-type", "")
    form = {}
    if kind.startswith("application/x-www-form-urlencoded"):
        form = {name: str(value) for name, value in (await request.form()).items()}
    content = json.loads(body) if kind.startswith("application/json") and body else {}
    return Asked(
        request.method, request.url.path, dict(request.query_params), form, content, dict(request.headers)
    )


async def _broken(mode: str) -> Response | None:
    """What comes when a platform is told to fail."""
    if mode == "timeout":
        await asyncio.sleep(NEVER_SECONDS)
    if mode == "500":
        return PlainTextResponse("模拟的故障", 500)
    if mode == "malformed":
        return Response(b'{"retcode":"000000","data":{"tok', media_type="application/json")
    if mode == "html":
        return HTMLResponse("<html><body>模拟：系统维护中</body></html>")
    return None
