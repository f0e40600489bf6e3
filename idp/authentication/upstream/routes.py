"""Logging in by an upstream platform: there, and back with what it says; bound to one browser, spent once."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from starlette.responses import Response

from idp.authentication.guard import open_form
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LoginFlow
from idp.authentication.model import LoggedIn, LoginOutdated, SecondFactorRequired
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.authentication.upstream.failures import FailurePages
from idp.authentication.upstream.held import TICKET, HeldPages, HeldPort
from idp.authentication.upstream.methods import address, channel_of, way_name
from idp.authentication.visitor import Pages, Visitor
from idp.federation.linking.legal import LinkedActor
from idp.federation.linking.organization_logins import Represented
from idp.federation.linking.outcomes import ArrivalRefusalReason, ArrivalRefused
from idp.federation.model import Failure, LoginFailureReason, UserType
from idp.federation.service import AskedFirst, Beginning, Came, Federation
from idp.infrastructure.typed import is_readable
from idp.infrastructure.vault import Unreadable
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.attempts import Attempts
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.readable import reads_by_own_rule
from idp.infrastructure.web.site import YEAR
from idp.organizations.model import Principal
from idp.sessions.model import UPSTREAM
from idp.sessions.service import CannotRepresent, Sessions

ACTING = "/acting"
"""Where somebody says for whom they act, when a second factor came between."""
POSTED = "posted"
POSTED_SECONDS = 60
MOST_CHARACTERS = 8192


class UpstreamPages:
    """Handlers of /upstream/NAME/…, for every platform that is in use.

    Some platforms have the browser post to the callback, from their own pages. Such a post brings none of our cookies
    (they are Lax, and stay so), and carries no token of our forms. It is therefore believed in nothing: what it brings
    is sealed into the address of the same callback, to which the browser goes by GET, now with its cookies, and only
    there is compared with the login that this very browser began.
    """

    def __init__(
        self,
        login_flow: LoginFlow,
        authentication: Authentication,
        federation: Federation,
        guards: tuple[Throttle, Sessions, Attempts],
    ) -> None:
        self._login_flow = login_flow
        self._authentication = authentication
        self._federation = federation
        self._throttle, self._sessions, self._attempts = guards
        self.failures = FailurePages(login_flow, federation)
        self._held = HeldPages(authentication, federation, HeldPort(login_flow, self.failures, self.enter))

    def routes(self) -> Pages:
        """Path → method → handler."""
        found: dict[str, dict[str, object]] = {}
        for name, one in self._federation.installed.items():
            if UserType.PERSON in one.profile.map:
                found[address(name, "start")] = {"GET": self.start}
            if UserType.LEGAL in one.profile.map:
                found[address(name, "legal")] = {"GET": self.start}
            found[address(name, "callback")] = {"GET": self.callback, "POST": self.posted}
            found[address(name, "held")] = {
                "GET": self._held.show,
                "POST": open_form(self._held.decide, self._held.lapsed),
            }
            if one.profile.trust is not None:
                found[address(name, "trust")] = {"GET": self.start}
        return found  # type: ignore[return-value]

    async def start(self, visitor: Visitor) -> Response:
        """Send the browser to the platform; where that does not answer, say so at once."""
        name, page = _place(visitor)
        profile = self._federation.installed[name].profile
        user_type = (
            UserType.LEGAL if page == "legal" or UserType.PERSON not in profile.map else UserType.PERSON
        )
        sealed = self._login_flow.sealed(
            self._login_flow.continuation(visitor, visitor.query.get("continue", ""))
        )
        if self._federation.is_away(name):
            away = Failure(LoginFailureReason.UNAVAILABLE, "start")
            return self.failures.of(visitor, name, user_type, away, sealed)
        caller = visitor.caller
        if wait := await self._throttle.admit_address(caller.address):
            response = visitor.error(429, visitor.say("尝试次数过多，请稍后再试。"), "SLOW-DOWN")
            response.headers["retry-after"] = str(wait)
            return response
        channel = channel_of(caller.user_agent, profile.authorize.channels)
        beginning = Beginning(user_type, channel, visitor.browser, sealed, trust=page == "trust")
        response = visitor.redirect(await self._federation.begin(name, beginning))
        visitor.keep_browser(response)
        return response

    @reads_by_own_rule
    async def posted(self, visitor: Visitor) -> Response:
        """What a page of the platform posted, on its way to `callback`."""
        name, _ = _place(visitor)
        try:
            brought = parse_qsl(
                (await read_form(visitor.request)).decode("ascii"), max_num_fields=50, errors="strict"
            )
        except (UnreadableForm, ValueError):
            return self.failures.of(
                visitor, name, UserType.PERSON, Failure(LoginFailureReason.NO_TICKET, "callback")
            )
        parameters = _readable({**dict(visitor.query), **dict(brought)})
        if sum(map(len, [*parameters, *parameters.values()])) > MOST_CHARACTERS:
            return self.failures.of(
                visitor, name, UserType.PERSON, Failure(LoginFailureReason.NO_TICKET, "callback")
            )
        until = visitor.site.sources.now() + POSTED_SECONDS
        sealed = visitor.site.vault.seal(_purpose(name), {"until": until, "parameters": parameters})
        return visitor.redirect(f"{address(name, 'callback')}?{urlencode({POSTED: sealed})}")

    @reads_by_own_rule
    async def callback(self, visitor: Visitor) -> Response:
        """Whoever comes back from the platform."""
        name, _ = _place(visitor)
        parameters = self._parameters(visitor, name)
        if parameters is None:
            return self.failures.of(
                visitor, name, UserType.PERSON, ArrivalRefused(ArrivalRefusalReason.LAPSED)
            )
        state = self._federation.state_of(name, parameters)
        if not state:
            return await self._complete(visitor, name, parameters)
        # Tapped twice on the platform's page, or reloaded: the first one's answer, whatever ticket the second brings.
        return await self._attempts.once(
            visitor.request, state, lambda: self._complete(visitor, name, parameters)
        )

    async def _complete(self, visitor: Visitor, name: str, parameters: dict[str, str]) -> Response:
        caller, browser = visitor.caller, visitor.browser
        outcome = await self._federation.complete(name, browser, parameters, caller.address)
        if isinstance(outcome.result, AskedFirst):
            query = urlencode({TICKET: outcome.result.ticket})
            response = visitor.redirect(f"{address(name, 'held')}?{query}")
            visitor.keep_browser(response)
            return response
        if not isinstance(outcome.result, Came):
            return self.failures.of(visitor, name, outcome.user_type, outcome.result, outcome.continuation)
        continuation = self._login_flow.continuation(visitor, outcome.continuation)
        return await self.enter(visitor, name, continuation, outcome.result)

    async def enter(self, visitor: Visitor, name: str, continuation: Continuation, came: Came) -> Response:
        """Whoever came is in, or on the way to the second factor."""
        entered = came.entered
        if isinstance(entered, Represented):
            return await self._enter_organization(visitor, name, continuation, came, entered)
        linked, principal = (
            (entered.linked, entered.principal) if isinstance(entered, LinkedActor) else (entered, None)
        )
        outcome = await self._authentication.proceed(
            linked.account,
            (UPSTREAM,),
            visitor.caller,
            await visitor.current_session(),
            visitor.device,
        )
        if principal is not None and isinstance(outcome, SecondFactorRequired) and continuation.query is None:
            continuation = replace(continuation, path=ACTING)
        if principal is not None and isinstance(outcome, LoggedIn):
            outcome = await self._acting(visitor, outcome, principal)
        account_id, browser = linked.account.id, visitor.browser
        await self._federation.keep(name, account_id, browser, came.token)
        response = await self._login_flow.outcome(visitor, continuation, outcome)
        visitor.keep_browser(response)
        visitor.site.cookies.set(response, names.METHOD, way_name(name, came.user_type), YEAR)
        return response

    async def _enter_organization(
        self, visitor: Visitor, name: str, continuation: Continuation, came: Came, entered: Represented
    ) -> Response:
        """In for the organisation and nothing else: no second factor, no account of a person, no device is known."""
        before = await visitor.current_session()
        caller, account = visitor.caller, entered.account
        token = await self._sessions.begin_for(account, entered.principal, caller, before)
        if token is None:
            return await self._login_flow.outcome(visitor, continuation, LoginOutdated())
        await self._federation.keep(name, account.id, visitor.browser, came.token)
        response = visitor.redirect(self._login_flow.next(continuation))
        visitor.site.cookies.set(response, names.SESSION, token)
        visitor.site.cookies.clear(response, names.LOGIN)
        visitor.keep_browser(response)
        visitor.site.cookies.set(response, names.METHOD, way_name(name, came.user_type), YEAR)
        return response

    async def _acting(self, visitor: Visitor, done: LoggedIn, principal: Principal) -> LoggedIn:
        """The session acts for the organisation from its first page on."""
        session = await self._sessions.find(done.session_token)
        if session is None:
            return done
        try:
            token = await self._sessions.represent(session, principal, visitor.caller)
        except CannotRepresent:  # taken back at this very moment: then the person is here for themselves
            return done
        return replace(done, session_token=token)

    def _parameters(self, visitor: Visitor, name: str) -> dict[str, str] | None:
        """What the platform had the browser bring, by the method that it uses; None where it cannot be that."""
        by_post = self._federation.installed[name].profile.callback.method == "POST"
        if POSTED not in visitor.query:
            return None if by_post else _readable(dict(visitor.query))
        if not by_post:
            return None
        try:
            content = visitor.site.vault.unseal(_purpose(name), visitor.query[POSTED])
        except Unreadable:
            return None
        return content["parameters"] if content["until"] > visitor.site.sources.now() else None


def _place(visitor: Visitor) -> tuple[str, str]:
    """Platform and page of an address; only those that exist are routed here."""
    parts = visitor.request.scope["path"].split("/")
    return parts[2], parts[3]


def _purpose(name: str) -> str:
    return f"upstream.posted.{name}"


def _readable(parameters: dict[str, str]) -> dict[str, str]:
    """Without what holds a NUL, as if it had not come; a platform's words in another encoding than UTF-8 may stay."""
    return {name: value for name, value in parameters.items() if is_readable(name) and is_readable(value)}
