"""/me/systems: the systems that a person has used, what each receives, and the way to withdraw it."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.visitor import Pages, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site
from idp.selfservice.centre import Centre
from idp.selfservice.security import LAPSED
from idp.selfservice.systems import System, Systems
from idp.sessions.model import Owner, Session
from idp.sign_on.scope_texts import scope_items

SYSTEMS = "/me/systems"
WITHDRAW = "/me/systems/withdraw"
DONE = {"withdrawn": _("授权已撤回。这个系统不能再获得您的信息，您在其中的登录也已退出。")}


class SystemPages:
    """The list, and the question before something is withdrawn."""

    def __init__(self, site: Site, centre: Centre, systems: Systems) -> None:
        self._site = site
        self._centre = centre
        self._systems = systems

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {
            SYSTEMS: {"GET": self.show},
            WITHDRAW: {"GET": self.confirm, "POST": self.withdraw},
        }

    async def show(self, visitor: Visitor) -> Response:
        """Every system."""
        session = await self._centre.enter(visitor)
        if isinstance(session, Response):
            return session
        return await self._page(visitor, session)

    async def confirm(self, visitor: Visitor) -> Response:
        """What withdrawing means, by name."""
        client_id = visitor.query.get("client_id", "")
        session = await self._centre.enter(visitor, back=SYSTEMS)
        if isinstance(session, Response):
            return session
        for system in await self._systems.of_account(session.account_id):
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
        return self._site.redirect(SYSTEMS)

    async def withdraw(self, visitor: Visitor) -> Response:
        """Withdraw."""
        session = await self._centre.enter(visitor, back=SYSTEMS)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm):
            return await self._page(visitor, session, LAPSED, 400)
        owner = Owner(session.account_id, session.id, visitor.caller)
        done = await self._systems.withdraw(owner, fields.get("client_id", ""))
        return self._site.redirect(f"{SYSTEMS}?done=withdrawn" if done else SYSTEMS)

    async def _page(
        self, visitor: Visitor, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        done = DONE.get(visitor.query.get("done", ""))
        systems = await self._systems.of_account(session.account_id)
        return visitor.page(
            "systems.html",
            status,
            here=SYSTEMS,
            done=visitor.say(done) if done else None,
            error=visitor.say(error) if error else None,
            systems=[self._shown(visitor, system) for system in systems],
        )

    def _shown(self, visitor: Visitor, system: System) -> dict[str, object]:
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
