"""/me/upstreams: the platforms by which the person comes in, the way to end that, and what staff are looking into."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.responses import Response

from idp.authentication.guard import STRONG, Guard
from idp.authentication.login.flow import SECURITY
from idp.authentication.visitor import Pages, Subscriber, Visitor
from idp.federation.linking.account_links import AccountLinks, LastWay
from idp.federation.model import UpstreamLink
from idp.infrastructure.beijing import clock
from idp.infrastructure.translations import mark as _
from idp.selfservice.security.platforms import Titles, platform_title
from idp.selfservice.security.routes import LAPSED

UPSTREAMS = "/me/upstreams"
UNLINK = f"{UPSTREAMS}/unlink"
DONE = _("已解除关联。以后不能再从那里登录这个账号，由它证明的实名等级也一并失效。")
ONLY_WAY = _("这是您登录的唯一方式。请先设置密码或绑定手机号，再解除关联。")


class UpstreamLinkPages:
    """The list, and the question before a link is ended."""

    def __init__(self, guard: Guard, desk: AccountLinks, platforms: Titles) -> None:
        self._guard = guard
        self._desk = desk
        self._platforms = platforms

    def routes(self) -> Pages:
        """Path → method → handler; nothing where no platform is in use."""
        if not self._platforms:
            return {}
        return {
            UPSTREAMS: {"GET": self._guard.show(self.show)},
            UNLINK: {
                "GET": self._guard.show(self.confirm, STRONG.back_to(UPSTREAMS)),
                "POST": self._guard.act(self.unlink, self._lapsed, STRONG.back_to(UPSTREAMS)),
            },
        }

    async def show(self, visitor: Subscriber) -> Response:
        """Every link."""
        return await self._page(visitor)

    async def confirm(self, visitor: Subscriber) -> Response:
        """What ending it means, by name."""
        for link in await self._desk.of_account(visitor.account_id):
            if link.id == visitor.query.get("id"):
                title = self._title(visitor, link.profile)
                return visitor.page("upstreams_unlink.html",
                    here=SECURITY, action=UNLINK, id=link.id, platform=title, back=UPSTREAMS,
                )  # fmt: skip
        return visitor.redirect(UPSTREAMS)

    async def unlink(self, visitor: Subscriber, fields: dict[str, str]) -> Response:
        """End a link, unless the person could not come in again."""
        address = visitor.caller.address
        try:
            done = await self._desk.unlink_own(
                visitor.account_id, fields.get("id", ""), address, proven=visitor.session.security_version
            )
        except LastWay:
            return await self._page(visitor, ONLY_WAY, 409)
        return visitor.redirect(f"{UPSTREAMS}?done=unlinked" if done else UPSTREAMS)

    async def _lapsed(self, visitor: Subscriber, fields: Mapping[str, str]) -> Response:
        return await self._page(visitor, LAPSED, 400)

    async def _page(self, visitor: Subscriber, error: str | None = None, status: int = 200) -> Response:
        say = visitor.say
        links = await self._desk.of_account(visitor.account_id)
        waiting = await self._desk.conflicts_of(visitor.account_id)
        return visitor.page(
            "upstreams.html",
            status,
            here=SECURITY,
            done=say(DONE) if visitor.query.get("done") == "unlinked" else None,
            error=visitor.said(error),
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
