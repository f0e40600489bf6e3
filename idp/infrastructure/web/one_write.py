"""HTTP/1.1 as uvicorn speaks it, but a response leaves in one write, a request has a deadline, and nothing is upgraded.

A second write costs a system call and a wake-up. A request that never ends costs a connection: uvicorn times the pause
between two requests, and neither the first one nor one that was begun. An offer to speak another protocol (HTTP/2 by
Java's client, at each first request without TLS) is not taken up (RFC 9110 §7.8): the parser would take the body for
the beginning of that protocol, or for a request.
"""

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_INVALID = "Invalid HTTP request received."
_INTERIM = b"HTTP/1.1 1"
RECEIVE_SECONDS = 20.0
"""So long a client may take to send a request, head and body (at most 64 KiB), or to begin with its first."""

LAST_SECONDS = 1.0
"""So long a server that ends waits for the request of a connection that has not sent one yet."""


class OneWrite(HttpToolsProtocol):
    """Keeps the head of a response until its body comes, or its end; closes what does not send its request in time."""

    _deadline: asyncio.TimerHandle | None = None
    _asked = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(_Held(transport))
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._received()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Called by the loop. The parser stops behind the head of whatever offers an upgrade, and says where."""
        self._unset_keepalive_if_required()
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    return
                except httptools.HttpParserUpgrade as offer:
                    data = self._head_without_upgrade() + data[offer.args[0] :]
        except httptools.HttpParserError:
            self.logger.warning(_INVALID)
            self.send_400_response(_INVALID)

    def _head_without_upgrade(self) -> bytes:
        """The head that was just read, for the parser to read again."""
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            raise httptools.HttpParserError("this is no proxy")
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])

    def on_headers_complete(self) -> None:
        """Called with the end of a head."""
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_message_begin(self) -> None:
        """Called with the first byte of a request."""
        self._asked = True
        self._expect()
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Called with the last byte of a request."""
        if not self.parser.should_upgrade():
            self._received()
            super().on_message_complete()

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(RECEIVE_SECONDS, self.transport.close)

    def _received(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def shutdown(self) -> None:
        """Called when the server ends. Who has only just connected is about to send a request, and it is answered."""
        if self._asked:
            super().shutdown()
        else:
            self.loop.call_later(LAST_SECONDS, super().shutdown)

    def on_response_complete(self) -> None:
        """Called with the last of a response: to HEAD there is no body."""
        self.transport.flush()  # type: ignore[attr-defined]
        super().on_response_complete()


class _Held(asyncio.Transport):
    """A transport that keeps the first write until the next."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: Any) -> None:
        """Keep a head; whatever follows one takes it along."""
        if self._head:
            self._transport.write(self._head + data)
            self._head = b""
        elif data.startswith(_INTERIM):
            self._transport.write(data)  # whoever waits for 100 Continue sends no body before
        else:
            self._head = data

    def flush(self) -> None:
        """Nothing more belongs to it."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Close it once all is sent."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Take nothing more in."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take more in."""
        self._transport.resume_reading()
