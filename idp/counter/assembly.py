"""The counter: what staff do for a person who is present, and what becomes of accounts."""

from idp.accounts.lifecycle.reset import Reset
from idp.authentication.assembly import AuthenticationRoom
from idp.authentication.visitor import Pages
from idp.counter.account_pages import AccountPages
from idp.counter.account_requests import AccountRequests
from idp.counter.act_pages import ActPages
from idp.counter.acting import PresenceActing
from idp.counter.approved_account_requests import ApprovedAccountRequests
from idp.counter.approved_requests import ApprovedRequests
from idp.counter.code_pages import CodePages
from idp.counter.codes import CounterCodes
from idp.counter.conflict_pages import ConflictPages
from idp.counter.correction_pages import CorrectionPages
from idp.counter.death_pages import DeathPages
from idp.counter.guard import StaffGuard
from idp.counter.guardian_pages import GuardianPages
from idp.counter.lifecycle_hook import CounterLifecycleHook
from idp.counter.merge_pages import MergePages
from idp.counter.model import DUE_SECONDS
from idp.counter.own_request_store import own_requests
from idp.counter.presence import PresencePages
from idp.counter.routes import CounterPages
from idp.counter.service import Counter
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer


class CounterRoom:
    """`own_requests` is what a person may know of the requests about the own account."""

    own_requests = staticmethod(own_requests)

    def __init__(self, authentication: AuthenticationRoom) -> None:
        self._authentication = authentication
        accounts, organizations = authentication.sessions.accounts, authentication.organizations
        base, links = accounts.ground.base, authentication.federation.links
        about = ApprovedAccountRequests(base, accounts.lifecycle, accounts.merges, links)
        approved = ApprovedRequests(
            base,
            accounts.real_names,
            Reset(base, accounts.lifecycle_hooks),
            organizations.guardians,
            accounts.notices,
            about,
        )
        self.counter = Counter(base, approved, accounts.notices)
        self.account_requests = AccountRequests(
            base, self.counter, accounts.lifecycle, accounts.merges, links
        )
        accounts.lifecycle_hooks.join(CounterLifecycleHook(base))
        self.offer = Offer(
            routes=[*map(authentication.reception.routes, self._pages())],
            jobs=[Job("counter.recover_due", DUE_SECONDS, self.counter.recover_due)],
        )

    def _pages(self) -> list[Pages]:
        authentication, sessions = self._authentication, self._authentication.sessions
        organizations, federation = authentication.organizations, authentication.federation
        ground, accounts = sessions.ground, sessions.accounts
        counter, requests = self.counter, self.account_requests
        merges, divisions = accounts.merges, organizations.divisions
        guard = StaffGuard(authentication.login_flow, organizations.roles)
        about = AccountPages(guard, counter, requests, accounts.lifecycle, merges)
        codes = CounterCodes(ground.base, authentication.phone_codes)
        acting = PresenceActing(ground.base, organizations.mandates, sessions.sessions, counter.is_concerned)
        return [
            CounterPages(guard, counter, divisions).routes(),
            PresencePages(guard, counter, codes, divisions).routes(),
            CodePages(codes).routes(),
            GuardianPages(guard, counter, about).routes(),
            ActPages(guard, counter, acting).routes(),
            about.routes(),
            ConflictPages(guard, counter, requests, federation.links, federation.platforms).routes(),
            DeathPages(guard, counter, requests, about).routes(),
            CorrectionPages(guard, accounts.corrections, counter.visits).routes(),
            MergePages(guard, counter, requests, merges, about).routes(),
        ]
