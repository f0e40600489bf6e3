"""Between being asked to end and ending: all is answered still, and whoever sends requests is told to go elsewhere."""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from idp.server.health import READY


class Drain:
    """The last seconds of a worker, from the first SIGTERM on; a second one cuts them short.

    A proxy keeps lines open, and cannot know which of them is about to be closed: what it sends in that moment is lost,
    and a form is not sent twice. So each answer of these seconds closes its line, and new lines are still taken.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begun = False

    def watch(self) -> Callable[[], object]:
        """Stand before the server's own answer to SIGTERM; what takes that back is returned."""
        end = signal.getsignal(signal.SIGTERM)
        if (
            not self._seconds
            or not callable(end)
            or threading.current_thread() is not threading.main_thread()
        ):
            return lambda: None
        loop = asyncio.get_running_loop()

        def asked(number: int, frame: FrameType | None) -> None:
            signal.signal(signal.SIGTERM, end)
            self.begun = True
            loop.call_soon_threadsafe(loop.call_later, self._seconds, end, number, None)

        signal.signal(signal.SIGTERM, asked)
        return lambda: signal.signal(signal.SIGTERM, end)

    async def answer(self, handle: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on; not ready for more, if that is what it asks."""
        if scope["type"] == "http" and scope["path"] == READY:
            handle = JSONResponse({"status": "stopping"}, 503)

        async def send_last(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
            await send(message)

        await handle(scope, receive, send_last)
