"""/announcements: what everybody should know."""

from starlette.requests import Request
from starlette.responses import Response

from idp.announcements.service import Announcements
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.site import Site


class AnnouncementPages:
    """The page."""

    def __init__(self, site: Site, announcements: Announcements) -> None:
        self._site = site
        self._announcements = announcements

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {"/announcements": {"GET": self.show}}

    async def show(self, request: Request) -> Response:
        """What is announced now."""
        texts = await self._announcements.current()
        return self._site.page(request, "announcements.html", texts=texts)
