"""/me/upstreams: the platforms by which the person comes in, the way to end that, and what staff are looking into."""

from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.login_flow import SECURITY
from idp.authentication.visitor import Pages, Visitor
from idp.federation.account_links import AccountLinks, LastWay
from idp.federation.model import UpstreamLink
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.infrastructure.web.forms import UnreadableForm
from idp.infrastructure.web.site import Forged
from idp.selfservice.platforms import Titles, platform_title
from idp.selfservice.security import LAPSED
from idp.selfservice.security_door import SecurityDoor
from idp.sessions.model import Session

UPSTREAMS = "/me/upstreams"
UNLINK = f"{UPSTREAMS}/unlink"
DONE = _("已解除关联。以后不能再从那里登录这个账号，由它证明的实名等级也一并失效。")
ONLY_WAY = _("这是您登录的唯一方式。请先设置密码或绑定手机号，再解除关联。")


class UpstreamLinkPages:
    """The list, and the question before a link is ended."""

    def __init__(self, door: SecurityDoor, desk: AccountLinks, platforms: Titles) -> None:
        self._door = door
        self._site = door.site
        self._desk = desk
        self._platforms = platforms

    def routes(self) -> Pages:
        """Path → method → handler; nothing where no platform is in use."""
        if not self._platforms:
            return {}
        return {UPSTREAMS: {"GET": self.show}, UNLINK: {"GET": self.confirm, "POST": self.unlink}}

    async def show(self, visitor: Visitor) -> Response:
        """Every link."""
        session = await self._door.centre.enter(visitor)
        return session if isinstance(session, Response) else await self._page(visitor, session)

    async def confirm(self, visitor: Visitor) -> Response:
        """What ending it means, by name."""
        session = await self._door.enter(visitor, UPSTREAMS)
        if isinstance(session, Response):
            return session
        for link in await self._desk.of_account(session.account_id):
            if link.id == visitor.query.get("id"):
                title = self._title(visitor, link.profile)
                return visitor.page("upstreams_unlink.html",
                    here=SECURITY, action=UNLINK, id=link.id, platform=title, back=UPSTREAMS,
                )  # fmt: skip
        return self._site.redirect(UPSTREAMS)

    async def unlink(self, visitor: Visitor) -> Response:
        """End a link, unless the person could not come in again."""
        session = await self._door.enter(visitor, UPSTREAMS)
        if isinstance(session, Response):
            return session
        try:
            fields = await visitor.form()
        except (Forged, UnreadableForm):
            return await self._page(visitor, session, LAPSED, 400)
        address = visitor.caller.address
        try:
            done = await self._desk.unlink_own(
                session.account_id, fields.get("id", ""), address, proven=session.security_version
            )
        except LastWay:
            return await self._page(visitor, session, ONLY_WAY, 409)
        return self._site.redirect(f"{UPSTREAMS}?done=unlinked" if done else UPSTREAMS)

    async def _page(
        self, visitor: Visitor, session: Session, error: str | None = None, status: int = 200
    ) -> Response:
        say = visitor.say
        links = await self._desk.of_account(session.account_id)
        waiting = await self._desk.conflicts_of(session.account_id)
        return visitor.page(
            "upstreams.html",
            status,
            here=SECURITY,
            done=say(DONE) if visitor.query.get("done") == "unlinked" else None,
            error=say(error) if error else None,
            links=[self._shown(visitor, link) for link in links],
            waiting=[(self._title(visitor, one.profile), clock(one.created_at)) for one in waiting],
        )

    def _shown(self, visitor: Visitor, link: UpstreamLink) -> dict[str, str]:
        return {
            "platform": self._title(visitor, link.profile),
            "since": clock(link.linked_at),
            "used": clock(link.last_seen_at),
            "href": f"{UNLINK}?{urlencode({'id': link.id})}",
        }

    def _title(self, visitor: Visitor, profile: str) -> str:
        return platform_title(visitor.language, self._platforms, profile)
