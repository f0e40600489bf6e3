"""/me/cancellation: giving the account up, after a look at what stands against it, with time to change one's mind."""

from collections.abc import Mapping

from starlette.responses import Response

from idp.accounts.lifecycle.hooks import Obstacle
from idp.accounts.lifecycle.service import OBSTACLE_TEXTS, Lifecycle
from idp.authentication.guard import LOGGED_IN, STRONG, Guard
from idp.authentication.visitor import Pages, Subscriber
from idp.infrastructure import typed
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.selfservice.profile.service import Profiles
from idp.selfservice.security.routes import LAPSED

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

    def __init__(self, guard: Guard, lifecycle: Lifecycle, profiles: Profiles, cooling_days: int) -> None:
        self._guard = guard
        self._lifecycle = lifecycle
        self._profiles = profiles
        self._cooling_days = cooling_days

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            CANCELLATION: {
                "GET": self._guard.show(self.show),
                "POST": self._guard.act(self.begin, self._lapsed, STRONG.back_to(CANCELLATION)),
            },
            UNDO: {"POST": self._guard.act(self.undo, self._lapsed, LOGGED_IN.back_to(CANCELLATION))},
        }

    async def show(self, visitor: Subscriber) -> Response:
        """What it means, what stands against it; or until when it can be undone."""
        return await self._page(visitor)

    async def begin(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Begin the cooling period."""
        if typed.username(fields.get("username", "")) != visitor.session.username:
            return await self._page(visitor, NOT_THE_NAME, 400)
        if await self._lifecycle.request_cancellation(visitor.account_id, visitor.account_id):
            return await self._page(visitor, status=409)  # something has come in between
        return visitor.redirect(f"{CANCELLATION}?done=requested")

    async def undo(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Keep the account."""
        done = await self._lifecycle.undo_cancellation(visitor.account_id, visitor.account_id)
        return visitor.redirect(f"{CANCELLATION}?done=undone" if done else CANCELLATION)

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, LAPSED, 400)

    async def _page(self, visitor: Subscriber, error: str | None = None, status: int = 200) -> Response:
        profile = await self._profiles.of_account(visitor.account_id)
        obstacles = await self._lifecycle.obstacles(visitor.account_id)
        return visitor.page(
            "cancellation.html",
            status,
            here="/me/data",
            again=CANCELLATION,
            action=CANCELLATION,
            undo_action=UNDO,
            done=visitor.done(DONE),
            error=visitor.said(error),
            wrong_name=error == NOT_THE_NAME,
            username=visitor.session.username,
            days=self._cooling_days,
            closes_at=None if profile.closes_at is None else clock(profile.closes_at),
            obstacles=[(visitor.say(OBSTACLE_TEXTS[each]), LINKS.get(each)) for each in obstacles],
        )
