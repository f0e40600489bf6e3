"""Which handlers answer which paths, and with which services: a file per area, each with `routes(worker)`."""

from collections.abc import Callable, Sequence

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from idp.assembly import (
    centre,
    counter,
    login,
    organizations,
    phone,
    provider,
    real_name,
    security,
    upstream,
)
from idp.assembly.api import api
from idp.assembly.files import files
from idp.front import errors
from idp.health import health
from idp.infrastructure.web.cross_origin import CrossOrigin
from idp.infrastructure.web.dispatch import Dispatcher, Routes, ShowError
from idp.worker import Worker

AREAS: Sequence[Callable[[Worker], Routes]] = (
    provider.routes,
    login.routes,
    centre.routes,
    counter.routes,
    security.routes,
    organizations.routes,
    phone.routes,
    real_name.routes,
    upstream.routes,
)

OF_PAGES = (
    *("/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"),
    *("/token", "/revoke", "/userinfo"),
)
"""What a public client that is a page reads of this server from its own origin, beside /api/me."""
API_METHODS = ("GET", "POST", "PUT", "DELETE")


def dispatcher(worker: Worker) -> Dispatcher:
    """Every route of every area; raises ValueError where two want the same path."""
    show_error = errors(worker.site)
    routes = dict(files(worker.site.pages))
    for area in AREAS:
        for path, methods in area(worker).items():
            if path in routes:
                raise ValueError(f"two areas answer {path}")
            routes[path] = methods
    shared = {path: tuple(routes[path]) for path in OF_PAGES} | dict.fromkeys(
        ("/api/me", "/api/me/"), API_METHODS
    )
    return Dispatcher(
        worker.attempts.guarded(routes),
        _framework(worker, show_error),
        show_error,
        worker.base.sources,
        CrossOrigin(shared, worker.registry.admits_origin),
    )


def _framework(worker: Worker, show_error: ShowError) -> FastAPI:
    """JSON interfaces, and the page for what is nowhere."""
    app = FastAPI(title="Zhanhe Unified Identity", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False  # it would redirect to whatever the Host header names
    app.include_router(health(worker.base))
    app.mount("/api", api(worker))

    async def not_found(request: Request, error: Exception) -> Response:
        return show_error(request, 404, "")

    app.add_exception_handler(404, not_found)
    return app
