"""A system, a fake provider and a browser, all in this process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from clients.sdk import LoginMiddleware, SystemConfig, open_login, require_level, require_login, visit_of
from tests.clients.fake_provider import SECRET, FakeProvider
from tests.clients.making import CLIENT_ID, ISSUER, SYSTEM, Clock, sources


@dataclass
class Stage:
    """All that plays a part in a login."""

    app: LoginMiddleware
    browser: httpx2.AsyncClient
    provider: FakeProvider
    clock: Clock
    system: str = SYSTEM

    async def visit(self, path: str) -> httpx2.Response:
        """Open a page, following redirects as a browser does."""
        return await self.browser.get(f"{self.system}{path}", follow_redirects=True)

    async def step(self, path: str) -> httpx2.Response:
        """Open a page and stop at its answer."""
        return await self.browser.get(f"{self.system}{path}")

    async def log_out(self) -> httpx2.Response:
        """Press the button for logging out."""
        question = (await self.step("/logout")).text
        csrf = question.split('name="csrf" value="')[1].split('"')[0]
        return await self.browser.post(f"{self.system}/logout", data={"csrf": csrf}, follow_redirects=True)

    async def notify(self, logout_token: str) -> httpx2.Response:
        """Send a logout token as the provider does: from elsewhere, without cookies."""
        async with browser(self.app, self.provider, self.system) as client:
            return await client.post(f"{self.system}/backchannel-logout", data={"logout_token": logout_token})


def config(**changes: object) -> SystemConfig:
    """A system as the tests register it."""
    base = SystemConfig(
        name="credit", url=SYSTEM, issuer=ISSUER, client_id=CLIENT_ID, client_secret=SECRET, secret="s" * 32
    )
    return replace(base, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def stage(system: SystemConfig | None = None) -> AsyncIterator[Stage]:
    """A stage with a small system of four pages."""
    clock = Clock()
    provider = FakeProvider(clock)
    system = system or config()
    login = open_login(system, sources=sources(clock), transport=provider.transport())
    app = LoginMiddleware(_pages(), login)
    async with browser(app, provider, system.url) as client:
        yield Stage(app, client, provider, clock, system.url)
    await login.aclose()


@asynccontextmanager
async def browser(
    app: LoginMiddleware | Starlette, provider: FakeProvider, url: str = SYSTEM
) -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that reaches the system and the provider, and nothing else."""
    mounts = {f"all://{url.split('//')[1]}": httpx2.ASGITransport(app)}
    async with httpx2.AsyncClient(
        mounts={**mounts, f"all://{ISSUER.split('//')[1]}": provider.transport()},
        transport=httpx2.ASGITransport(PlainTextResponse("out of the world", 599)),
    ) as client:
        yield client


def _pages() -> Starlette:
    async def home(request: Request) -> Response:
        visit = visit_of(request)
        name = visit.session.name if visit.session else "nobody"
        return PlainTextResponse(f"home of {name}{', back from logout' if visit.logged_out else ''}")

    @require_login
    async def me(request: Request) -> Response:
        session = visit_of(request).session
        assert session is not None
        return PlainTextResponse(f"{session.name} {session.level} {session.tokens.access_token}")

    @require_level(3)
    async def vault(request: Request) -> Response:
        return PlainTextResponse("the vault")

    async def health(request: Request) -> Response:
        return PlainTextResponse("well")

    return Starlette(
        routes=[
            Route("/", home),
            Route("/me", me, methods=["GET", "POST"]),
            Route("/vault", vault),
            Route("/health", health),
        ]
    )
