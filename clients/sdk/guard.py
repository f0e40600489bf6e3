"""Guards for pages: who may not see one is sent to log in, or to log in more strongly, and comes back."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from clients.sdk.core.paths import local_path
from clients.sdk.problems import level_problem, login_url
from clients.sdk.visit import visit_of

Endpoint = Callable[[Request], Awaitable[Response]]


def require_login(endpoint: Endpoint) -> Endpoint:
    """Only for people who are logged in."""
    return require_level(0)(endpoint)


def require_level(level: int) -> Callable[[Endpoint], Endpoint]:
    """Only for people whose login reached a real-name level; who has less is asked once for a step-up."""

    def guard(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        async def guarded(request: Request) -> Response:
            visit = visit_of(request)
            session = visit.session
            if session is not None and session.level >= level:
                response = await endpoint(request)
                response.headers.setdefault("cache-control", "no-store")
                return response
            here = _return_to(request)
            # acr_values is a wish (Core §3.1.2.1): asking again for what was not given would go in circles
            if session is not None and session.asked_level >= level:
                return visit.render(request, level_problem(level, session.level, here))
            return RedirectResponse(login_url(here, level), 303, {"cache-control": "no-store"})

        return guarded

    return guard


def _return_to(request: Request) -> str:
    """The page asked for; a form cannot be sent again, so its sender comes back to the start."""
    if request.method not in ("GET", "HEAD"):
        return "/"
    path = quote(request.url.path, safe="/:@!$&'()*+,;=~")
    return local_path(f"{path}?{request.url.query}" if request.url.query else path)
