"""用户中心: what a person sees of the own account."""

from idp.authentication.phone_steps import PhoneSteps
from idp.infrastructure.web.dispatch import Routes
from idp.selfservice.attention import Attention
from idp.selfservice.cancellation_pages import CancellationPages
from idp.selfservice.data_pages import DataPages
from idp.selfservice.event_pages import EventPages
from idp.selfservice.phone_pages import PhonePages
from idp.selfservice.profile_pages import ProfilePages
from idp.selfservice.routes import OverviewPage
from idp.selfservice.security_door import SecurityDoor
from idp.selfservice.session_pages import SessionPages
from idp.selfservice.system_pages import SystemPages
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site, centre, systems = worker.site, worker.centre, worker.systems
    door = SecurityDoor(site, centre, worker.entrance, worker.factors, worker.authentication)
    steps = PhoneSteps(worker.base, site, worker.entrance, worker.phone_codes, worker.phones)
    cancellation = CancellationPages(
        door, worker.lifecycle, worker.profiles, worker.settings.cancellation_cooling_days
    )
    attention = Attention(worker.profiles, worker.factors, worker.mandates)
    overview = OverviewPage(site, centre, worker.sessions, worker.registry, attention)
    return {
        **overview.routes(),
        **ProfilePages(door, worker.profiles, worker.preferences, worker.corrections).routes(),
        **PhonePages(door, steps, worker.profiles, worker.phones).routes(),
        **SessionPages(site, centre, worker.sessions, worker.devices, systems).routes(),
        **SystemPages(site, centre, systems).routes(),
        **DataPages(door, worker.export).routes(),
        **cancellation.routes(),
        **EventPages(site, centre, worker.events).routes(),
    }
