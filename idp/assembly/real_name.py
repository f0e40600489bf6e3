"""/me/real-name: who somebody is, and how that is known."""

from idp.infrastructure.web.dispatch import Routes
from idp.selfservice.real_name import RealNamePages
from idp.selfservice.security_door import SecurityDoor
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site = worker.site
    return RealNamePages(
        site,
        SecurityDoor(site, worker.centre, worker.entrance, worker.factors, worker.authentication),
        worker.real_names,
        worker.verification,
        worker.platforms,
        worker.settings.network_identity_app_url,
    ).routes()
