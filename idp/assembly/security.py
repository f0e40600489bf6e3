"""/me/security, /me/upstreams and /qr: what protects the own account, and by what it is entered."""

from idp.authentication.apps import asset_links
from idp.infrastructure.web.dispatch import Routes
from idp.selfservice.qr_approval import QrApproval
from idp.selfservice.security import SecurityPages
from idp.selfservice.security_adding import AddingPages
from idp.selfservice.security_door import SecurityDoor
from idp.selfservice.upstream_pages import UpstreamLinkPages
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    centre = worker.centre
    door = SecurityDoor(worker.site, centre, worker.entrance, worker.factors, worker.authentication)
    return {
        **SecurityPages(
            door, worker.passkeys, worker.own_password, has_platforms=bool(worker.platforms)
        ).routes(),
        **AddingPages(door, worker.passkeys, worker.own_password).routes(),
        **UpstreamLinkPages(door, worker.links, worker.platforms).routes(),
        **asset_links(worker.settings.passkey_apps),
        **QrApproval(worker.site, centre, worker.qr_logins).routes(),
    }
