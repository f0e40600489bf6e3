"""The page of a demonstration on which one reads what would have been sent."""

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.beijing import moment_of
from idp.infrastructure.messages.sink import Sink
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.site import Site

PATH = "/demo/messages"


class MessagesPage:
    """Shows the newest message first. Only where `Settings.demo` is set: the codes of everybody stand there."""

    def __init__(self, site: Site, sink: Sink) -> None:
        self._site = site
        self._sink = sink

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {PATH: {"GET": self.show}}

    async def show(self, request: Request) -> Response:
        """The last messages."""
        messages = [
            {**line, "at": moment_of(line["at"]).strftime("%H:%M:%S")} for line in await self._sink.latest()
        ]
        return self._site.page(request, "messages.html", messages=messages)
