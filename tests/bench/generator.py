"""A cheap load generator: raw protocols over uvloop, prebuilt bytes, one script per connection."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Protocol, cast

import httptools


class Wrong(Exception):
    """A server answered something other than what the path expects; the figures would be worthless."""


@dataclass(slots=True)
class Answer:
    """One response: what the scripts look at, nothing else."""

    status: int
    location: bytes
    body: bytes

    def expect(self, status: int, content: bytes) -> None:
        """Abort the run unless the status and a piece of the body (or of Location) are right."""
        if self.status != status or content not in (self.location if 300 <= status < 400 else self.body):
            raise Wrong(f"status {self.status}, location {self.location!r}, body {self.body[:500]!r}")

    def member(self, name: bytes) -> bytes:
        """A string member of a JSON body, without parsing the rest of it."""
        start = self.body.find(b'"' + name + b'":')
        if start < 0:
            raise Wrong(f"no {name!r} in {self.body[:500]!r}")
        start = self.body.index(b'"', start + len(name) + 3) + 1
        return self.body[start : self.body.index(b'"', start)]


Script = Generator[bytes, Answer, None]


@dataclass(slots=True)
class Tally:
    """What all connections of a round have done so far."""

    answers: int = 0
    latencies: list[float] = field(default_factory=list)
    running: bool = True
    failure: BaseException | None = None
    failed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True)
class Round:
    """One measured stretch of one path on one server."""

    requests: int
    cpu_seconds: float
    wall_seconds: float
    latencies: list[float]

    @property
    def per_core(self) -> float:
        """Requests per second of server CPU: independent of who else is on the machine, up to its caches."""
        return self.requests / self.cpu_seconds


class _Parser(Protocol):
    def feed_data(self, data: bytes) -> None: ...
    def get_status_code(self) -> int: ...


class Connection(asyncio.Protocol):
    """One keep-alive connection that runs its script until the round ends."""

    __slots__ = ("_body", "_location", "_parser", "_script", "_sent", "_tally", "_transport", "finished")

    def __init__(self, script: Script, tally: Tally) -> None:
        self._script = script
        self._tally = tally
        self._parser = cast(_Parser, httptools.HttpResponseParser(self))
        self._location = b""
        self._body = b""
        self._sent = 0.0
        self._transport: asyncio.WriteTransport | None = None
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast(asyncio.WriteTransport, transport)
        self._send(next(self._script))

    def data_received(self, data: bytes) -> None:
        """Parse; the callbacks below do the rest."""
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            # httptools wraps what a callback raised.
            self._fail(error.__context__ or error)

    def connection_lost(self, error: Exception | None) -> None:
        """Fine at the end of a round, fatal in the middle of one."""
        if not self.finished.done():
            self._fail(error or Wrong("the server closed the connection"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the one header that a script needs."""
        if len(name) == 8 and name.lower() == b"location":
            self._location = value

    def on_body(self, data: bytes) -> None:
        """Collect the body."""
        self._body = self._body + data if self._body else data

    def on_message_complete(self) -> None:
        """Count, check, and send what the script says next."""
        tally = self._tally
        tally.answers += 1
        tally.latencies.append(time.perf_counter() - self._sent)
        answer = Answer(self._parser.get_status_code(), self._location, self._body)
        self._location = self._body = b""
        request = self._script.send(answer)
        if tally.running:
            self._send(request)
        else:
            self._close()

    def _send(self, request: bytes) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(request)

    def _fail(self, error: BaseException) -> None:
        self._tally.failure = self._tally.failure or error
        self._tally.running = False
        self._tally.failed.set()
        self._close()

    def _close(self) -> None:
        if not self.finished.done():
            self.finished.set_result(None)
        if self._transport is not None:
            self._transport.close()


async def run_round(
    address: tuple[str, int],
    scripts: list[Script],
    seconds: float,
    warm_up: float,
    cpu_clock: Callable[[], float],
) -> Round:
    """Keep one connection per script busy; count what falls between two looks at the server's CPU clock."""
    tally = Tally()
    connections = [await _connect(address, script, tally) for script in scripts]
    await _pause(tally, warm_up)
    first, cpu, wall = tally.answers, cpu_clock(), time.perf_counter()
    tally.latencies.clear()
    await _pause(tally, seconds)
    requests, cpu, wall = tally.answers - first, cpu_clock() - cpu, time.perf_counter() - wall
    latencies = tally.latencies[:]
    tally.running = False
    await asyncio.wait([connection.finished for connection in connections], timeout=10)
    if tally.failure is not None:
        raise tally.failure
    if requests == 0 or cpu <= 0:
        raise Wrong("nothing was answered in this round")
    return Round(requests, cpu, wall, latencies)


async def _connect(address: tuple[str, int], script: Script, tally: Tally) -> Connection:
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: Connection(script, tally), *address)
    return connection


async def _pause(tally: Tally, seconds: float) -> None:
    """Let the connections work for a while, or until one of them fails."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tally.failed.wait(), seconds)
