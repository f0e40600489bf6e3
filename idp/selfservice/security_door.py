"""The inner door of the user centre: who changes what protects the account has proved it lately, and fully."""

from starlette.responses import Response

from idp.accounts.model import Account
from idp.authentication.continuation import Continuation
from idp.authentication.factors import Factors
from idp.authentication.login_flow import KNOWN, LOGIN, SECURITY, LoginFlow
from idp.authentication.service import Authentication
from idp.authentication.strength import Lacking
from idp.authentication.visitor import Visitor
from idp.infrastructure.web.site import Site
from idp.selfservice.centre import Centre
from idp.sessions.model import MULTIPLE, Session


class SecurityDoor:
    """`Centre.enter` for changes: a login of the last minutes, with the second factor where there is one.

    A login by SMS alone does not do, once the account is of a verified person.
    """

    def __init__(
        self,
        site: Site,
        centre: Centre,
        login_flow: LoginFlow,
        factors: Factors,
        authentication: Authentication,
    ) -> None:
        self.site = site
        self._authentication = authentication
        self.centre = centre
        self.login_flow = login_flow
        self.factors = factors

    async def enter(
        self, visitor: Visitor, back: str = SECURITY, *, knowledge: bool = True, without: str = ""
    ) -> Session | Response:
        """The session, or the way to prove more and from there to `back`.

        `knowledge`: a login by phone alone is too little. `without`: a way of logging in (amr) that does not do here.
        """
        session = await self.centre.enter(visitor, fresh=True, back=back, without=without)
        if isinstance(session, Response):
            return session
        lacking = await self.factors.lacking(session)
        if lacking is None or (lacking is Lacking.KNOWLEDGE and not knowledge):
            return session
        factor = lacking is Lacking.SECOND_FACTOR
        continuation = Continuation(self.site.sources.now(), visitor.browser, strong=factor, path=back)
        page = LOGIN if factor else KNOWN
        response = self.site.redirect(self.login_flow.to(page, continuation))
        visitor.keep_browser(response)
        return response

    async def added(
        self, visitor: Visitor, session: Session, account: Account | None, used: tuple[str, ...]
    ) -> Response:
        """Back to the list; whoever added the first second factor has shown it, and need not show it again.

        `account` is as it was with the new factor: should it have changed since, the session stays as it is.
        """
        response = self.done("added")
        if MULTIPLE not in session.amr and account is not None:
            caller, device = visitor.caller, visitor.device
            done = await self._authentication.strengthen(session, account, (*used, MULTIPLE), caller, device)
            if done is not None:
                self.login_flow.keep(response, done)
        return response

    def done(self, word: str) -> Response:
        """Back to the list, which says what was done."""
        return self.site.redirect(f"{SECURITY}?done={word}")
