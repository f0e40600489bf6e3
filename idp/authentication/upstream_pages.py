"""Logging in by an upstream platform: there, and back with what it says; bound to one browser, spent once."""

from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.continuation import Continuation
from idp.authentication.login_flow import LoginFlow
from idp.authentication.model import LoggedIn, LoginOutdated, SecondFactorRequired
from idp.authentication.service import Authentication
from idp.authentication.throttle import Throttle
from idp.authentication.upstream_failures import FailurePages
from idp.authentication.upstream_held import TICKET, HeldPages, HeldPort
from idp.authentication.upstream_login_methods import address, channel_of, way_name
from idp.federation.legal import Acting
from idp.federation.model import Failure, Reason, UserType
from idp.federation.organization_logins import Represented
from idp.federation.outcomes import Refused, Why
from idp.federation.service import AskedFirst, Beginning, Came, Federation
from idp.infrastructure.typed import is_readable
from idp.infrastructure.vault import Unreadable
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.attempts import Attempts
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.readable import reads_by_own_rule
from idp.infrastructure.web.site import YEAR, Site
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
        site: Site,
        login_flow: LoginFlow,
        authentication: Authentication,
        federation: Federation,
        guards: tuple[Throttle, Sessions, Attempts],
    ) -> None:
        self._site = site
        self._login_flow = login_flow
        self._authentication = authentication
        self._federation = federation
        self._throttle, self._sessions, self._attempts = guards
        self.failures = FailurePages(site, login_flow, federation)
        self._held = HeldPages(
            site, authentication, federation, HeldPort(login_flow, self.failures, self.enter)
        )

    def routes(self) -> Routes:
        """Path → method → handler."""
        found: dict[str, dict[str, object]] = {}
        for name, one in self._federation.installed.items():
            if UserType.PERSON in one.profile.map:
                found[address(name, "start")] = {"GET": self.start}
            if UserType.LEGAL in one.profile.map:
                found[address(name, "legal")] = {"GET": self.start}
            found[address(name, "callback")] = {"GET": self.callback, "POST": self.posted}
            found[address(name, "held")] = {"GET": self._held.show, "POST": self._held.decide}
            if one.profile.trust is not None:
                found[address(name, "trust")] = {"GET": self.start}
        return found  # type: ignore[return-value]

    async def start(self, request: Request) -> Response:
        """Send the browser to the platform; where that does not answer, say so at once."""
        name, page = _place(request)
        profile = self._federation.installed[name].profile
        user_type = (
            UserType.LEGAL if page == "legal" or UserType.PERSON not in profile.map else UserType.PERSON
        )
        sealed = self._login_flow.sealed(
            self._login_flow.continuation(request, request.query_params.get("continue", ""))
        )
        if self._federation.is_away(name):
            away = Failure(Reason.UNAVAILABLE, "start")
            return self.failures.of(request, name, user_type, away, sealed)
        caller = self._login_flow.caller(request)
        if wait := await self._throttle.admit_address(caller.address):
            response = self._site.error(
                request, 429, self._site.say(request, "尝试次数过多，请稍后再试。"), "SLOW-DOWN"
            )
            response.headers["retry-after"] = str(wait)
            return response
        channel = channel_of(caller.user_agent, profile.authorize.channels)
        beginning = Beginning(user_type, channel, self._site.browser(request), sealed, trust=page == "trust")
        response = self._site.redirect(await self._federation.begin(name, beginning))
        self._site.keep_browser(request, response)
        return response

    @reads_by_own_rule
    async def posted(self, request: Request) -> Response:
        """What a page of the platform posted, on its way to `callback`."""
        name, _ = _place(request)
        try:
            brought = parse_qsl(
                (await read_form(request)).decode("ascii"), max_num_fields=50, errors="strict"
            )
        except (UnreadableForm, ValueError):
            return self.failures.of(request, name, UserType.PERSON, Failure(Reason.NO_TICKET, "callback"))
        parameters = _readable({**dict(request.query_params), **dict(brought)})
        if sum(map(len, [*parameters, *parameters.values()])) > MOST_CHARACTERS:
            return self.failures.of(request, name, UserType.PERSON, Failure(Reason.NO_TICKET, "callback"))
        until = self._site.sources.now() + POSTED_SECONDS
        sealed = self._site.vault.seal(_purpose(name), {"until": until, "parameters": parameters})
        return self._site.redirect(f"{address(name, 'callback')}?{urlencode({POSTED: sealed})}")

    @reads_by_own_rule
    async def callback(self, request: Request) -> Response:
        """Whoever comes back from the platform."""
        name, _ = _place(request)
        parameters = self._parameters(request, name)
        if parameters is None:
            return self.failures.of(request, name, UserType.PERSON, Refused(Why.LAPSED))
        state = self._federation.state_of(name, parameters)
        if not state:
            return await self._complete(request, name, parameters)
        # Tapped twice on the platform's page, or reloaded: the first one's answer, whatever ticket the second brings.
        return await self._attempts.once(request, state, lambda: self._complete(request, name, parameters))

    async def _complete(self, request: Request, name: str, parameters: dict[str, str]) -> Response:
        caller, browser = self._login_flow.caller(request), self._site.browser(request)
        outcome = await self._federation.complete(name, browser, parameters, caller.address)
        if isinstance(outcome.result, AskedFirst):
            query = urlencode({TICKET: outcome.result.ticket})
            response = self._site.redirect(f"{address(name, 'held')}?{query}")
            self._site.keep_browser(request, response)
            return response
        if not isinstance(outcome.result, Came):
            return self.failures.of(request, name, outcome.user_type, outcome.result, outcome.continuation)
        continuation = self._login_flow.continuation(request, outcome.continuation)
        return await self.enter(request, name, continuation, outcome.result)

    async def enter(self, request: Request, name: str, continuation: Continuation, came: Came) -> Response:
        """Whoever came is in, or on the way to the second factor."""
        entered = came.entered
        if isinstance(entered, Represented):
            return await self._enter_organization(request, name, continuation, came, entered)
        linked, principal = (
            (entered.linked, entered.principal) if isinstance(entered, Acting) else (entered, None)
        )
        outcome = await self._authentication.proceed(
            linked.account,
            (UPSTREAM,),
            self._login_flow.caller(request),
            await self._login_flow.session(request),
            self._login_flow.device(request),
        )
        if principal is not None and isinstance(outcome, SecondFactorRequired) and continuation.query is None:
            continuation = replace(continuation, path=ACTING)
        if principal is not None and isinstance(outcome, LoggedIn):
            outcome = await self._acting(request, outcome, principal)
        account_id, browser = linked.account.id, self._site.browser(request)
        await self._federation.keep(name, account_id, browser, came.token)
        response = await self._login_flow.outcome(request, continuation, outcome)
        self._site.keep_browser(request, response)
        self._site.cookies.set(response, names.METHOD, way_name(name, came.user_type), YEAR)
        return response

    async def _enter_organization(
        self, request: Request, name: str, continuation: Continuation, came: Came, entered: Represented
    ) -> Response:
        """In for the organisation and nothing else: no second factor, no account of a person, no device is known."""
        before = await self._login_flow.session(request)
        caller, account = self._login_flow.caller(request), entered.account
        token = await self._sessions.begin_for(account, entered.principal, caller, before)
        if token is None:
            return await self._login_flow.outcome(request, continuation, LoginOutdated())
        await self._federation.keep(name, account.id, self._site.browser(request), came.token)
        response = self._site.redirect(self._login_flow.next(continuation))
        self._site.cookies.set(response, names.SESSION, token)
        self._site.cookies.clear(response, names.LOGIN)
        self._site.keep_browser(request, response)
        self._site.cookies.set(response, names.METHOD, way_name(name, came.user_type), YEAR)
        return response

    async def _acting(self, request: Request, done: LoggedIn, principal: Principal) -> LoggedIn:
        """The session acts for the organisation from its first page on."""
        session = await self._sessions.find(done.session_token)
        if session is None:
            return done
        try:
            token = await self._sessions.represent(session, principal, self._login_flow.caller(request))
        except CannotRepresent:  # taken back at this very moment: then the person is here for themselves
            return done
        return replace(done, session_token=token)

    def _parameters(self, request: Request, name: str) -> dict[str, str] | None:
        """What the platform had the browser bring, by the method that it uses; None where it cannot be that."""
        by_post = self._federation.installed[name].profile.callback.method == "POST"
        if POSTED not in request.query_params:
            return None if by_post else _readable(dict(request.query_params))
        if not by_post:
            return None
        try:
            content = self._site.vault.unseal(_purpose(name), request.query_params[POSTED])
        except Unreadable:
            return None
        return content["parameters"] if content["until"] > self._site.sources.now() else None


def _place(request: Request) -> tuple[str, str]:
    """Platform and page of an address; only those that exist are routed here."""
    parts = request.scope["path"].split("/")
    return parts[2], parts[3]


def _purpose(name: str) -> str:
    return f"upstream.posted.{name}"


def _readable(parameters: dict[str, str]) -> dict[str, str]:
    """Without what holds a NUL, as if it had not come; a platform's words in another encoding than UTF-8 may stay."""
    return {name: value for name, value in parameters.items() if is_readable(name) and is_readable(value)}
