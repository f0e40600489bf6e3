"""The look of a demo system, and its assembly: pages, login middleware, error pages, health."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from clients.common.people import acting_words, level_words, masked_certificate, masked_phone, moment
from clients.common.settings import About, Settings
from clients.sdk import Action, LoginMiddleware, Problem, Sources, Visit, open_login, system_sources, visit_of
from clients.sdk.visit import STATE

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Peer:
    """The other demo system."""

    title: str
    url: str


class Site:
    """Renders the pages of one system."""

    def __init__(self, about: About, settings: Settings, templates: Path, peer_title: str) -> None:
        self.about = about
        self.settings = settings
        self.peer = Peer(peer_title, settings.peer_url) if settings.peer_url else None
        self._pages = jinja2.Environment(
            loader=jinja2.FileSystemLoader([templates, _HERE / "templates"]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._pages.filters.update(
            acting=acting_words,
            level=level_words,
            certificate=masked_certificate,
            phone=masked_phone,
            moment=moment,
        )
        # browsers hold redirects after a form to form-action too: logging out ends at the provider
        self._headers = {
            "content-security-policy": "default-src 'none'; style-src 'self'; img-src 'self'; "
            f"base-uri 'none'; frame-ancestors 'none'; form-action 'self' {settings.config.issuer}",
            "x-content-type-options": "nosniff",
            "referrer-policy": "same-origin",
        }

    def page(self, request: Request, template: str, status: int = 200, **context: Any) -> Response:
        """A page in the system's look."""
        visit = request.scope.get("state", {}).get(STATE)
        session = visit.session if isinstance(visit, Visit) else None
        body = self._pages.get_template(template).render(
            about=self.about, peer=self.peer, path=request.url.path, session=session, **context
        )
        response = HTMLResponse(body, status, self._headers)
        if session is not None:
            response.headers["cache-control"] = "no-store"
        return response

    def problem(self, request: Request, problem: Problem) -> Response:
        """A problem in the system's look."""
        return self.page(request, "problem.html", problem.status, problem=problem)

    async def http_error(self, request: Request, error: Exception) -> Response:
        """A page for what the router refuses."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        title, message, english = _ERRORS.get(status, _ERRORS[500])
        problem = Problem(status, title, message, english, (Action("回到首页", "/"),), f"http_{status}")
        return self.problem(request, problem)

    def app(
        self,
        routes: Sequence[BaseRoute],
        *,
        sources: Sources | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> Starlette:
        """The whole application."""
        login = open_login(
            self.settings.config,
            sources=sources or system_sources(),
            ca_file=self.settings.ca_file,
            transport=transport,
        )

        @asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            yield
            await login.aclose()

        return Starlette(
            routes=[
                *routes,
                Route("/health", _health),
                Mount("/static", StaticFiles(directory=_HERE / "static")),
            ],
            middleware=[Middleware(LoginMiddleware, login=login, render=self.problem)],
            exception_handlers={HTTPException: self.http_error, 500: self.http_error},
            lifespan=lifespan,
        )


_ERRORS = {
    404: ("没有这个页面", "您要找的页面不存在，可能地址有误。", "There is no such page."),
    405: (
        "不能这样打开",
        "这个地址不接受这种请求，请从首页重新进入。",
        "This address does not take such requests.",
    ),
    500: (
        "系统出错了",
        "本系统出了问题，请稍后再试；如果再次出现，请联系管理员。",
        "Something went wrong here.",
    ),
}


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


def came_back(request: Request) -> bool:
    """Whether the person has just logged out everywhere and come back."""
    return visit_of(request).logged_out
