"""The door of the counter: staff in office who logged in with two factors come in, others are told why not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.continuation import Continuation
from idp.authentication.routes import LOGIN
from idp.authentication.visitor import Page, Visitor
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site
from idp.organizations.roles import Role, Roles
from idp.sessions.model import MULTIPLE, Session
from idp.sessions.service import Sessions


@dataclass(frozen=True, slots=True)
class Staff:
    """A member of staff at work."""

    session: Session
    roles: frozenset[str]
    divisions: tuple[str, ...]

    @property
    def id(self) -> str:
        """The account, which the audit record names."""
        return self.session.account_id

    @property
    def is_supervisor(self) -> bool:
        """Whether decisions that cannot be taken back are allowed."""
        return Role.SUPERVISOR in self.roles


Show = Callable[[Visitor, Staff], Awaitable[Response]]
Act = Callable[[Visitor, Staff, dict[str, str]], Awaitable[Response]]


class Door:
    """Wraps the handlers of the room."""

    def __init__(self, site: Site, sessions: Sessions, roles: Roles) -> None:
        self._site = site
        self._sessions = sessions
        self._roles = roles

    def show(self, show: Show) -> Page:
        """A page for staff."""

        async def handle(visitor: Visitor) -> Response:
            staff = await self.enter(visitor)
            return staff if isinstance(staff, Response) else await show(visitor, staff)

        return handle

    def act(self, act: Act, *, supervisor: bool = False) -> Page:
        """A form that staff post; some are for supervisors."""

        async def handle(visitor: Visitor) -> Response:
            staff = await self.enter(visitor)
            if isinstance(staff, Response):
                return staff
            if supervisor and not staff.is_supervisor:
                return self._refused(visitor, "supervisor")
            try:
                fields = await visitor.form()
            except (Forged, UnreadableForm):
                return self.lapsed(visitor)
            visitor.request.state.reason = fields.get("reason", "")  # a page that refuses shows it again
            return await act(visitor, staff, fields)

        return handle

    async def enter(self, visitor: Visitor) -> Staff | Response:
        """The member of staff, the way to the login, or a page that says what is missing."""
        session = await visitor.current_session()
        if visitor.presence is not None and (session is None or session.principal is not None):
            return self._refused(visitor, "presence")
        if session is None:
            return self._to_login(visitor, Continuation(self._site.sources.now(), visitor.browser))
        held = await self._roles.of_account(session.account_id)
        roles = frozenset(one.role for one in held)
        if Role.COUNTER not in roles:
            return self._refused(visitor, "role")
        if MULTIPLE not in session.amr:
            return self._refused(visitor, "factor", session)
        if session.principal is not None:  # what staff do here, they do as staff
            return self._refused(visitor, "acting")
        divisions = dict.fromkeys(one.division for one in held if one.role == Role.COUNTER)
        return Staff(session, roles, tuple(divisions))

    def lapsed(self, visitor: Visitor) -> Response:
        """The form was not ours, or has lapsed."""
        return visitor.error(400, visitor.say("页面已过期，请重新操作。"), "COUNTER-FORM")

    def to_login(self, visitor: Visitor) -> Response:
        """To the login and back."""
        return self._to_login(visitor, Continuation(self._site.sources.now(), visitor.browser))

    def _to_login(self, visitor: Visitor, continuation: Continuation) -> Response:
        sealed = self._sealed(replace(continuation, path=visitor.path))
        response = self._site.redirect(f"{LOGIN}?{sealed}")
        visitor.keep_browser(response)
        return response

    def refused(self, visitor: Visitor, why: str) -> Response:
        """403 in plain words, for a page that some members of staff may see."""
        return self._refused(visitor, why)

    def _refused(self, visitor: Visitor, why: str, session: Session | None = None) -> Response:
        """403 in plain words; who only lacks the second factor is shown the way to it."""
        login = ""
        if session is not None:
            again = Continuation(
                self._site.sources.now(),
                visitor.browser,
                again=True,
                login_hint=session.username,
                path=visitor.path,
            )
            login = f"{LOGIN}?{self._sealed(again)}"
        return visitor.page("counter_refused.html", 403, why=why, login_href=login)

    def _sealed(self, continuation: Continuation) -> str:
        return urlencode({"continue": continuation.seal(self._site.vault)})
