"""/me/systems: the systems that a person has used, what each receives, and the way to withdraw it."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.guard import LOGGED_IN, Guard
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.selfservice.security.routes import LAPSED
from idp.selfservice.systems.service import SystemInUse, Systems
from idp.sign_on.scope_texts import scope_items

SYSTEMS = "/me/systems"
WITHDRAW = "/me/systems/withdraw"
DONE = {"withdrawn": _("授权已撤回。这个系统不能再获得您的信息，您在其中的登录也已退出。")}


class SystemPages:
    """The list, and the question before something is withdrawn."""

    def __init__(self, guard: Guard, systems: Systems) -> None:
        self._guard = guard
        self._systems = systems

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            SYSTEMS: {"GET": self._guard.show(self.show)},
            WITHDRAW: {
                "GET": self._guard.show(self.confirm, LOGGED_IN.back_to(SYSTEMS)),
                "POST": self._guard.act(self.withdraw, self._lapsed, LOGGED_IN.back_to(SYSTEMS)),
            },
        }

    async def show(self, visitor: Subscriber) -> Response:
        """Every system."""
        return await self._page(visitor)

    async def confirm(self, visitor: Subscriber) -> Response:
        """What withdrawing means, by name."""
        client_id = visitor.query.get("client_id", "")
        for system in await self._systems.of_account(visitor.account_id):
            if system.client_id == client_id and system.active:
                return visitor.page(
                    "systems_withdraw.html",
                    here=SYSTEMS,
                    action=WITHDRAW,
                    client_id=client_id,
                    system=system.name,
                    items=scope_items(system.scopes, visitor.say),
                    back=SYSTEMS,
                )
        return visitor.redirect(SYSTEMS)

    async def withdraw(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """Withdraw."""
        owner = visitor.owner
        done = await self._systems.withdraw(owner, fields.get("client_id", ""))
        return visitor.redirect(f"{SYSTEMS}?done=withdrawn" if done else SYSTEMS)

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, LAPSED, 400)

    async def _page(self, visitor: Subscriber, error: str | None = None, status: int = 200) -> Response:
        systems = await self._systems.of_account(visitor.account_id)
        return visitor.page(
            "systems.html",
            status,
            here=SYSTEMS,
            done=visitor.done(DONE),
            error=visitor.said(error),
            systems=[self._shown(visitor, system) for system in systems],
        )

    def _shown(self, visitor: Visitor, system: SystemInUse) -> dict[str, object]:
        return {
            "name": system.name,
            "uri": system.uri,
            "items": scope_items(system.scopes, visitor.say),
            "consented": _clock(system.consented_at),
            "first": _clock(system.first_used_at),
            "last": _clock(system.last_used_at),
            "href": f"{WITHDRAW}?{urlencode({'client_id': system.client_id})}" if system.active else None,
        }


def _clock(instant: float | None) -> str | None:
    return None if instant is None else clock(instant)
