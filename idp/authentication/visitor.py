"""Whoever sent a request: what a page wants to know of them, and how it answers them."""

from collections.abc import Awaitable, Callable, Mapping
from functools import cached_property, wraps
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.typed import MOST_CHARACTERS
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.dispatch import Handler, Routes
from idp.infrastructure.web.presence import Presence
from idp.infrastructure.web.site import Site
from idp.sessions.model import Caller, Owner, Session
from idp.sessions.service import Sessions


class Visitor:
    """The person at the browser, for one request. What is found out about them is found out once."""

    def __init__(self, site: Site, sessions: Sessions, request: Request) -> None:
        self.site = site
        self.sessions = sessions
        self.request = request
        self.typed: Mapping[str, str] = {}
        """The fields of the form that they posted, once it was read."""
        self._found: tuple[Session | None] | None = None

    async def current_session(self) -> Session | None:
        """The live session that the browser's cookie names; asked of the store once."""
        if self._found is None:
            self._found = (await self.sessions.find(self.cookie(names.SESSION)),)
        return self._found[0]

    @property
    def query(self) -> Mapping[str, str]:
        """The parameters of the address."""
        return self.request.query_params

    @property
    def path(self) -> str:
        """The path of the address."""
        return self.request.url.path

    @cached_property
    def language(self) -> str:
        """The tag of the language that pages are shown in."""
        return self.site.language(self.request)

    @cached_property
    def elder(self) -> bool:
        """Whether pages are shown in the elder mode (长辈版)."""
        return self.site.elder(self.request)

    @cached_property
    def browser(self) -> str:
        """A name for this browser; call `keep_browser` on the answer."""
        return self.site.browser(self.request)

    @cached_property
    def address(self) -> str:
        """The network address that the request comes from."""
        return self.site.addresses.of(self.request)

    @property
    def user_agent(self) -> str:
        """What the browser says of itself, as much of it as is kept."""
        return self.request.headers.get("user-agent", "")[:MOST_CHARACTERS]

    @property
    def caller(self) -> Caller:
        """The other end of the line."""
        return Caller(self.address, self.user_agent)

    @property
    def device(self) -> str | None:
        """The value of the device cookie, for `Authentication`."""
        return self.cookie(names.DEVICE)

    @property
    def pending_login(self) -> str | None:
        """The token of the login that waits in this browser for a second factor."""
        return self.cookie(names.LOGIN)

    @property
    def presence(self) -> Presence | None:
        """For whom staff act in this browser, because that person is present."""
        return self.site.presence(self.request)

    def cookie(self, name: str) -> str | None:
        """The value of one of our cookies, by its short name."""
        return self.site.cookies.get(self.request, name)

    def say(self, text: str, **values: object) -> str:
        """A text in their language."""
        return self.site.translations.gettext(self.language, text, **values)

    def said(self, text: str | None) -> str | None:
        """A text in their language, where there is one."""
        return None if text is None else self.say(text)

    def done(self, texts: Mapping[str, str]) -> str | None:
        """What was done, as the address says it after a form that succeeded (`?done=WORD`)."""
        return self.said(texts.get(self.query.get("done", "")))

    def page(self, template: str, status: int = 200, **context: Any) -> Response:
        """A page with a fresh CSRF token for its forms."""
        return self.site.page(self.request, template, status, **context)

    def error(self, status: int, message: str, reference: str, title: str = "") -> Response:
        """An error that a person can read and tell the help desk about."""
        return self.site.error(self.request, status, message, reference, title)

    def redirect(self, url: str) -> Response:
        """303: the browser follows with GET whatever it came with."""
        return self.site.redirect(url)

    async def form(self) -> dict[str, str]:
        """The fields of a form posted from our own page; raises UnreadableForm, UnreadableField, Forged."""
        fields = await self.site.form(self.request)
        self.typed = fields
        return fields

    def keep_browser(self, response: Response) -> None:
        """Let the browser be known again by the name of `browser`."""
        self.site.keep_browser(self.request, response)

    def keep_asked(self, response: Response) -> None:
        """Keep the language and the mode that the address asks for, for the pages to come."""
        self.site.keep_asked(self.request, response)


class Subscriber(Visitor):
    """A visitor who is logged in (NIST SP 800-63: the subscriber), as strongly as the page wants."""

    def __init__(self, visitor: Visitor, session: Session) -> None:
        super().__init__(visitor.site, visitor.sessions, visitor.request)
        self.session = session
        self._found = (session,)

    @property
    def account_id(self) -> str:
        """Whose account."""
        return self.session.account_id

    @property
    def owner(self) -> Owner:
        """Whoever does something about the own account."""
        return Owner(self.session.account_id, self.session.id, self.caller)


Page = Callable[[Visitor], Awaitable[Response]]
"""What answers a visitor."""
Pages = Mapping[str, Mapping[str, Page]]
"""Path → method → page."""


class Reception:
    """Makes the one `Visitor` of each request that pages answer."""

    def __init__(self, site: Site, sessions: Sessions) -> None:
        self._site = site
        self._sessions = sessions

    def routes(self, pages: Pages) -> Routes:
        """The pages as handlers of requests."""
        return {
            path: {method: self._handler(page) for method, page in methods.items()}
            for path, methods in pages.items()
        }

    def visitor(self, request: Request) -> Visitor:
        """Whoever sent it."""
        return Visitor(self._site, self._sessions, request)

    def _handler(self, page: Page) -> Handler:
        @wraps(page)
        async def handle(request: Request) -> Response:
            return await page(self.visitor(request))

        return handle
