"""The composition root: builds every service once per worker and answers as one ASGI application."""

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

import idp.authentication.methods
import idp.oauth.grants
from idp.accounts.passwords import PasswordHasher
from idp.audit.store import AuditStore
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.routes import LoginPages
from idp.authentication.service import Authentication
from idp.authentication.throttle import Limit, Limits, Throttle
from idp.composition import foundation
from idp.health import health
from idp.infrastructure import plugins
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.logs import configure
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.revisions import Revisions
from idp.infrastructure.web.address import Addresses, networks
from idp.infrastructure.web.cookies import Cookies
from idp.infrastructure.web.dispatch import RETRY_AFTER_SECONDS, Dispatcher, Handler
from idp.infrastructure.web.pages import STATIC_HEADERS, Pages
from idp.infrastructure.web.site import Site, json_error, wants_json
from idp.infrastructure.web.translations import Translations
from idp.infrastructure.web.translations import mark as _
from idp.keys.service import KeyRing
from idp.keys.store import REVISION as KEYS
from idp.oauth.authorization import AuthorizationService
from idp.oauth.authorize_routes import AuthorizePages
from idp.oauth.client_authentication import ClientAuthenticator
from idp.oauth.end_session import LogoutPages
from idp.oauth.grants.interface import Grant, Workshop
from idp.oauth.model import Lifetimes
from idp.oauth.resources import Resources
from idp.oauth.routes import MachineEndpoints
from idp.oauth.service import TokenService
from idp.oauth.store import OAuthStore
from idp.oauth.tokens import Mint
from idp.relying_parties.service import Registry
from idp.relying_parties.store import REVISION as CLIENTS
from idp.selfservice.routes import OverviewPage
from idp.sessions.logout import LogoutNotices
from idp.sessions.model import Lifetimes as SessionLifetimes
from idp.sessions.service import Sessions
from idp.settings import Settings, read_settings, refuse_unsafe

ROOMS = Path(__file__).parent
TEMPLATES = [ROOMS / room / "templates" for room in ("authentication", "oauth", "selfservice")]
GC_THRESHOLD = 50_000
AGAIN_SECONDS = 1.0


class Worker:
    """The services of one worker."""

    def __init__(self, settings: Settings, base: Foundation) -> None:
        self.settings = settings
        self.base = base
        self.session_lifetimes = SessionLifetimes(settings.session_idle, settings.session_absolute)
        self.lifetimes = Lifetimes(
            code=settings.code_lifetime,
            access_token=settings.access_token_lifetime,
            refresh_idle=settings.refresh_idle,
            refresh_absolute=settings.refresh_absolute,
            refresh_grace=settings.refresh_grace,
        )
        self.http = HttpClient(settings.ca_file)
        self.hasher = PasswordHasher()
        self.outbox = Outbox(base.database, base.sources)
        self.revisions = Revisions(base.database)
        self.keys = KeyRing(base)
        self.registry = Registry(base)
        self.sessions = Sessions(base, self.registry, self.outbox, self.session_lifetimes)
        self.site = Site(
            origin=settings.issuer,
            pages=Pages(TEMPLATES, translations := Translations()),
            translations=translations,
            cookies=Cookies(secure=settings.secure),
            addresses=Addresses(networks(settings.trusted_proxies)),
            vault=base.vault,
            sources=base.sources,
        )

    async def start(self) -> None:
        """Load what is kept in memory, begin the background work."""
        self.revisions.follow(KEYS, self.keys.load)
        self.revisions.follow(CLIENTS, self.registry.load)
        await self.revisions.start()
        notices = LogoutNotices(self.settings.issuer, self.base.sources, self.keys, self.registry, self.http)
        notices.register(self.outbox)
        await self.outbox.start()

    async def stop(self) -> None:
        """End the background work."""
        await self.outbox.stop()
        await self.revisions.stop()
        await self.http.close()
        self.hasher.close()

    def dispatcher(self) -> Dispatcher:
        """Every route of every room."""
        routes = {
            **self._machines().routes(),
            **self._authorize().routes(),
            **self._login().routes(),
            **LogoutPages(self.site, self.keys, self.registry, self.sessions, self.outbox).routes(),
            **OverviewPage(self.site, self.sessions, self.registry).routes(),
            **{path: {"GET": _file(*content)} for path, content in self.site.pages.static_files().items()},
        }
        return Dispatcher(routes, self._framework(), self.show_error, self.base.sources)

    def show_error(self, request: Request, status: int, reference: str) -> Response:
        """The answer where no handler could give one."""
        if wants_json(request):
            return json_error(status, *_MACHINE_ERRORS[status])
        message = self.site.say(request, _PERSON_ERRORS[status])
        return self.site.error(request, status, message, reference)

    def _machines(self) -> MachineEndpoints:
        issuer = self.settings.issuer
        store = OAuthStore(self.session_lifetimes)
        mint = Mint(issuer, self.base, self.keys, self.lifetimes)
        workshop = Workshop(self.base, store, AuditStore(self.base.sources), mint, self.lifetimes)
        authenticator = ClientAuthenticator(issuer, self.base, self.registry, self.http)
        grants = plugins.load(idp.oauth.grants, "GRANT", Grant)  # type: ignore[type-abstract]
        tokens = TokenService(authenticator, workshop, grants)
        idle = self.lifetimes.refresh_idle
        resources = Resources(issuer, self.base, self.keys, self.registry, self.session_lifetimes, idle)
        return MachineEndpoints(issuer, self.site.addresses, authenticator, tokens, resources, self.keys)

    def _authorize(self) -> AuthorizePages:
        service = AuthorizationService(
            self.base, self.sessions, self.keys, self.lifetimes, self.session_lifetimes
        )
        return AuthorizePages(self.settings.issuer, self.site, service, self.registry)

    def _login(self) -> LoginPages:
        limits = Limits(address=Limit(self.settings.login_attempts_per_address, 900))
        throttle = Throttle(self.base, limits)
        factors = plugins.load(idp.authentication.methods, "METHOD", SecondFactor)  # type: ignore[type-abstract]
        authentication = Authentication(self.base, self.sessions, self.hasher, throttle, factors)
        return LoginPages(self.site, authentication, self.sessions, self.registry)

    def _framework(self) -> FastAPI:
        """JSON interfaces, and the page for what is nowhere."""
        app = FastAPI(title="Zhanhe Unified Identity", docs_url=None, redoc_url=None, openapi_url=None)
        app.router.redirect_slashes = False  # it would redirect to whatever the Host header names
        app.include_router(health(self.base))

        async def not_found(request: Request, error: Exception) -> Response:
            return self.show_error(request, 404, "NOT-FOUND")

        app.add_exception_handler(404, not_found)
        return app


_PERSON_ERRORS = {
    404: _("没有这个页面。"),
    405: _("这个页面不能这样打开。"),
    500: _("系统出了错，我们已经记录。请稍后再试，或把下面的编号告诉服务台。"),
    503: _("服务暂时不可用，请稍后再试。"),
}
_MACHINE_ERRORS = {
    404: ("not_found", "no such resource"),
    405: ("invalid_request", "method not allowed"),
    500: ("server_error", "internal error"),
    503: ("temporarily_unavailable", "a store is unavailable, try again"),
}


def _file(content: bytes, content_type: str) -> Handler:
    async def serve(request: Request) -> Response:
        return Response(content, media_type=content_type, headers=STATIC_HEADERS)

    return serve


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Worker]:
    """A started worker."""
    async with foundation(settings) as base:
        running = Worker(settings, base)
        await running.start()
        try:
            yield running
        finally:
            await running.stop()


class Application:
    """ASGI: builds the worker at start-up, hands it every request, stops it at the end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._handle: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif self._handle is not None:
            await self._handle(scope, receive, send)
        else:
            answer = json_error(503, *_MACHINE_ERRORS[503])
            answer.headers["retry-after"] = str(RETRY_AFTER_SECONDS)
            await answer(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with AsyncExitStack() as stack:
            try:
                await self._begin(stack)
            except DatabaseUnavailable:
                # A worker that is replaced during an outage says 503 and tries on: were it to fail,
                # the server would take it for a fault of the program and end all the others too.
                trying = asyncio.create_task(self._begin_later(stack))
                stack.callback(trying.cancel)
            except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear that we did not start
                await send({"type": "lifespan.startup.failed", "message": f"{type(error).__name__}: {error}"})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _begin(self, stack: AsyncExitStack) -> None:
        running = await stack.enter_async_context(worker(self._settings))
        self._handle = running.dispatcher()
        # What lives as long as the process is not worth looking at again: p99 falls to a quarter.
        gc.collect()
        gc.freeze()
        gc.set_threshold(GC_THRESHOLD, 20, 50)
        gc.enable()

    async def _begin_later(self, stack: AsyncExitStack) -> None:
        while self._handle is None:
            await asyncio.sleep(AGAIN_SECONDS)
            with suppress(DatabaseUnavailable):
                await self._begin(stack)


def create() -> Application:
    """For the server: the application under the settings of the environment."""
    configure()
    settings = read_settings()
    refuse_unsafe(settings)
    return Application(settings)
