"""用户中心: what a person sees of the own account."""

from idp.infrastructure.web.dispatch import Routes
from idp.selfservice.routes import OverviewPage
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    return OverviewPage(worker.site, worker.sessions, worker.registry).routes()
