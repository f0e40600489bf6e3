"""What a worker answers that cannot begin yet, because the database is away: that it lives, and 503 otherwise."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from idp.infrastructure.secret_file import open_vault
from idp.infrastructure.sources import system_sources
from idp.infrastructure.web.dispatch import Dispatcher, unavailable
from idp.server.front import errors, files, site
from idp.server.health import ALIVE, LIVE
from idp.settings import Settings


def waiting(settings: Settings) -> ASGIApp:
    """The application until there is one; raises BadSecretFile."""
    sources = system_sources()
    shown_on = site(settings, open_vault(settings.secret_path, sources), sources)
    show_error = errors(shown_on)

    async def live(request: Request) -> Response:
        return JSONResponse(ALIVE)

    async def not_yet(scope: Scope, receive: Receive, send: Send) -> None:
        answer = unavailable(show_error, Request(scope, receive), "")
        await answer(scope, receive, send)

    routes = {**files(shown_on.pages), LIVE: {"GET": live}}
    return Dispatcher(routes, not_yet, show_error, sources)
