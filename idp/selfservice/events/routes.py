"""/me/events: what happened to the account, page by page."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.guard import Guard
from idp.authentication.visitor import Pages, Subscriber
from idp.infrastructure.beijing import clock
from idp.selfservice.events.service import Events

EVENTS = "/me/events"
LONGEST_ID = 64


class EventPages:
    """One list."""

    def __init__(self, guard: Guard, events: Events) -> None:
        self._guard = guard
        self._events = events

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {EVENTS: {"GET": self._guard.show(self.show)}}

    async def show(self, visitor: Subscriber) -> Response:
        """The latest events, or those before one of them."""
        before = visitor.query.get("before")
        if before is not None and (len(before) > LONGEST_ID or not before.isprintable()):
            before = None
        found, last = await self._events.of_account(visitor.account_id, visitor.say, before)
        return visitor.page(
            "events.html",
            here=EVENTS,
            events=[(event, clock(event.at)) for event in found],
            older=f"{EVENTS}?{urlencode({'before': last})}" if last else None,
            newest=EVENTS if before else None,
        )
