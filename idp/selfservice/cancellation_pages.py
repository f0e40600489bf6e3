"""/me/cancellation: giving the account up, after a look at what stands against it, with time to change one's mind."""

from starlette.responses import Response

from idp.accounts.lifecycle import OBSTACLE_TEXTS, Lifecycle
from idp.accounts.lifecycle_hooks import Obstacle
from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure import typed
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged
from idp.selfservice.profile import Profiles
from idp.selfservice.security import LAPSED
from idp.selfservice.security_door import SecurityDoor
from idp.sessions.model import Session

CANCELLATION = "/me/cancellation"
UNDO = "/me/cancellation/undo"
LINKS = {Obstacle.REPRESENTATIVE: "/me/organizations", Obstacle.GUARDIAN: "/me/mandates"}
DONE = {
    "requested": _("已申请注销。在生效之前，随时可以在这里撤销。"),
    "undone": _("注销申请已撤销，账号照常使用。"),
}
NOT_THE_NAME = _("用户名不对。请照上面显示的用户名输入，以确认注销。")


class CancellationPages:
    """To begin needs a fresh and full login and the typed username; to undo, only a login."""

    def __init__(
        self, door: SecurityDoor, lifecycle: Lifecycle, profiles: Profiles, cooling_days: int
    ) -> None:
        self._door = door
        self._site = door.site
        self._lifecycle = lifecycle
        self._profiles = profiles
        self._cooling_days = cooling_days

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {CANCELLATION: {"GET": self.show, "POST": self.begin}, UNDO: {"POST": self.undo}}

    async def show(self, visitor: Visitor) -> Response:
        """What it means, what stands against it; or until when it can be undone."""
        session = await self._door.centre.enter(visitor)
        return session if isinstance(session, Response) else await self._page(visitor, session)

    async def begin(self, visitor: Visitor) -> Response:
        """Begin the cooling period."""
        session = await self._door.enter(visitor, CANCELLATION)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm):
            return await self._page(visitor, session, LAPSED, 400)
        if typed.username(fields.get("username", "")) != session.username:
            return await self._page(visitor, session, NOT_THE_NAME, 400)
        if await self._lifecycle.request_cancellation(session.account_id, session.account_id):
            return await self._page(visitor, session, status=409)  # something has come in between
        return self._site.redirect(f"{CANCELLATION}?done=requested")

    async def undo(self, visitor: Visitor) -> Response:
        """Keep the account."""
        session = await self._door.centre.enter(visitor, back=CANCELLATION)
        if isinstance(session, Response):
            return session
        try:
            await visitor.form()
        except (Forged, UnreadableForm):
            return await self._page(visitor, session, LAPSED, 400)
        done = await self._lifecycle.undo_cancellation(session.account_id, session.account_id)
        return self._site.redirect(f"{CANCELLATION}?done=undone" if done else CANCELLATION)

    async def _page(
        self, visitor: Visitor, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        profile = await self._profiles.of_account(session.account_id)
        obstacles = await self._lifecycle.obstacles(session.account_id)
        done = DONE.get(visitor.query.get("done", ""))
        return visitor.page(
            "cancellation.html",
            status,
            here="/me/data",
            again=CANCELLATION,
            action=CANCELLATION,
            undo_action=UNDO,
            done=visitor.say(done) if done else None,
            error=visitor.say(error) if error else None,
            wrong_name=error == NOT_THE_NAME,
            username=session.username,
            days=self._cooling_days,
            closes_at=None if profile.closes_at is None else clock(profile.closes_at),
            obstacles=[(visitor.say(OBSTACLE_TEXTS[each]), LINKS.get(each)) for each in obstacles],
        )
