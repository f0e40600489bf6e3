"""/upstream/NAME/held: the certificate stands on an account that whoever came has not shown to be theirs.

They log in there by what it has, and both become one; or they say that it is not theirs, and get an account of their
own with the certificate. Nothing is decided before, and nothing by a link that somebody sends.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.factors.session_control import proven_by
from idp.authentication.factors.strength import Lacking, lacking
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LOGIN, LoginFlow
from idp.authentication.service import Authentication
from idp.authentication.upstream.failures import FailurePages
from idp.authentication.upstream.methods import address
from idp.authentication.visitor import Visitor
from idp.federation.linking.held import HeldArrival
from idp.federation.linking.outcomes import NOT_THEIRS, ArrivalRefusalReason, ArrivalRefused, HolderDecision
from idp.federation.model import UserType
from idp.federation.service import Came, Federation
from idp.infrastructure.translations import CHINESE
from idp.sessions.model import QR_CODE, Session

FRESH_SECONDS = 600.0
TICKET = "ticket"
JOIN, APART = "join", "apart"
Enter = Callable[[Visitor, str, Continuation, Came], Awaitable[Response]]
"""`UpstreamPages.enter`."""


@dataclass(frozen=True, slots=True)
class HeldPort:
    """What leads in, and what leads back out."""

    login_flow: LoginFlow
    failures: FailurePages
    enter: Enter


class HeldPages:
    """One page with two answers; works without a script."""

    def __init__(self, authentication: Authentication, federation: Federation, door: HeldPort) -> None:
        self._authentication = authentication
        self._federation = federation
        self._login_flow = door.login_flow
        self._failures = door.failures
        self._enter = door.enter

    async def show(self, visitor: Visitor) -> Response:
        """The question; once the account was shown to be theirs, what joining means."""
        name, ticket = _name(visitor), visitor.query.get(TICKET, "")
        held = await self._federation.held.find(ticket, visitor.browser)
        if held is None:
            return self._failures.of(
                visitor, name, UserType.PERSON, ArrivalRefused(ArrivalRefusalReason.LAPSED)
            )
        session = await self._holder(visitor, held)
        if session is not None and await self._lacks_factor(session):
            here = self._continuation(visitor, name, ticket, strong=True)
            return visitor.redirect(self._login_flow.to(LOGIN, here))
        account = await self._authentication.account(held.account_id)
        weaker = account is not None and account.real_name_level > held.arrival.level
        return self._page(visitor, name, ticket, held, proven=session is not None, weaker=weaker)

    async def decide(self, visitor: Visitor, fields: dict[str, str]) -> Response:
        """Join the two, or give whoever came an account of their own."""
        name, browser = _name(visitor), visitor.browser
        ticket, decision = fields.get(TICKET, ""), fields.get("decision", "")
        held = await self._federation.held.find(ticket, browser)
        if held is None or decision not in (JOIN, APART):
            return self._failures.of(
                visitor, name, UserType.PERSON, ArrivalRefused(ArrivalRefusalReason.LAPSED)
            )
        session = await self._holder(visitor, held) if decision == JOIN else None
        if decision == JOIN and (session is None or await self._lacks_factor(session)):
            return visitor.redirect(_here(name, ticket))
        choice = NOT_THEIRS if session is None else await self._theirs(visitor, session)
        caller = visitor.caller
        outcome = await self._federation.settle(name, ticket, browser, choice, caller.address)
        continuation = self._login_flow.continuation(visitor, held.continuation)
        if not isinstance(outcome, Came):
            return self._failures.of(visitor, name, UserType.PERSON, outcome, held.continuation)
        if session is None:
            return await self._enter(visitor, name, continuation, outcome)
        await self._federation.keep(name, session.account_id, browser, outcome.token)
        return visitor.redirect(self._login_flow.next(continuation))

    async def lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        """The question is asked anew."""
        return self._failures.of(
            visitor, _name(visitor), UserType.PERSON, ArrivalRefused(ArrivalRefusalReason.LAPSED)
        )

    async def _holder(self, visitor: Visitor, held: HeldArrival) -> Session | None:
        """The session of whoever has just shown to hold the account; a login by picture shows another's."""
        session = await visitor.current_session()
        if session is None or session.account_id != held.account_id or QR_CODE in session.amr:
            return None
        return session if visitor.site.sources.now() - session.authenticated_at < FRESH_SECONDS else None

    async def _lacks_factor(self, session: Session) -> bool:
        factors = await self._authentication.factors(session.account_id)
        return lacking(session, second_factor=bool(factors)) is Lacking.SECOND_FACTOR

    async def _theirs(self, visitor: Visitor, session: Session) -> HolderDecision:
        account = await self._authentication.account(session.account_id)
        shown = None if account is None else proven_by(session, account, visitor.site.sources.now())
        return HolderDecision(session.account_id, shown)

    def _page(
        self, visitor: Visitor, name: str, ticket: str, held: HeldArrival, *, proven: bool, weaker: bool
    ) -> Response:
        """`weaker`: the account is surer than the platform, so that it keeps whatever it has."""
        profile = self._federation.installed[name].profile
        platform = profile.title if visitor.language == CHINESE else profile.title_en
        continuation = self._login_flow.continuation(visitor, held.continuation)
        response = visitor.page(
            "upstream_held.html",
            platform=platform,
            action=address(name, "held"),
            ticket=ticket,
            proven=proven,
            weaker=weaker,
            system=self._login_flow.system(continuation),
            login=self._login_flow.to(LOGIN, self._continuation(visitor, name, ticket, held.account_id)),
        )
        visitor.keep_browser(response)
        return response

    def _continuation(
        self, visitor: Visitor, name: str, ticket: str, account_id: str = "", *, strong: bool = False
    ) -> Continuation:
        return Continuation(
            visitor.site.sources.now(),
            visitor.browser,
            again=not strong,
            strong=strong,
            account_id=account_id,
            path=_here(name, ticket),
        )


def _name(visitor: Visitor) -> str:
    """The platform of an address; only those that exist are routed here."""
    return str(visitor.request.scope["path"].split("/")[2])


def _here(name: str, ticket: str) -> str:
    return f"{address(name, 'held')}?{urlencode({TICKET: ticket})}"
