"""/me/systems: the systems that a person has used, what each receives, and the way to withdraw it."""

from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged, Site
from idp.selfservice.centre import Centre
from idp.selfservice.security import LAPSED
from idp.selfservice.systems import System, Systems
from idp.sessions.model import Session
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

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {
            SYSTEMS: {"GET": self.show},
            WITHDRAW: {"GET": self.confirm, "POST": self.withdraw},
        }

    async def show(self, request: Request) -> Response:
        """Every system."""
        session = await self._centre.enter(request)
        if isinstance(session, Response):
            return session
        return await self._page(request, session)

    async def confirm(self, request: Request) -> Response:
        """What withdrawing means, by name."""
        client_id = request.query_params.get("client_id", "")
        session = await self._centre.enter(request, back=SYSTEMS)
        if isinstance(session, Response):
            return session
        for system in await self._systems.of_account(session.account_id):
            if system.client_id == client_id and system.active:
                return self._site.page(
                    request,
                    "systems_withdraw.html",
                    here=SYSTEMS,
                    action=WITHDRAW,
                    client_id=client_id,
                    system=system.name,
                    items=scope_items(system.scopes, lambda text: self._site.say(request, text)),
                    back=SYSTEMS,
                )
        return self._site.redirect(SYSTEMS)

    async def withdraw(self, request: Request) -> Response:
        """Withdraw."""
        session = await self._centre.enter(request, back=SYSTEMS)
        if isinstance(session, Response):
            return session
        try:
            fields = await self._site.form(request)
        except (Forged, UnreadableForm):
            return await self._page(request, session, LAPSED, 400)
        owner = self._centre.owner(request, session)
        done = await self._systems.withdraw(owner, fields.get("client_id", ""))
        return self._site.redirect(f"{SYSTEMS}?done=withdrawn" if done else SYSTEMS)

    async def _page(
        self, request: Request, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        done = DONE.get(request.query_params.get("done", ""))
        systems = await self._systems.of_account(session.account_id)
        return self._site.page(
            request,
            "systems.html",
            status,
            here=SYSTEMS,
            done=self._site.say(request, done) if done else None,
            error=self._site.say(request, error) if error else None,
            systems=[self._shown(request, system) for system in systems],
        )

    def _shown(self, request: Request, system: System) -> dict[str, object]:
        return {
            "name": system.name,
            "uri": system.uri,
            "items": scope_items(system.scopes, lambda text: self._site.say(request, text)),
            "consented": _clock(system.consented_at),
            "first": _clock(system.first_used_at),
            "last": _clock(system.last_used_at),
            "href": f"{WITHDRAW}?{urlencode({'client_id': system.client_id})}" if system.active else None,
        }


def _clock(instant: float | None) -> str | None:
    return None if instant is None else clock(instant)
