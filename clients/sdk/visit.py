"""What a page knows of its visitor; the middleware puts it there, guards and pages read it."""

from dataclasses import dataclass

from starlette.requests import Request

from clients.sdk.core.session import Session
from clients.sdk.problems import Render

STATE = "zhanhe_visit"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request's visitor: the session if logged in; whether they are just back from logging out."""

    session: Session | None
    logged_out: bool
    render: Render


def visit_of(request: Request) -> Visit:
    """The visitor of a request that came through the middleware."""
    visit = request.scope.get("state", {}).get(STATE)
    if not isinstance(visit, Visit):
        raise RuntimeError("LoginMiddleware is missing, or skips this path")
    return visit
