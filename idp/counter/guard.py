"""The guard of the counter: staff in office who logged in with two factors come in, others are told why not."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.authentication.guard import Act, Show, on_form, on_page
from idp.authentication.login.continuation import Continuation
from idp.authentication.login.flow import LOGIN, LoginFlow
from idp.authentication.visitor import Page, Subscriber, Visitor
from idp.organizations.roles import RoleName, Roles
from idp.sessions.model import MULTIPLE, Session


class Staff(Visitor):
    """A member of staff at work."""

    def __init__(
        self, visitor: Visitor, session: Session, roles: frozenset[str], divisions: tuple[str, ...]
    ) -> None:
        super().__init__(visitor.site, visitor.sessions, visitor.request)
        self.session = session
        self.roles = roles
        self.divisions = divisions

    @property
    def id(self) -> str:
        """The account, which the audit record names."""
        return self.session.account_id

    @property
    def is_supervisor(self) -> bool:
        """Whether decisions that cannot be taken back are allowed."""
        return RoleName.SUPERVISOR in self.roles


class StaffGuard:
    """Lets staff in office in, and tells others why not."""

    def __init__(self, login_flow: LoginFlow, roles: Roles) -> None:
        self._login_flow = login_flow
        self._roles = roles

    def show(self, show: Show[Staff]) -> Page:
        """A page for staff."""
        return on_page(self.enter, show)

    def act(self, act: Act[Staff], *, supervisor: bool = False) -> Page:
        """A form that staff post; some are for supervisors."""
        return on_form(self._supervisor if supervisor else self.enter, act, self.on_lapsed)

    async def enter(self, visitor: Visitor) -> Staff | Response:
        """The member of staff, the way to the login, or a page that says what is missing."""
        session = await visitor.current_session()
        if visitor.presence is not None and (session is None or session.principal is not None):
            return self.refused(visitor, "presence")
        if session is None:
            return self.to_login(visitor)
        held = await self._roles.of_account(session.account_id)
        roles = frozenset(one.role for one in held)
        if RoleName.COUNTER not in roles:
            return self.refused(visitor, "role")
        if MULTIPLE not in session.amr:
            return self.refused(visitor, "factor", self._stronger(visitor, session))
        if session.principal is not None:  # what staff do here, they do as staff
            return self.refused(visitor, "acting")
        divisions = dict.fromkeys(one.division for one in held if one.role == RoleName.COUNTER)
        return Staff(visitor, session, roles, tuple(divisions))

    async def holder(self, visitor: Visitor) -> Subscriber | Response:
        """Whoever is logged in, staff or not; else the way to the login."""
        session = await visitor.current_session()
        return self.to_login(visitor) if session is None else Subscriber(visitor, session)

    async def _supervisor(self, visitor: Visitor) -> Staff | Response:
        staff = await self.enter(visitor)
        if isinstance(staff, Staff) and not staff.is_supervisor:
            return self.refused(visitor, "supervisor")
        return staff

    async def on_lapsed(self, visitor: Visitor, fields: Mapping[str, str]) -> Response:
        """The form was not ours, or has lapsed."""
        return visitor.error(400, visitor.say("页面已过期，请重新操作。"), "COUNTER-FORM")

    def to_login(self, visitor: Visitor) -> Response:
        """To the login and back."""
        here = Continuation(visitor.site.sources.now(), visitor.browser, path=visitor.path)
        response = visitor.redirect(self._login_flow.to(LOGIN, here))
        visitor.keep_browser(response)
        return response

    def refused(self, visitor: Visitor, why: str, login: str = "") -> Response:
        """403 in plain words; `login` is the address at which more can be shown."""
        return visitor.page("counter_refused.html", 403, why=why, login_href=login)

    def _stronger(self, visitor: Visitor, session: Session) -> str:
        """For whoever only lacks the second factor: the way to it."""
        return self._login_flow.to(
            LOGIN,
            Continuation(
                visitor.site.sources.now(),
                visitor.browser,
                again=True,
                login_hint=session.username,
                path=visitor.path,
            ),
        )
