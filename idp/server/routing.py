"""Which handlers answer which paths: what every room of the house offers, in one table."""

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.web.cross_origin import CrossOrigin
from idp.infrastructure.web.dispatch import Dispatcher, ShowError
from idp.server.front import errors, files
from idp.server.health import health
from idp.server.house import House


def dispatcher(house: House) -> Dispatcher:
    """Every route of every room; raises ValueError where two want the same path."""
    ground = house.ground
    show_error = errors(ground.site)
    routes = dict(files(ground.site.pages))
    for table in (table for offer in house.offers for table in offer.routes):
        for path, methods in table.items():
            if path in routes:
                raise ValueError(f"two pages answer {path}")
            routes[path] = methods
    shared = {path: tuple(methods) for offer in house.offers for path, methods in offer.shared.items()}
    return Dispatcher(
        ground.attempts.guarded(routes),
        _framework(house, show_error),
        show_error,
        ground.base.sources,
        CrossOrigin(shared, house.relying_parties.registry.admits_origin),
    )


def _framework(house: House, show_error: ShowError) -> FastAPI:
    """JSON interfaces, and the page for what is nowhere."""
    app = FastAPI(title="Zhanhe Unified Identity", docs_url=None, redoc_url=None, openapi_url=None)
    app.router.redirect_slashes = False  # it would redirect to whatever the Host header names
    app.include_router(health(house.base))
    for offer in house.offers:
        for prefix, mounted in offer.mounts.items():
            app.mount(prefix, mounted)

    async def not_found(request: Request, error: Exception) -> Response:
        return show_error(request, 404, "")

    app.add_exception_handler(404, not_found)
    return app
