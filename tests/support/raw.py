"""Requests as bytes: what no well-behaved HTTP client would send."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.types import Message

from tests.support.inprocess import Provider


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; header names in lower case, the last of each."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


async def raw_request(
    house: Provider,
    method: str,
    path: str,
    *,
    query: bytes = b"",
    headers: Sequence[tuple[bytes, bytes]] = (),
    body: bytes = b"",
) -> Answer:
    """Call the ASGI application with exactly these bytes; what it raises, this raises."""
    sent: list[Message] = []
    pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        return pieces.pop() if pieces else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query,
        "headers": [(b"host", b"id.test"), *headers],
        "client": ("198.51.100.7", 40000),
        "server": ("id.test", 443),
    }
    await house.dispatcher(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    whole = b"".join(message.get("body", b"") for message in sent if message["type"] == "http.response.body")
    return Answer(start["status"], {n.decode(): v.decode("latin-1") for n, v in start["headers"]}, whole)
