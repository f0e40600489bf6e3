"""The generator counts what was answered rightly and aborts a run at the first wrong answer."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.bench.generator import Answer, Script, Wrong, run_round

pytestmark = pytest.mark.anyio

REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers everything alike, until the other side goes."""
    while await reader.readline():
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\ncontent-length: 22\r\n\r\n{"access_token":"eyJ"}')
        await writer.drain()
    writer.close()
    await writer.wait_closed()


@pytest.fixture
async def address() -> AsyncIterator[tuple[str, int]]:
    """A server on loopback."""
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()


def script(content: bytes) -> Script:
    """Asks again and again and expects a piece of the body."""
    while True:
        (yield REQUEST).expect(200, content)


async def test_every_answer_of_a_round_is_counted(address: tuple[str, int]) -> None:
    clock = iter((0.0, 2.0))
    scripts = [script(b'"eyJ"') for _ in range(2)]
    measured = await run_round(address, scripts, 0.05, 0.01, lambda: next(clock))
    assert measured.requests == len(measured.latencies)
    assert measured.per_core == measured.requests / 2


async def test_a_wrong_answer_aborts_the_round(address: tuple[str, int]) -> None:
    with pytest.raises(Wrong, match="access_token"):
        await run_round(address, [script(b'"refresh_token"')], 60, 0, lambda: 0.0)


def test_a_string_member_is_found_whatever_the_blanks() -> None:
    body = b'{"access_token": "first","refresh_token":"second"}'
    answered = Answer(200, b"", body)
    assert (answered.member(b"access_token"), answered.member(b"refresh_token")) == (b"first", b"second")


def test_a_missing_member_is_wrong() -> None:
    with pytest.raises(Wrong):
        Answer(200, b"", b"{}").member(b"access_token")
