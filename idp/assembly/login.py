"""Logging in."""

from idp.authentication.routes import LoginPages
from idp.infrastructure.web.dispatch import Routes
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    return LoginPages(worker.site, worker.authentication, worker.sessions, worker.registry).routes()
