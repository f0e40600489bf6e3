"""/me/sessions: where somebody is logged in, on which devices they were, and how to end it."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import Response

from idp.authentication.guard import LOGGED_IN, Guard
from idp.authentication.visitor import Page, Pages, Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.selfservice.security.routes import LAPSED
from idp.selfservice.systems.service import Systems
from idp.sessions.devices import UNKNOWN_BROWSER, Devices, browser_name
from idp.sessions.model import KnownDevice, OpenSession, Session
from idp.sessions.service import Sessions

SESSIONS = "/me/sessions"
END = "/me/sessions/end"
END_OTHERS = "/me/sessions/end-others"
FORGET = "/me/sessions/forget"
ENDED_ALL = "ended all"
DONE = {
    "ended": _("那处登录已退出。"),
    "others": _("其他登录已全部退出。"),
    "forgotten": _("设备已移除。下次在那里登录，会重新要求第二步验证，并通知您。"),
    "none": _("没有改动：那处登录或设备已经不在了。"),
}
UNKNOWN = _("未知设备")
Change = Callable[[Subscriber, dict[str, str]], Awaitable[bool]]
"""Does what a form asks for; whether there was something to do."""


class SessionPages:
    """Two lists with a button on each line. Ending a login protects: it needs no fresh one."""

    def __init__(
        self,
        guard: Guard,
        sessions: Sessions,
        devices: Devices,
        systems: Systems,
    ) -> None:
        self._guard = guard
        self._sessions = sessions
        self._devices = devices
        self._systems = systems

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            SESSIONS: {"GET": self._guard.show(self.show)},
            END: {"POST": self._changed(self.end, "ended")},
            END_OTHERS: {"POST": self._changed(self.end_others, "others")},
            FORGET: {"POST": self._changed(self.forget, "forgotten")},
        }

    async def show(self, visitor: Subscriber) -> Response:
        """Both lists."""
        return await self._page(visitor)

    async def end(self, visitor: Subscriber, fields: dict[str, str]) -> bool:
        """End one login."""
        return await self._sessions.end_own(visitor.session, fields.get("id", ""), visitor.caller)

    async def end_others(self, visitor: Subscriber, fields: dict[str, str]) -> bool:
        """End all logins but this one."""
        session, caller = visitor.session, visitor.caller
        await self._sessions.end_all(session.account_id, keep=session.id, caller=caller, reason=ENDED_ALL)
        if "apps" in fields:
            await self._systems.withdraw_offline(visitor.owner)
        return True

    async def forget(self, visitor: Subscriber, fields: dict[str, str]) -> bool:
        """Forget a device."""
        return await self._devices.forget(visitor.account_id, fields.get("id", ""), visitor.caller)

    def _changed(self, change: Change, word: str) -> Page:
        async def act(visitor: Subscriber, fields: dict[str, str]) -> Response:
            done = await change(visitor, fields)
            return visitor.redirect(f"{SESSIONS}?done={word if done else 'none'}")

        return self._guard.act(act, self._lapsed, LOGGED_IN.back_to(SESSIONS))

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, LAPSED, 400)

    async def _page(self, visitor: Subscriber, error: str | None = None, status: int = 200) -> Response:
        found = await self._sessions.of_account(visitor.account_id)
        here = next((each.device_id for each in found if each.id == visitor.session.id), None)
        devices = await self._devices.of_account(visitor.account_id)
        used = await self._systems.of_account(visitor.account_id)
        return visitor.page(
            "sessions.html",
            status,
            here=SESSIONS,
            again=SESSIONS,
            done=visitor.done(DONE),
            error=visitor.said(error),
            offline=any("offline_access" in one.scopes and one.active for one in used),
            sessions=[self._session(visitor, each, visitor.session) for each in found],
            devices=[self._device(visitor, device, here) for device in devices],
        )

    def _session(self, visitor: Visitor, found: OpenSession, current: Session) -> dict[str, object]:
        return {
            "id": found.id,
            "current": found.id == current.id,
            "device": self._named(visitor, found.user_agent),
            "address": found.address,
            "since": clock(found.authenticated_at),
            "seen": clock(found.last_seen_at),
            "principal": found.principal.name if found.principal else None,
            "systems": [self._systems.name(client_id) for client_id, _joined in found.systems],
        }

    def _device(self, visitor: Visitor, device: KnownDevice, current: str | None) -> dict[str, object]:
        until = device.trusted_until
        if until is not None and until <= visitor.site.sources.now():
            until = None
        return {
            "id": device.id,
            "current": device.id == current,
            "device": self._named(visitor, device.user_agent),
            "address": device.address,
            "first": clock(device.first_seen_at),
            "last": clock(device.last_seen_at),
            "trusted": None if until is None else clock(until),
        }

    def _named(self, visitor: Visitor, user_agent: str) -> str:
        name = browser_name(user_agent)
        return visitor.say(UNKNOWN) if name == UNKNOWN_BROWSER else name
