"""Organisations and mandates in the user centre."""

from idp.infrastructure.web.dispatch import Routes
from idp.selfservice.agents_routes import AgentPages
from idp.selfservice.mandates_routes import MandatePages
from idp.selfservice.organizations_routes import OrganizationPages
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site, centre, registry = worker.site, worker.centre, worker.registry
    return {
        **OrganizationPages(site, centre, worker.organizations, registry).routes(),
        **AgentPages(site, centre, worker.organizations, worker.mandates, registry).routes(),
        **MandatePages(site, centre, worker.mandates, worker.guardians, registry).routes(),
    }
