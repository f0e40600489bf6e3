"""What all pages of the user centre share: who is there, and whether they proved it recently enough."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.accounts.preferences import Preferences
from idp.authentication.continuation import Continuation
from idp.authentication.routes import LOGIN
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.site import Site
from idp.infrastructure.web.switches import LANGUAGE
from idp.oauth.end_session import END_SESSION
from idp.organizations.model import Human
from idp.selfservice.model import Owner
from idp.sessions.model import Session
from idp.sessions.service import Caller, Sessions
from idp.sign_on.acting import ACTING

FRESH_SECONDS = 600
"""How long ago somebody may have logged in to change what protects the account."""


class Centre:
    """The door of the user centre."""

    def __init__(self, site: Site, sessions: Sessions, preferences: Preferences) -> None:
        self._site = site
        self._sessions = sessions
        self._preferences = preferences

    async def session(self, request: Request) -> Session | None:
        """The session of whoever asks; the switches of mode and language, where just used, are kept for them."""
        session = await self._sessions.find(self._site.cookies.get(request, names.SESSION))
        if session is not None and not session.is_person:
            return session
        elder = self._site.asked_elder(request)
        if session is not None and elder is not None:
            await self._preferences.keep_elder(session.account_id, elder)
        if session is not None and request.query_params.get(LANGUAGE):
            await self._preferences.keep_language(session.account_id, self._site.language(request))
        return session

    async def enter(
        self, request: Request, *, fresh: bool = False, back: str = "", without: str = ""
    ) -> Session | Response:
        """The session, or the way to the login and from there back to this page.

        `fresh`: the login must be younger than FRESH_SECONDS. `back`: where to go on afterwards when that is not
        the page itself, as for a form that was posted. `without`: a way of logging in (amr) that does not do here.
        """
        session = await self.session(request)
        now = self._site.sources.now()
        if session is not None and not session.is_person:
            return self.of_organization(request, session, 403)
        if session is not None and _serves(session, now if fresh else None, without):
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

    def of_organization(self, request: Request, session: Session, status: int = 200) -> Response:
        """What an organisation's login sees of the user centre: for whom it is here, and the way to log in oneself."""
        continuation = Continuation(
            self._site.sources.now(), self._site.browser(request), again=True, path=ACTING
        )
        sealed = urlencode({"continue": continuation.seal(self._site.vault)})
        principal = session.principal
        response = self._site.page(
            request,
            "organization_session.html",
            status,
            organization=principal.name if principal else "",
            code=principal.number if principal else "",
            named=session.name if session.human is Human.ASSERTED else None,
            login_href=f"{LOGIN}?{sealed}",
            logout_action=END_SESSION,
        )
        self._site.keep_browser(request, response)
        return response

    def caller(self, request: Request) -> Caller:
        """The other end of the line."""
        return Caller(self._site.addresses.of(request), request.headers.get("user-agent", ""))

    def owner(self, request: Request, session: Session) -> Owner:
        """Whoever does something about the own account."""
        return Owner(session.account_id, session.id, self.caller(request))


def _serves(session: Session, now: float | None, without: str) -> bool:
    """Whether a login is one of the last minutes, where `now` is given, and not of a way that does not do."""
    fresh = now is None or now - session.authenticated_at < FRESH_SECONDS
    return fresh and without not in session.amr
