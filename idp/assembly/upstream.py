"""Logging in by upstream platforms."""

from idp.authentication.upstream_pages import UpstreamPages
from idp.authentication.upstream_stay import HandOnPages
from idp.authentication.upstream_ways import address
from idp.infrastructure.web.dispatch import Routes
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site, entrance, federation = worker.site, worker.entrance, worker.federation
    guards = (worker.throttle, worker.sessions, worker.attempts)
    pages = UpstreamPages(site, entrance, worker.authentication, federation, guards)
    going = HandOnPages(site, entrance, federation, pages.failures)
    return {
        **pages.routes(),
        **{
            address(name, "go"): {"GET": going.go}
            for name, one in federation.installed.items()
            if one.profile.hand_on is not None and one.targets
        },
    }
