"""/: who I am here, for whom I act, what I should look at, which systems I have entered, and the way out."""

from starlette.responses import Response

from idp.authentication.guard import Guard
from idp.authentication.login.routes import LOGIN
from idp.authentication.phone.routes import REGISTER
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.oauth.end_session import END_SESSION
from idp.relying_parties.service import Registry
from idp.selfservice.organization_session import OrganizationSessionPage
from idp.selfservice.overview.attention import Attention, Matter
from idp.selfservice.real_name.texts import LEVELS
from idp.sessions.model import Session
from idp.sessions.service import Sessions
from idp.sign_on.acting import ACTING

HOME = "/"
MATTERS = {
    Matter.CANCELLATION: (
        _("您申请了注销账号，到期就不能恢复。"),
        _("查看或撤销"),
        "/me/cancellation",
    ),
    Matter.INVITATION: (_("有人请您代为办事，等您答复。"), _("去看看"), "/me/mandates"),
    Matter.LEVEL: (_("您的实名等级还不够进入大多数系统。"), _("去实名认证"), "/me/real-name"),
    Matter.PHONE: (
        _("您的手机号还没有验证，收不到安全通知，也不能用它找回账号。"),
        _("去绑定"),
        "/me/profile/phone",
    ),
    Matter.SECOND_FACTOR: (
        _("只有一道密码或短信保护您的账号。加一道第二步验证更安全。"),
        _("去添加"),
        "/me/security",
    ),
}
"""What it says, what the link says, where it leads."""


class OverviewPage:
    """The handler of /."""

    def __init__(
        self,
        guard: Guard,
        for_organization: OrganizationSessionPage,
        sessions: Sessions,
        registry: Registry,
        attention: Attention,
    ) -> None:
        self._for_organization = for_organization
        self._guard = guard
        self._sessions = sessions
        self._registry = registry
        self._attention = attention

    def routes(self) -> Pages:
        """Path → method → handler."""
        return {HOME: {"GET": self.show}}

    async def show(self, visitor: Visitor) -> Response:
        """The page, or an invitation to log in."""
        subscriber = await self._guard.subscriber(visitor)
        if subscriber is not None:
            return await self._overview(subscriber)
        session = await visitor.current_session()
        if session is not None:
            return self._for_organization.show(visitor, session)
        return visitor.page("start.html", login_href=LOGIN, register_href=REGISTER)

    async def _overview(self, visitor: Subscriber) -> Response:
        session = visitor.session
        return visitor.page(
            "overview.html",
            here=HOME,
            name=session.name,
            username=session.username,
            level=session.real_name_level,
            level_text=visitor.say(LEVELS[session.real_name_level]),
            principal=session.principal.name if session.principal else None,
            acting_href=ACTING,
            matters=[
                (visitor.say(text), visitor.say(label), href)
                for text, label, href in map(MATTERS.__getitem__, await self._attention.of_session(session))
            ],
            systems=await self._systems(session),
            logout_action=END_SESSION,
            signed_in_at=clock(session.authenticated_at),
        )

    async def _systems(self, session: Session) -> list[tuple[str, str | None, str]]:
        joined = [
            (self._registry.find(each.client_id), each.joined_at)
            for each in await self._sessions.joined(session.id)
        ]
        return [
            (client.client_name, client.client_uri, clock(at)) for client, at in joined if client is not None
        ]
