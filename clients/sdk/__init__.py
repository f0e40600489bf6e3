"""Log people in with 湛河统一身份认证 from a Python system: wrap the application, guard its pages.

    config = SystemConfig(name="credit", url="https://credit.example", issuer="https://login.example", …)
    login = open_login(config)
    app = LoginMiddleware(app, login)

    @require_level(2)
    async def report(request: Request) -> Response: visit_of(request).session …

`clients.sdk.core` holds the protocol as pure functions for whoever has another framework.
"""

import httpx2

from clients.sdk.config import SystemConfig
from clients.sdk.core.acting import Principal
from clients.sdk.core.errors import InvalidResponse, InvalidToken, LoginError, Refused, Unavailable
from clients.sdk.core.session import Session
from clients.sdk.guard import require_level, require_login
from clients.sdk.login import Login
from clients.sdk.middleware import LoginMiddleware
from clients.sdk.problems import Action, Problem, plain_page
from clients.sdk.provider import Provider
from clients.sdk.sources import Sources, system_sources
from clients.sdk.store import MemorySessionStore, SessionStore
from clients.sdk.visit import Visit, visit_of

__all__ = [
    "Action",
    "InvalidResponse",
    "InvalidToken",
    "Login",
    "LoginError",
    "LoginMiddleware",
    "MemorySessionStore",
    "Principal",
    "Problem",
    "Provider",
    "Refused",
    "Session",
    "SessionStore",
    "Sources",
    "SystemConfig",
    "Unavailable",
    "Visit",
    "open_login",
    "plain_page",
    "require_level",
    "require_login",
    "system_sources",
    "visit_of",
]


def open_login(
    config: SystemConfig,
    *,
    sources: Sources | None = None,
    store: SessionStore | None = None,
    ca_file: str | None = None,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> Login:
    """A login with the usual parts: the system's clock, sessions in memory, the provider over the network."""
    sources = sources or system_sources()
    provider = Provider(
        config.registration, config.client_secret, sources, ca_file=ca_file, transport=transport
    )
    return Login(config, provider, store or MemorySessionStore(sources.now), sources)
