"""A response leaves in one write, whatever its kind; nothing is kept back that somebody waits for."""

import asyncio
import sys
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from idp.infrastructure.web import one_write
from idp.infrastructure.web.one_write import OneWrite
from tests.support.waiting import until

pytestmark = pytest.mark.anyio


class Wire(asyncio.Transport):
    """The far end of a connection: what was written, in its writes."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        if data:
            self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        """A test sends little."""

    def resume_reading(self) -> None:
        """See `pause_reading`."""


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] == "/slowly":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await _released.wait()
        await send({"type": "http.response.body", "body": b"second", "more_body": False})
    elif scope["path"] == "/empty":
        await Response(status_code=204)(scope, receive, send)
    elif scope["path"] == "/echo":
        await PlainTextResponse(await Request(scope, receive).body())(scope, receive, send)
    else:
        await PlainTextResponse("here")(scope, receive, send)


_released = asyncio.Event()


@pytest.fixture
async def wire() -> Wire:
    """A connection on which nothing was said yet."""
    return Wire()


@pytest.fixture
async def server(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> OneWrite:
    """The server's end of it."""
    monkeypatch.setattr(
        sys.modules[__name__], "_released", asyncio.Event()
    )  # each test has a loop of its own
    config = Config(_application, http=OneWrite, ws="none", lifespan="off", log_level="critical")
    config.load()
    protocol = OneWrite(config, ServerState(), {}, asyncio.get_running_loop())
    protocol.connection_made(wire)
    return protocol


def _ask(line: str, *headers: str) -> bytes:
    return "\r\n".join([line, "host: id.test", *headers, "", ""]).encode()


async def test_head_and_body_are_one_write(server: OneWrite, wire: Wire) -> None:
    server.data_received(_ask("GET / HTTP/1.1"))
    await until(lambda: wire.writes)
    [answer] = wire.writes
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b"\r\n\r\nhere")


@pytest.mark.parametrize("line", ["HEAD / HTTP/1.1", "GET /empty HTTP/1.1"])
async def test_a_head_without_a_body_leaves_at_once(server: OneWrite, wire: Wire, line: str) -> None:
    server.data_received(_ask(line))
    await until(lambda: wire.writes)
    [answer] = wire.writes
    assert answer.endswith(b"\r\n\r\n")


async def test_what_comes_slowly_is_sent_as_it_comes(server: OneWrite, wire: Wire) -> None:
    server.data_received(_ask("GET /slowly HTTP/1.1"))
    await until(lambda: wire.writes)
    assert b"first" in wire.writes[0]
    assert b"second" not in wire.writes[0]
    _released.set()
    await until(lambda: b"second" in b"".join(wire.writes))


async def test_whoever_waits_for_leave_to_send_the_body_gets_it(server: OneWrite, wire: Wire) -> None:
    server.data_received(_ask("POST /echo HTTP/1.1", "content-length: 4", "expect: 100-continue"))
    await until(lambda: wire.writes)
    assert wire.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]
    server.data_received(b"body")
    await until(lambda: wire.writes[1:])
    assert wire.writes[1].endswith(b"\r\n\r\nbody")


async def test_requests_sent_together_are_answered_each_in_one_write(server: OneWrite, wire: Wire) -> None:
    server.data_received(_ask("GET / HTTP/1.1") * 3)
    await until(lambda: len(wire.writes) == 3)
    assert all(answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"here") for answer in wire.writes)


async def test_the_last_answer_is_sent_before_the_connection_closes(server: OneWrite, wire: Wire) -> None:
    server.data_received(_ask("HEAD / HTTP/1.1", "connection: close"))
    await until(lambda: wire.closed)
    [answer] = wire.writes
    assert answer.endswith(b"\r\n\r\n")


async def test_a_server_that_ends_still_answers_who_has_just_connected(server: OneWrite, wire: Wire) -> None:
    server.shutdown()
    assert not wire.closed
    server.data_received(_ask("GET / HTTP/1.1", "connection: close"))
    await until(lambda: wire.closed)
    [answer] = wire.writes
    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_server_that_ends_waits_for_nobody_who_says_nothing(
    server: OneWrite, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_write, "LAST_SECONDS", 0.01)
    server.shutdown()
    await until(lambda: wire.closed)


async def test_what_is_no_http_is_told_so(server: OneWrite, wire: Wire) -> None:
    server.data_received(b"\x16\x03\x01 hello\r\n\r\n")
    [answer] = wire.writes
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert wire.closed


HTTP_2 = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAEAAEAAAAIAAAAB")
"""What Java's client offers with its first request where there is no TLS."""


@pytest.mark.parametrize("offer", [HTTP_2, ("connection: upgrade", "upgrade: websocket")], ids=["h2c", "ws"])
@pytest.mark.parametrize("pieces", [1, 2], ids=["at once", "body apart"])
async def test_an_offer_of_another_protocol_changes_nothing(
    server: OneWrite, wire: Wire, offer: tuple[str, ...], pieces: int
) -> None:
    head = _ask("POST /echo HTTP/1.1", *offer, "content-length: 4")
    for sent in [head + b"body", _ask("GET / HTTP/1.1")] if pieces == 1 else [head, b"body"]:
        server.data_received(sent)
    await until(lambda: len(wire.writes) == 3 - pieces)
    assert wire.writes[0].startswith(b"HTTP/1.1 200 ")
    assert wire.writes[0].endswith(b"\r\n\r\nbody")
    assert not wire.closed


async def test_a_body_behind_such_an_offer_is_never_a_request(server: OneWrite, wire: Wire) -> None:
    inner = _ask("GET /slowly HTTP/1.1")
    server.data_received(_ask("POST /echo HTTP/1.1", *HTTP_2, f"content-length: {len(inner)}") + inner)
    server.data_received(_ask("GET / HTTP/1.1", *HTTP_2) * 2)
    await until(lambda: len(wire.writes) == 3)
    assert wire.writes[0].endswith(b"\r\n\r\n" + inner)
    assert [answer.endswith(b"\r\n\r\nhere") for answer in wire.writes] == [False, True, True]


async def test_a_body_that_stays_away_behind_such_an_offer_is_not_waited_for(
    server: OneWrite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(one_write, "RECEIVE_SECONDS", 0.05)
    other = Wire()
    late = OneWrite(server.config, ServerState(), {}, asyncio.get_running_loop())
    late.connection_made(other)
    late.data_received(_ask("POST /echo HTTP/1.1", *HTTP_2, "content-length: 4") + b"bo")
    await until(lambda: other.closed)
    await hung_up(late)


async def hung_up(server: OneWrite) -> None:
    """The far end sees that it was closed; whoever waited for the rest of a body hears of it and ends."""
    server.connection_lost(None)
    cycle = server.cycle
    await until(lambda: cycle is None or cycle.response_complete or cycle.disconnected)
    await asyncio.sleep(0.01)


async def test_a_tunnel_is_refused(server: OneWrite, wire: Wire) -> None:
    server.data_received(_ask("CONNECT elsewhere.test:443 HTTP/1.1"))
    [answer] = wire.writes
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert wire.closed


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nhost: id", _ask("POST /echo HTTP/1.1", "content-length: 4") + b"bo"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_a_request_that_does_not_come_to_its_end_is_not_waited_for(
    server: OneWrite, wire: Wire, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(one_write, "RECEIVE_SECONDS", 0.05)
    other = Wire()
    late = OneWrite(server.config, ServerState(), {}, asyncio.get_running_loop())
    late.connection_made(other)
    if sent:
        late.data_received(sent)
    await until(lambda: other.closed)
    await hung_up(late)
    # After a whole request the time that the answer takes is ours, and the pause is uvicorn's to count.
    third = Wire()
    patient = OneWrite(server.config, ServerState(), {}, asyncio.get_running_loop())
    patient.connection_made(third)
    patient.data_received(_ask("GET /slowly HTTP/1.1"))
    await asyncio.sleep(0.1)
    assert not third.closed
    _released.set()
    await until(lambda: b"second" in b"".join(third.writes))
    patient.data_received(b"GET / HT")  # the next one begins, and never ends
    await until(lambda: third.closed)
