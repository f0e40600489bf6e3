"""The guard of pages: lets in whoever logged in as strongly as a page wants, and reads the form that they post."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from starlette.responses import Response

from idp.accounts.contacts.preferences import Preferences
from idp.authentication.factors.service import Factors
from idp.authentication.factors.strength import Lacking
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import KNOWN, LOGIN, LoginFlow
from idp.authentication.visitor import Page, Subscriber, Visitor
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged
from idp.infrastructure.web.switches import LANGUAGE
from idp.sessions.model import Session

FRESH_SECONDS = 600
"""How long ago somebody may have logged in to change what protects the account."""

V = TypeVar("V", bound=Visitor)
Enter = Callable[[Visitor], Awaitable[V | Response]]
"""Gives whoever may come in, or the page that leads there or says why not."""
Show = Callable[[V], Awaitable[Response]]
Act = Callable[[V, dict[str, str]], Awaitable[Response]]
"""Does what a form asks for, by its fields."""
Lapsed = Callable[[V, Mapping[str, str]], Awaitable[Response]]
"""Answers a form that was not ours or has lapsed. Its fields are shown again at most, and never acted upon."""


def on_page(enter: Enter[V], show: Show[V]) -> Page:
    """A page for those who may come in."""

    async def page(visitor: Visitor) -> Response:
        entered = await enter(visitor)
        return entered if isinstance(entered, Response) else await show(entered)

    return page


def on_form(enter: Enter[V], act: Act[V], lapsed: Lapsed[V]) -> Page:
    """The same for a form that they post."""

    async def page(visitor: Visitor) -> Response:
        entered = await enter(visitor)
        if isinstance(entered, Response):
            return entered
        try:
            fields = await entered.form()
        except Forged as forged:
            return await lapsed(entered, forged.fields)
        except UnreadableForm:
            return await lapsed(entered, {})
        return await act(entered, fields)

    return page


def open_form(act: Act[Visitor], lapsed: Lapsed[Visitor]) -> Page:
    """The same for whoever comes, logged in or not."""

    async def anybody(visitor: Visitor) -> Visitor | Response:
        return visitor

    return on_form(anybody, act, lapsed)


@dataclass(frozen=True, slots=True)
class Requirement:
    """How strong a login a page wants, and where the person goes on afterwards."""

    recent: bool = False
    """Younger than FRESH_SECONDS."""
    second_factor: bool = False
    """With the second factor, where the account has one."""
    knowledge: bool = False
    """More than a phone alone, once the account is of a verified person."""
    without: str = ""
    """A way of logging in (amr) that does not do here."""
    back: str | Callable[[Visitor], str] = ""
    """Where to go on, when that is not the page itself, as for a form that was posted."""

    def back_to(self, back: str | Callable[[Visitor], str]) -> Self:
        """The same, from where one goes on elsewhere."""
        return replace(self, back=back)

    def address(self, visitor: Visitor) -> str:
        """The path at which the person goes on."""
        back = self.back(visitor) if callable(self.back) else self.back
        return back or visitor.path


LOGGED_IN = Requirement()
RECENT = Requirement(recent=True)
STRONG = Requirement(recent=True, second_factor=True, knowledge=True)
"""For changes of what protects the account."""


class Guard:
    """Lets subscribers in; whoever came for an organisation is shown `for_organization` instead."""

    def __init__(
        self,
        preferences: Preferences,
        login_flow: LoginFlow,
        factors: Factors,
        for_organization: Callable[[Visitor, Session, int], Response],
    ) -> None:
        self._preferences = preferences
        self._login_flow = login_flow
        self._factors = factors
        self._for_organization = for_organization

    def show(self, show: Show[Subscriber], wanted: Requirement = LOGGED_IN) -> Page:
        """A page for whoever is logged in as strongly as that."""
        return on_page(self._entrance(wanted), show)

    def act(self, act: Act[Subscriber], lapsed: Lapsed[Subscriber], wanted: Requirement = LOGGED_IN) -> Page:
        """A form that they post."""
        return on_form(self._entrance(wanted), act, lapsed)

    async def enter(self, visitor: Visitor, wanted: Requirement) -> Subscriber | Response:
        """Whoever is logged in, or the way to the login, or to prove more, and from there back."""
        session = await visitor.current_session()
        if session is not None and not session.is_person:
            return self._for_organization(visitor, session, 403)
        if session is not None:
            await self._keep_switches(visitor, session)
        now = visitor.site.sources.now()
        if session is None or not _serves(session, wanted, now):
            again, hint = session is not None, session.username if session else ""
            return self._lead(
                visitor, LOGIN, wanted, Continuation(now, visitor.browser, again=again, login_hint=hint)
            )
        if (lacking := await self._lacking(session, wanted)) is None:
            return Subscriber(visitor, session)
        factor = lacking is Lacking.SECOND_FACTOR
        return self._lead(
            visitor, LOGIN if factor else KNOWN, wanted, Continuation(now, visitor.browser, strong=factor)
        )

    async def subscriber(self, visitor: Visitor) -> Subscriber | None:
        """Whoever is logged in as themselves, for a page that others see too."""
        session = await visitor.current_session()
        if session is None or not session.is_person:
            return None
        await self._keep_switches(visitor, session)
        return Subscriber(visitor, session)

    def _entrance(self, wanted: Requirement) -> Enter[Subscriber]:
        async def enter(visitor: Visitor) -> Subscriber | Response:
            return await self.enter(visitor, wanted)

        return enter

    async def _lacking(self, session: Session, wanted: Requirement) -> Lacking | None:
        if not wanted.second_factor:
            return None
        lacking = await self._factors.lacking(session)
        return None if lacking is Lacking.KNOWLEDGE and not wanted.knowledge else lacking

    def _lead(self, visitor: Visitor, page: str, wanted: Requirement, continuation: Continuation) -> Response:
        on = replace(continuation, path=wanted.address(visitor))
        response = visitor.redirect(self._login_flow.to(page, on))
        visitor.keep_browser(response)
        return response

    async def _keep_switches(self, visitor: Visitor, session: Session) -> None:
        """The switches of mode and language, where just used, are kept for the person."""
        elder = visitor.site.asked_elder(visitor.request)
        if elder is not None:
            await self._preferences.keep_elder(session.account_id, elder)
        if visitor.query.get(LANGUAGE):
            await self._preferences.keep_language(session.account_id, visitor.language)


def _serves(session: Session, wanted: Requirement, now: float) -> bool:
    recent = not wanted.recent or now - session.authenticated_at < FRESH_SECONDS
    return recent and wanted.without not in session.amr
