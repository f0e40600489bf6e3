"""The credit system's pages."""

from pathlib import Path

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from clients.common.people import received
from clients.common.settings import About, Settings
from clients.common.site import Site, came_back
from clients.sdk import Sources, require_level, system_sources, visit_of

ABOUT = About(
    name="credit",
    title="公共信用查询",
    scope="openid profile real_name",
    pages=(("/", "首页"), ("/report", "信用报告"), ("/me", "我的信息")),
    level=2,
)
RECORDS = (
    ("行政许可", 1, "个体工商户登记（演示）"),
    ("行政处罚", 0, "没有记录"),
    ("严重失信", 0, "没有记录"),
    ("守信激励", 2, "志愿服务、按时纳税（演示）"),
)


def build(
    settings: Settings, *, sources: Sources | None = None, transport: httpx2.AsyncBaseTransport | None = None
) -> Starlette:
    """The credit system as an application."""
    sources = sources or system_sources()
    now = sources.now
    site = Site(ABOUT, settings, Path(__file__).parent / "templates", peer_title="政务服务网门户")

    async def home(request: Request) -> Response:
        raising = f"{settings.config.issuer.rstrip('/')}/me/real-name"
        return site.page(request, "home.html", logged_out=came_back(request), raising=raising)

    @require_level(ABOUT.level)
    async def me(request: Request) -> Response:
        session = visit_of(request).session
        return site.page(request, "me.html", rows=received(session) if session else [])

    @require_level(ABOUT.level)
    async def report(request: Request) -> Response:
        return site.page(request, "report.html", records=RECORDS, asked_at=now())

    routes = [Route("/", home), Route("/me", me), Route("/report", report)]
    return site.app(routes, sources=sources, transport=transport)
