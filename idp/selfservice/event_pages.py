"""/me/events: what happened to the account, page by page."""

from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.beijing import clock
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.site import Site
from idp.selfservice.centre import Centre
from idp.selfservice.events import Events

EVENTS = "/me/events"
LONGEST_ID = 64


class EventPages:
    """One list."""

    def __init__(self, site: Site, centre: Centre, events: Events) -> None:
        self._site = site
        self._centre = centre
        self._events = events

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {EVENTS: {"GET": self.show}}

    async def show(self, request: Request) -> Response:
        """The latest events, or those before one of them."""
        session = await self._centre.enter(request)
        if isinstance(session, Response):
            return session
        before = request.query_params.get("before")
        if before is not None and (len(before) > LONGEST_ID or not before.isprintable()):
            before = None
        found, last = await self._events.of_account(
            session.account_id, partial(self._site.say, request), before
        )
        return self._site.page(
            request,
            "events.html",
            here=EVENTS,
            events=[(event, clock(event.at)) for event in found],
            older=f"{EVENTS}?{urlencode({'before': last})}" if last else None,
            newest=EVENTS if before else None,
        )
