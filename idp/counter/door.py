"""The door of the counter: staff in office who logged in with two factors come in, others are told why not."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.continuation import Continuation
from idp.authentication.routes import LOGIN
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.dispatch import Handler
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site
from idp.organizations.roles import Role, Roles
from idp.sessions.model import MULTIPLE, Session
from idp.sessions.service import Caller, Sessions


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


Show = Callable[[Request, Staff], Awaitable[Response]]
Act = Callable[[Request, Staff, dict[str, str]], Awaitable[Response]]


class Door:
    """Wraps the handlers of the room."""

    def __init__(self, site: Site, sessions: Sessions, roles: Roles) -> None:
        self._site = site
        self._sessions = sessions
        self._roles = roles

    def show(self, show: Show) -> Handler:
        """A page for staff."""

        async def handle(request: Request) -> Response:
            staff = await self.enter(request)
            return staff if isinstance(staff, Response) else await show(request, staff)

        return handle

    def act(self, act: Act, *, supervisor: bool = False) -> Handler:
        """A form that staff post; some are for supervisors."""

        async def handle(request: Request) -> Response:
            staff = await self.enter(request)
            if isinstance(staff, Response):
                return staff
            if supervisor and not staff.is_supervisor:
                return self._refused(request, "supervisor")
            try:
                fields = await self._site.form(request)
            except (Forged, UnreadableForm):
                return self.lapsed(request)
            request.state.reason = fields.get("reason", "")  # a page that refuses shows it again
            return await act(request, staff, fields)

        return handle

    async def enter(self, request: Request) -> Staff | Response:
        """The member of staff, the way to the login, or a page that says what is missing."""
        session = await self.session(request)
        if self._site.presence(request) is not None and (session is None or session.principal is not None):
            return self._refused(request, "presence")
        if session is None:
            return self._to_login(
                request, Continuation(self._site.sources.now(), self._site.browser(request))
            )
        held = await self._roles.of_account(session.account_id)
        roles = frozenset(one.role for one in held)
        if Role.COUNTER not in roles:
            return self._refused(request, "role")
        if MULTIPLE not in session.amr:
            return self._refused(request, "factor", session)
        if session.principal is not None:  # what staff do here, they do as staff
            return self._refused(request, "acting")
        divisions = dict.fromkeys(one.division for one in held if one.role == Role.COUNTER)
        return Staff(session, roles, tuple(divisions))

    async def session(self, request: Request) -> Session | None:
        """The session of whoever asks."""
        return await self._sessions.find(self._site.cookies.get(request, names.SESSION))

    def caller(self, request: Request) -> Caller:
        """The other end of the line."""
        return Caller(self._site.addresses.of(request), request.headers.get("user-agent", ""))

    def lapsed(self, request: Request) -> Response:
        """The form was not ours, or has lapsed."""
        return self._site.error(
            request, 400, self._site.say(request, "页面已过期，请重新操作。"), "COUNTER-FORM"
        )

    def to_login(self, request: Request) -> Response:
        """To the login and back."""
        return self._to_login(request, Continuation(self._site.sources.now(), self._site.browser(request)))

    def _to_login(self, request: Request, continuation: Continuation) -> Response:
        sealed = self._sealed(replace(continuation, path=request.url.path))
        response = self._site.redirect(f"{LOGIN}?{sealed}")
        self._site.keep_browser(request, response)
        return response

    def refused(self, request: Request, why: str) -> Response:
        """403 in plain words, for a page that some members of staff may see."""
        return self._refused(request, why)

    def _refused(self, request: Request, why: str, session: Session | None = None) -> Response:
        """403 in plain words; who only lacks the second factor is shown the way to it."""
        login = ""
        if session is not None:
            again = Continuation(
                self._site.sources.now(),
                self._site.browser(request),
                again=True,
                login_hint=session.username,
                path=request.url.path,
            )
            login = f"{LOGIN}?{self._sealed(again)}"
        return self._site.page(request, "counter_refused.html", 403, why=why, login_href=login)

    def _sealed(self, continuation: Continuation) -> str:
        return urlencode({"continue": continuation.seal(self._site.vault)})
