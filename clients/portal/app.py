"""The portal's pages."""

from dataclasses import dataclass
from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clients.common.people import received
from clients.common.settings import About, Settings
from clients.common.site import Site, came_back
from clients.sdk import Sources, require_login, visit_of

ABOUT = About(
    name="portal",
    title="政务服务网门户",
    scope="openid profile phone",
    pages=(("/", "首页"), ("/me", "我的信息")),
)


@dataclass(frozen=True, slots=True)
class Service:
    """A service the portal offers."""

    path: str
    title: str
    summary: str


SERVICES = {
    service.path: service
    for service in (
        Service("social-insurance", "社会保险", "查询参保记录，打印缴费凭证"),
        Service("housing-fund", "住房公积金", "查询账户，预约提取"),
        Service("household", "户政预约", "居住证、户口办理预约"),
        Service("real-estate", "不动产登记", "登记进度查询，资料预审"),
    )
}


def build(
    settings: Settings, *, sources: Sources | None = None, transport: httpx2.AsyncBaseTransport | None = None
) -> Starlette:
    """The portal as an application."""
    site = Site(ABOUT, settings, Path(__file__).parent / "templates", peer_title="公共信用查询")

    async def home(request: Request) -> Response:
        return site.page(request, "home.html", services=SERVICES.values(), logged_out=came_back(request))

    @require_login
    async def me(request: Request) -> Response:
        session = visit_of(request).session
        return site.page(request, "me.html", rows=received(session) if session else [])

    @require_login
    async def service(request: Request) -> Response:
        offered = SERVICES.get(request.path_params["path"])
        if offered is None:
            raise HTTPException(404)
        return site.page(request, "service.html", service=offered)

    routes = [Route("/", home), Route("/me", me), Route("/services/{path}", service)]
    return site.app(routes, sources=sources, transport=transport)
