"""HTTP/1.1 as uvicorn speaks it, but a response leaves in one write: a second one costs a system call and a wake-up."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_INTERIM = b"HTTP/1.1 1"


class OneWrite(HttpToolsProtocol):
    """Keeps the head of a response until its body comes, or its end."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the loop."""
        super().connection_made(_Held(transport))

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
