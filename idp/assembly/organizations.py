"""Organisations and mandates in the user centre."""

from idp.infrastructure.web.dispatch import Routes
from idp.selfservice.agents_routes import AgentPages
from idp.selfservice.mandates_routes import MandatePages
from idp.selfservice.organizations_routes import OrganizationPages
from idp.selfservice.security_door import SecurityDoor
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site, centre, registry = worker.site, worker.centre, worker.registry
    door = SecurityDoor(site, centre, worker.entrance, worker.factors, worker.authentication)
    return {
        **OrganizationPages(site, centre, worker.organizations, worker.mandates, registry).routes(),
        **AgentPages(door, worker.organizations, worker.mandates, registry).routes(),
        **MandatePages(door, worker.mandates, worker.guardians, registry).routes(),
    }
