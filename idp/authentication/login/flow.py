"""What every way of logging in shares: what the person came for, who asks, and the cookies of an outcome."""

from dataclasses import replace
from urllib.parse import urlencode

from starlette.responses import Response

from idp.accounts.model import Preference
from idp.authentication.login.continuation import Continuation, Lapsed, unseal
from idp.authentication.login.methods import LoginMethod, LoginMethodOffer, LoginMethods, is_in_app
from idp.authentication.model import LoggedIn, LoginOutdated, SecondFactorRequired
from idp.authentication.visitor import Visitor
from idp.infrastructure.translations import CHINESE
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.site import YEAR, Site
from idp.relying_parties.service import Registry
from idp.sessions.service import Sessions

LOGIN = "/login"
SECURITY = "/me/security"
OTP = "/login/otp"
KNOWN = "/login/known"
RESUME = "/authorize/resume"
REAL_NAME = "/me/real-name"


class LoginFlow:
    """Used by the pages of every first and second factor."""

    def __init__(self, site: Site, sessions: Sessions, registry: Registry, ways: LoginMethods) -> None:
        self._site = site
        self.ways = ways
        self._sessions = sessions
        self._registry = registry

    def continuation(self, visitor: Visitor, sealed: str) -> Continuation:
        """What the person came for; when that cannot be read any more, the overview page."""
        browser = visitor.browser
        try:
            return unseal(visitor.site.vault, sealed, browser, visitor.site.sources.now())
        except Lapsed:
            return Continuation(visitor.site.sources.now(), browser)

    def sealed(self, continuation: Continuation) -> str:
        """The text that pages carry in the field or parameter `continue`."""
        return continuation.seal(self._site.vault)

    def to(self, path: str, continuation: Continuation) -> str:
        """The address of another login page, with what the person came for."""
        return f"{path}?{urlencode({'continue': self.sealed(continuation)})}"

    def next(self, continuation: Continuation) -> str:
        """Where to go on once logged in."""
        if continuation.query is None:
            return continuation.path
        return self.to(RESUME, replace(continuation, again=False))

    def system(self, continuation: Continuation) -> str | None:
        """The name of the system that the person wants to enter."""
        client = self._registry.find(continuation.client_id) if continuation.client_id else None
        return client.client_name if client else None

    def offers(self, visitor: Visitor, sealed: str, current: str) -> list[LoginMethodOffer]:
        """The other ways to log in, for ways.html, with what the person came for as the page has it sealed."""
        last = visitor.cookie(names.METHOD)
        in_app = is_in_app(visitor.user_agent)
        others = self.ways.others(current, last, elder=visitor.elder, in_app=in_app)
        return [
            LoginMethodOffer(
                f"{way.path}?{urlencode({'continue': sealed})}",
                self.label(visitor, way),
                way.name == last,
            )
            for way in others
        ]

    def label(self, visitor: Visitor, way: LoginMethod) -> str:
        """What a way is called."""
        chinese, english = way.platform
        platform = chinese if visitor.language == CHINESE else english
        return visitor.say(way.label, platform=platform)

    async def outcome(
        self,
        visitor: Visitor,
        continuation: Continuation,
        outcome: SecondFactorRequired | LoggedIn | LoginOutdated,
    ) -> Response:
        """On to the second factor, or in; or the page that says that what was proved counts no more."""
        if isinstance(outcome, LoginOutdated):
            system, again = self.system(continuation), self.to(LOGIN, continuation)
            return visitor.page("login_outdated.html", 409, system=system, again=again)
        if isinstance(outcome, SecondFactorRequired):
            response = visitor.redirect(self.to(OTP, continuation))
            visitor.site.cookies.set(response, names.LOGIN, outcome.token)
            return self._remember(visitor, response)
        lacking = self.to(SECURITY, continuation) if outcome.lacking else None
        response = visitor.redirect(lacking or self.next(continuation))
        self.keep(response, outcome)
        await self._leave_presence(visitor, response, outcome.session_token)
        self._bring(visitor, response, outcome.preference)
        return self._remember(visitor, response)

    def _bring(self, visitor: Visitor, response: Response, kept: Preference) -> None:
        """On a device where nobody chose a mode or a language, those that the person keeps."""
        if visitor.cookie(names.ELDER) is None and kept.elder:
            visitor.site.keep_elder(response, elder=True)
        if visitor.cookie(names.LANGUAGE) is None and kept.language is not None:
            visitor.site.keep_language(response, kept.language)

    async def _leave_presence(self, visitor: Visitor, response: Response, session_token: str) -> None:
        """Where a login began a session that acts for nobody, no page says any more that staff act for somebody."""
        if visitor.cookie(names.PRESENCE) is not None:
            session = await self._sessions.find(session_token)
            if session is None or session.principal is None:
                visitor.site.cookies.clear(response, names.PRESENCE)

    def keep(self, response: Response, done: LoggedIn) -> None:
        """Set the cookies of a login."""
        self._site.cookies.set(response, names.SESSION, done.session_token)
        self._site.cookies.set(response, names.DEVICE, done.device, YEAR)
        self._site.cookies.clear(response, names.LOGIN)

    def _remember(self, visitor: Visitor, response: Response) -> Response:
        """Keep the way that was right, so that it comes first the next time."""
        if (way := self.ways.of_path(visitor.path)) is not None:
            visitor.site.cookies.set(response, names.METHOD, way.name, YEAR)
        return response
