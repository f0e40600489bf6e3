"""The counter: what staff do for a person who is present, and what becomes of accounts."""

from idp.counter.account_pages import AccountPages
from idp.counter.act_pages import ActPages
from idp.counter.acting import Acting
from idp.counter.code_pages import CodePages
from idp.counter.codes import CounterCodes
from idp.counter.conflict_pages import ConflictPages
from idp.counter.correction_pages import CorrectionPages
from idp.counter.death_pages import DeathPages
from idp.counter.door import Door
from idp.counter.guardian_pages import GuardianPages
from idp.counter.merge_pages import MergePages
from idp.counter.presence import PresencePages
from idp.counter.routes import CounterPages
from idp.infrastructure.web.dispatch import Routes
from idp.worker import Worker


def routes(worker: Worker) -> Routes:
    """See `idp.assembly`."""
    site, counter = worker.site, worker.counter
    door = Door(site, worker.sessions, worker.roles)
    accounts = AccountPages(site, door, counter, worker.account_requests, worker.lifecycle, worker.merges)
    codes = CounterCodes(worker.base, worker.phone_codes)
    acting = Acting(worker.base, worker.mandates, worker.sessions, counter.is_concerned)
    return {
        **CounterPages(site, door, counter, worker.divisions).routes(),
        **PresencePages(site, door, counter, codes, worker.divisions).routes(),
        **CodePages(site, codes).routes(),
        **GuardianPages(site, door, counter, accounts).routes(),
        **ActPages(site, door, counter, acting).routes(),
        **accounts.routes(),
        **ConflictPages(
            site, door, counter, worker.account_requests, worker.links, worker.platforms
        ).routes(),
        **DeathPages(site, door, counter, worker.account_requests, accounts).routes(),
        **CorrectionPages(site, door, worker.corrections, counter.visits).routes(),
        **MergePages(site, door, counter, worker.account_requests, worker.merges, accounts).routes(),
    }
