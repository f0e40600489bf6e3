"""What all pages of the user centre share: who is there, and whether they proved it recently enough."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.continuation import Continuation
from idp.authentication.routes import LOGIN
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.site import Site
from idp.sessions.model import Session
from idp.sessions.service import Caller, Sessions

FRESH_SECONDS = 600
"""How long ago somebody may have logged in to change what protects the account."""


class Centre:
    """The door of the user centre."""

    def __init__(self, site: Site, sessions: Sessions) -> None:
        self._site = site
        self._sessions = sessions

    async def session(self, request: Request) -> Session | None:
        """The session of whoever asks."""
        return await self._sessions.find(self._site.cookies.get(request, names.SESSION))

    async def enter(self, request: Request, *, fresh: bool = False, back: str = "") -> Session | Response:
        """The session, or the way to the login and from there back to this page.

        `fresh`: the login must be younger than FRESH_SECONDS. `back`: where to go on afterwards when that is not
        the page itself, as for a form that was posted.
        """
        session = await self.session(request)
        now = self._site.sources.now()
        if session is not None and (not fresh or now - session.authenticated_at < FRESH_SECONDS):
            return session
        continuation = Continuation(
            now,
            self._site.browser(request),
            again=session is not None,
            login_hint=session.username if session else "",
            path=back or request.url.path,
        )
        sealed = urlencode({"continue": continuation.seal(self._site.vault)})
        response = self._site.redirect(f"{LOGIN}?{sealed}")
        self._site.keep_browser(request, response)
        return response

    def caller(self, request: Request) -> Caller:
        """The other end of the line."""
        return Caller(self._site.addresses.of(request), request.headers.get("user-agent", ""))
