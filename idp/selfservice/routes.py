"""The overview page: who I am here, which systems I have entered, and the way out."""

from datetime import UTC, datetime, timedelta, timezone

from starlette.requests import Request
from starlette.responses import Response

from idp.authentication.routes import LOGIN
from idp.infrastructure.web import cookies as names
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.site import Site
from idp.infrastructure.web.translations import mark as _
from idp.oauth.end_session import END_SESSION
from idp.relying_parties.service import Registry
from idp.sessions.service import Sessions

BEIJING = timezone(timedelta(hours=8))


class OverviewPage:
    """The handler of /."""

    def __init__(self, site: Site, sessions: Sessions, registry: Registry) -> None:
        self._site = site
        self._sessions = sessions
        self._registry = registry

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {"/": {"GET": self.show}}

    async def show(self, request: Request) -> Response:
        """The page, or an invitation to log in."""
        session = await self._sessions.find(self._site.cookies.get(request, names.SESSION))
        if session is None:
            return self._site.page(request, "overview.html", name=None, login_href=LOGIN)
        systems = []
        for row in await self._sessions.joined(session.id):
            client = self._registry.find(row["client_id"])
            if client is not None:
                systems.append((client.client_name, client.client_uri, _clock(row["joined_at"])))
        return self._site.page(
            request,
            "overview.html",
            name=session.name,
            username=session.username,
            level=session.real_name_level,
            level_text=self._site.say(request, LEVEL_TEXTS[session.real_name_level]),
            systems=systems,
            logout_action=END_SESSION,
            signed_in_at=_clock(session.authenticated_at),
            login_href=LOGIN,
        )


LEVEL_TEXTS = (
    _("未实名"),
    _("姓名与证件号码已核对"),
    _("姓名、证件号码与手机号已核对"),
    _("已核验本人到场"),
    _("已在窗口或凭数字证书核验"),
)


def _clock(instant: float) -> str:
    return datetime.fromtimestamp(instant, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
