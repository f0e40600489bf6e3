"""What a session keeps of the platform it came by: a way to its applications, and the way out there too."""

from starlette.responses import Response

from idp.authentication.login.flow import LoginFlow
from idp.authentication.upstream.failures import FailurePages
from idp.authentication.upstream.texts import NO_TARGET, NOT_FROM_THERE
from idp.authentication.visitor import Visitor
from idp.federation.model import Failure, UserType
from idp.federation.service import Federation
from idp.infrastructure.translations import CHINESE
from idp.sessions.model import UPSTREAM, Session

APP = "app"


class Farewell:
    """Where somebody logs out who came from a platform; afterwards nothing of its session is kept here."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation

    async def of_session(self, visitor: Visitor, session: Session) -> tuple[str, str] | None:
        """The platform's name and the address; None for a session that did not come from one, or cannot end there."""
        if UPSTREAM not in session.amr:
            return None
        browser = visitor.browser
        came = await self._federation.came_from(session.account_id, browser, take=True)
        if came is None:
            return None
        url = self._federation.logout_url(came[0], f"{visitor.site.origin}/")
        profile = self._federation.installed[came[0]].profile
        title = profile.title if visitor.language == CHINESE else profile.title_en
        return None if url is None else (title, url)


class HandOnPages:
    """Handler of /upstream/NAME/go: with the login on to an application of the platform (generateTicket)."""

    def __init__(self, login_flow: LoginFlow, federation: Federation, failures: FailurePages) -> None:
        self._login_flow = login_flow
        self._federation = federation
        self._failures = failures

    async def go(self, visitor: Visitor) -> Response:
        """Only to applications that the secrets file names, and only for a session that came from there."""
        name = visitor.request.scope["path"].split("/")[2]
        target = visitor.query.get(APP, "")
        session = await visitor.current_session()
        if target not in self._federation.installed[name].targets:
            return self._failures.page(visitor, name, UserType.PERSON, NO_TARGET)
        came = None
        if session is not None and UPSTREAM in session.amr:
            came = await self._federation.came_from(session.account_id, visitor.browser)
        if session is None or came is None or came[0] != name or not came[1]:
            return self._failures.page(visitor, name, UserType.PERSON, NOT_FROM_THERE)
        found = await self._federation.hand_on(name, target, came[1], session.account_id)
        if isinstance(found, Failure):
            return self._failures.of(visitor, name, UserType.PERSON, found)
        return visitor.redirect(found)
