"""What the simulators remember, how they check who asks, and how they fail when they are told to."""

import asyncio
import hashlib
import hmac
import json
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tests.authorities.people import PEOPLE, Known

SERVICES = ("population", "carrier", "network_identity", "licences")
MODES = ("ok", "slow", "500", "garbage")
SKEW_MS = 300_000
SLOW_SECONDS = 20.0

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


@dataclass
class World:
    """`app_id` and `secret` are what the asking platform was given; `now` can be turned by a test."""

    app_id: str
    secret: str
    now: Callable[[], float] = time.time
    slow_seconds: float = SLOW_SECONDS
    modes: dict[str, str] = field(default_factory=lambda: dict.fromkeys(SERVICES, "ok"))
    arrived: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)
    """What a simulator keeps between two requests, by its own keys."""
    people: list[Known] = field(default_factory=lambda: list(PEOPLE))
    serial: int = 0

    def known(self, number: object) -> Known | None:
        """The person of a certificate number."""
        return next((person for person in self.people if person.number == number), None)

    def next_serial(self) -> str:
        """The number of a proceeding."""
        self.serial += 1
        return f"SIM{int(self.now())}{self.serial:06}"

    async def serve(self, service: str, request: Request, answer: Answer) -> Response:
        """Answer a signed request, in the mode that is set."""
        self.arrived.append(service)
        body = await request.body()
        mode = self.modes[service]
        if mode == "slow":
            await asyncio.sleep(self.slow_seconds)
        if mode == "500":
            return JSONResponse({"error": "simulated"}, status_code=500)
        if mode == "garbage":
            return Response(b"<html>\xff simulated", media_type="text/html")
        wrong = self._wrong_signature(request, body)
        if wrong is not None:
            return JSONResponse({"code": 300, "message": wrong, "data": None})
        asked = json.loads(body)
        self.asked.append((service, asked))
        return JSONResponse({"code": 200, "message": "模拟 / simulated", "data": await answer(asked)})

    def _wrong_signature(self, request: Request, body: bytes) -> str | None:
        headers = request.headers
        rid, sid = headers.get("gjzwfwpt_rid", ""), headers.get("gjzwfwpt_sid", "")
        rtime = headers.get("gjzwfwpt_rtime", "")
        if rid != self.app_id or not sid:
            return "unknown requester"
        if not rtime.isdigit() or abs(int(rtime) - self.now() * 1000) > SKEW_MS:
            return "time"
        if not hmac.compare_digest(headers.get("gjzwfwpt_sign", ""), self._mac(sid + rid + rtime)):
            return "signature"
        whole = self._mac(sid + rid + rtime + hashlib.sha256(body).hexdigest())
        return None if hmac.compare_digest(headers.get("x-body-sign", ""), whole) else "body signature"

    def _mac(self, text: str) -> str:
        return b64encode(hmac.new(self.secret.encode(), text.encode(), "sha256").digest()).decode()
