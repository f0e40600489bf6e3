"""What all pages of the user centre share: who is there, and whether they proved it recently enough."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.preferences import Preferences
from idp.authentication.continuation import Continuation
from idp.authentication.routes import LOGIN
from idp.authentication.visitor import Visitor
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.site import Site
from idp.infrastructure.web.switches import LANGUAGE
from idp.oauth.end_session import END_SESSION
from idp.organizations.model import Human
from idp.sessions.model import Session
from idp.sessions.service import Sessions
from idp.sign_on.acting import ACTING

FRESH_SECONDS = 600
"""How long ago somebody may have logged in to change what protects the account."""


class Centre:
    """The door of the user centre."""

    def __init__(self, site: Site, sessions: Sessions, preferences: Preferences) -> None:
        self._site = site
        self._sessions = sessions
        self._preferences = preferences

    async def session(self, visitor: Visitor) -> Session | None:
        """The session of whoever asks; the switches of mode and language, where just used, are kept for them."""
        session = await self._sessions.find(visitor.cookie(names.SESSION))
        if session is not None and not session.is_person:
            return session
        elder = visitor.site.asked_elder(visitor.request)
        if session is not None and elder is not None:
            await self._preferences.keep_elder(session.account_id, elder)
        if session is not None and visitor.query.get(LANGUAGE):
            await self._preferences.keep_language(session.account_id, visitor.language)
        return session

    async def enter(
        self, visitor: Visitor, *, fresh: bool = False, back: str = "", without: str = ""
    ) -> Session | Response:
        """The session, or the way to the login and from there back to this page.

        `fresh`: the login must be younger than FRESH_SECONDS. `back`: where to go on afterwards when that is not
        the page itself, as for a form that was posted. `without`: a way of logging in (amr) that does not do here.
        """
        session = await self.session(visitor)
        now = self._site.sources.now()
        if session is not None and not session.is_person:
            return self.of_organization(visitor, session, 403)
        if session is not None and _serves(session, now if fresh else None, without):
            return session
        continuation = Continuation(
            now,
            visitor.browser,
            again=session is not None,
            login_hint=session.username if session else "",
            path=back or visitor.path,
        )
        sealed = urlencode({"continue": continuation.seal(self._site.vault)})
        response = self._site.redirect(f"{LOGIN}?{sealed}")
        visitor.keep_browser(response)
        return response

    def of_organization(self, visitor: Visitor, session: Session, status: int = 200) -> Response:
        """What an organisation's login sees of the user centre: for whom it is here, and the way to log in oneself."""
        continuation = Continuation(self._site.sources.now(), visitor.browser, again=True, path=ACTING)
        sealed = urlencode({"continue": continuation.seal(self._site.vault)})
        principal = session.principal
        response = visitor.page(
            "organization_session.html",
            status,
            organization=principal.name if principal else "",
            code=principal.number if principal else "",
            named=session.name if session.human is Human.ASSERTED else None,
            login_href=f"{LOGIN}?{sealed}",
            logout_action=END_SESSION,
        )
        visitor.keep_browser(response)
        return response


def _serves(session: Session, now: float | None, without: str) -> bool:
    """Whether a login is one of the last minutes, where `now` is given, and not of a way that does not do."""
    fresh = now is None or now - session.authenticated_at < FRESH_SECONDS
    return fresh and without not in session.amr
