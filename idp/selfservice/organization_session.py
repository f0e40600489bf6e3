"""What an organisation's login sees of the user centre: for whom it is here, and the way to log in oneself."""

from starlette.responses import Response

from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LOGIN, LoginFlow
from idp.authentication.visitor import Visitor
from idp.oauth.end_session import END_SESSION
from idp.organizations.model import Human
from idp.sessions.model import Session
from idp.sign_on.acting import ACTING


class OrganizationSessionPage:
    """Stands in for the pages of a person; an organisation has nothing of its own here."""

    def __init__(self, login_flow: LoginFlow) -> None:
        self._login_flow = login_flow

    def show(self, visitor: Visitor, session: Session, status: int = 200) -> Response:
        """The page; `status` tells whether it is shown instead of another."""
        continuation = Continuation(visitor.site.sources.now(), visitor.browser, again=True, path=ACTING)
        principal = session.principal
        response = visitor.page(
            "organization_session.html",
            status,
            organization=principal.name if principal else "",
            code=principal.number if principal else "",
            named=session.name if session.human is Human.ASSERTED else None,
            login_href=self._login_flow.to(LOGIN, continuation),
            logout_action=END_SESSION,
        )
        visitor.keep_browser(response)
        return response
