"""The services of one worker, built once from settings and foundation and handed to what the areas show."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import structlog

import idp.accounts.verifiers
import idp.authentication.methods
import idp.organizations.registries
from idp.accounts.belongings import Household
from idp.accounts.binding import Rebinding
from idp.accounts.corrections import CorrectionBelongings, Corrections
from idp.accounts.former_contacts import FormerContacts
from idp.accounts.lifecycle import Lifecycle, Rules
from idp.accounts.merges import Merges
from idp.accounts.notices import Deliveries, Notices
from idp.accounts.password_store import REVISION as PASSWORD_COSTS
from idp.accounts.password_store import PasswordCostStore
from idp.accounts.passwords import PasswordHasher
from idp.accounts.phones import Phones
from idp.accounts.preferences import Preferences
from idp.accounts.real_names import EXPIRY_SECONDS, RealNames
from idp.accounts.reset import Reset
from idp.accounts.verification import Verification
from idp.accounts.verifiers.interface import Verifier
from idp.accounts.verifiers.population import VERIFIER
from idp.audit.refusals import NAMED_SECONDS, SUMMED_SECONDS, Refusals
from idp.authentication import ways
from idp.authentication.entrance import Entrance
from idp.authentication.factors import Factors
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.model import Required
from idp.authentication.own_password import OwnPassword, Tellers
from idp.authentication.passkeys import Passkeys
from idp.authentication.phone_codes import PhoneCodes, SendingLimits
from idp.authentication.policy import FactorPolicy
from idp.authentication.qr import QrLogins
from idp.authentication.service import Authentication, Tools
from idp.authentication.throttle import Limit, Limits, Throttle
from idp.authentication.upstream_ways import upstream_ways
from idp.authentication.ways import Ways
from idp.composition import (
    authorities,
    foundation,
    mail_channel,
    require_what_was_seen,
    sms_channel,
    upstreams,
)
from idp.counter.account_effects import AccountEffects
from idp.counter.account_requests import AccountRequests
from idp.counter.belongings import CounterBelongings
from idp.counter.effects import Effects
from idp.counter.model import DUE_SECONDS
from idp.counter.own_request_store import own_requests
from idp.counter.service import Counter
from idp.federation.belongings import UpstreamBelongings
from idp.federation.desk import LinkDesk
from idp.federation.service import Federation
from idp.federation.service import Tools as FederationTools
from idp.federation.store import LinkStore
from idp.front import site
from idp.infrastructure import plugins
from idp.infrastructure.database import DatabaseUnavailable, Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import RAISE_SECONDS, HighWaterMark
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.messages import Messages
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.periodic import Periodic
from idp.infrastructure.periodic_store import JobRecord
from idp.infrastructure.revisions import Revisions
from idp.infrastructure.single_use import FORGET_SECONDS as USED_SECONDS
from idp.infrastructure.single_use import SingleUse
from idp.infrastructure.web.attempts import Attempts
from idp.keys.service import KeyRing
from idp.keys.store import REVISION as KEYS
from idp.oauth.authorization_service import AuthorizationService
from idp.oauth.authorize_routes import AuthorizePages
from idp.oauth.belongings import GrantBelongings
from idp.oauth.model import Lifetimes
from idp.oauth.sweeper import FORGET_SECONDS, SWEEP_SECONDS, Sweeper
from idp.organizations.belongings import MandateBelongings
from idp.organizations.divisions import read_divisions
from idp.organizations.guardians import Guardians
from idp.organizations.ledger import Ledger
from idp.organizations.mandates import EXPIRY_SECONDS as MANDATE_SECONDS
from idp.organizations.mandates import Mandates
from idp.organizations.registries.interface import Registry as LegalPersonRegistry
from idp.organizations.roles import Roles
from idp.organizations.service import Organizations
from idp.relying_parties.service import Registry
from idp.relying_parties.store import REVISION as CLIENTS
from idp.selfservice.centre import Centre
from idp.selfservice.events import Events
from idp.selfservice.export import Elsewhere, Export
from idp.selfservice.profile import Profiles
from idp.selfservice.systems import Systems
from idp.sessions.belongings import SessionBelongings
from idp.sessions.devices import Devices
from idp.sessions.farewells import FAREWELL_SECONDS
from idp.sessions.logout import LogoutNotices
from idp.sessions.model import Lifetimes as SessionLifetimes
from idp.sessions.service import Sessions
from idp.settings import Settings
from idp.sign_on.acting import Acting
from idp.sign_on.protocols import Protocols
from idp.sign_on.routes import SignOnPages
from idp.sign_on.service import SignOn

log = structlog.get_logger(__name__)


class Worker:
    """The services of one worker."""

    def __init__(self, settings: Settings, base: Foundation) -> None:
        self.settings = settings
        self.base = base
        self.session_lifetimes = SessionLifetimes(settings.session_idle, settings.session_absolute)
        self.lifetimes = Lifetimes(
            code=settings.code_lifetime,
            access_token=settings.access_token_lifetime,
            refresh_idle=settings.refresh_idle,
            refresh_absolute=settings.refresh_absolute,
            refresh_grace=settings.refresh_grace,
        )
        self.http = HttpClient(settings.ca_file, settings.unencrypted_hosts)
        self.hasher = PasswordHasher()
        self.outbox = Outbox(base.database, base.sources)
        self.messages = Messages(self.outbox, base.vault, base.sources)
        self.notices = Notices(base, self.messages)
        self.phones = Phones(base, self.notices, self.messages)
        sending = SendingLimits(address_per_hour=settings.sms_per_address, all_per_hour=settings.sms_per_hour)
        self.phone_codes = PhoneCodes(base, self.messages, sending)
        self.periodic = Periodic(JobRecord(base.database, base.sources.now))
        self.refusals = Refusals(base)
        self.periodic.add("refusals.named", NAMED_SECONDS, self.refusals.flush_named)
        self.periodic.add("refusals", SUMMED_SECONDS, self.refusals.flush)
        self.revisions = Revisions(base.database)
        self.keys = KeyRing(base)
        self.registry = Registry(base)
        self.real_names = RealNames(base)
        self.periodic.add("real_names.expire_due", EXPIRY_SECONDS, self.real_names.expire_due)
        verifiers = plugins.load(idp.accounts.verifiers, "VERIFIER", Verifier)  # type: ignore[type-abstract]
        self.authorities = authorities(settings, base, self.http)
        self.verification = Verification(base, self.real_names, verifiers, self.authorities)
        self.divisions = read_divisions(settings.divisions_file)
        self.roles = Roles(base, self.divisions)
        self.devices = Devices(base, self.notices.everywhere)
        self.sessions = Sessions(base, self.registry, self.outbox, self.session_lifetimes, self.devices)
        self.sweeper = Sweeper(
            base, self.sessions.endings, self.outbox, self.session_lifetimes, settings.retention
        )
        self.periodic.add("sessions.farewells", FAREWELL_SECONDS, self.sessions.farewells.tell_all)
        self.periodic.add("sessions.dead", SWEEP_SECONDS, self.sweeper.end_dead)
        self.mark = HighWaterMark(base, settings.data_dir)
        self.periodic.add("high_water_mark", RAISE_SECONDS, self.mark.raise_mark)
        self.periodic.add("single_uses", USED_SECONDS, SingleUse(base).forget_old)
        self.periodic.add("retention", FORGET_SECONDS, self.sweeper.forget_old)
        self.site = site(settings, base.vault, base.sources)
        self.attempts = Attempts(self.site, base.key_value)
        self.preferences = Preferences(base)
        self.centre = Centre(self.site, self.sessions, self.preferences)
        self._build_login(settings, base)
        self._build_organizations(base)
        self._build_sign_on(base)
        self._build_federation(settings, base)
        self._build_lives(settings, base)
        self._build_centre(base)

    def _build_organizations(self, base: Foundation) -> None:
        """Legal persons, and who acts for whom."""
        ledger = Ledger(base, self.sessions.end_acting, self.notices.everywhere, self.outbox.kick)
        registries = plugins.load(idp.organizations.registries, "REGISTRY", LegalPersonRegistry)  # type: ignore[type-abstract]
        self.organizations = Organizations(base, ledger, registries, self.authorities.get("licence"))
        self.mandates = Mandates(base, ledger, self.messages)
        population = self.authorities.get("population")
        check = partial(VERIFIER.check, authority=population) if population else None
        self.guardians = Guardians(base, ledger, self.real_names, check)
        self.periodic.add("mandates.expire_due", MANDATE_SECONDS, self.mandates.expire_due)

    def _build_sign_on(self, base: Foundation) -> None:
        """What is still wanted of a person before a system is served, for every protocol that systems speak."""
        self.acting = Acting(self.sessions, self.mandates)
        self.sign_on = SignOn(base, self.sessions, self.acting, self.verification, self.session_lifetimes)
        self.protocols = Protocols()
        self.sign_on_pages = SignOnPages(self.site, self.sign_on, self.protocols)
        issuing = AuthorizationService(base, self.sign_on, self.keys, self.lifetimes)
        self.authorize_pages = AuthorizePages(
            self.settings.issuer, self.site, issuing, self.registry, self.sign_on_pages
        )
        self.protocols.add(self.authorize_pages)

    def _build_federation(self, settings: Settings, base: Foundation) -> None:
        """Logins by the platforms of province and state."""
        # Connections of their own: a platform that hangs must not hold up messages and notices.
        self.upstream_http = HttpClient(settings.ca_file, settings.unencrypted_hosts)
        tools = FederationTools(
            self.real_names,
            self.organizations,
            self.notices.everywhere,
            settings.upstream_link_level,
            settings.session_absolute,
        )
        self.federation = Federation(base, self.upstream_http, self.upstreams, settings.issuer, tools)
        self.links = LinkDesk(base, self.federation.linking)
        self.platforms = {
            name: (one.profile.title, one.profile.title_en) for name, one in self.upstreams.items()
        }

        async def forget_old() -> None:
            await self.devices.purge(base.sources.now() - settings.retention)
            await self.federation.forget_old(base.sources.now() - settings.retention)

        self.periodic.add("upstream.forget_old", FORGET_SECONDS, forget_old)

    def _build_login(self, settings: Settings, base: Foundation) -> None:
        """The ways to log in, and what protects an account."""
        self.passkeys = Passkeys(base, settings.issuer, settings.passkey_apps)
        self.upstreams = upstreams(settings)
        self.ways = Ways(
            ways.PASSWORD,
            ways.SMS,
            *([ways.PASSKEY] if self.passkeys.available else []),
            ways.QR,
            *upstream_ways(self.upstreams),
        )
        self.entrance = Entrance(self.site, self.sessions, self.registry, self.ways, self.preferences)
        limits = Limits(address=Limit(settings.login_attempts_per_address, 900))
        self.throttle = Throttle(base, limits)
        factors = plugins.load(idp.authentication.methods, "METHOD", SecondFactor)  # type: ignore[type-abstract]
        self.factor_policy = FactorPolicy(
            Required(settings.second_factor_required),
            settings.second_factor_minimum,
            self._is_staff,
            factors,
        )
        tools = Tools(self.hasher, self.throttle, self.devices, self.factor_policy, self.notices.everywhere)
        self.authentication = Authentication(base, self.sessions, tools)
        self.qr_logins = QrLogins(base, self.sessions)
        self.factors = Factors(
            base, self.factor_policy, self.devices, self.outbox, self.notices.everywhere, self._is_linked
        )
        tellers = Tellers(self.sessions, self.devices, self.outbox, self.notices.everywhere)
        self.own_password = OwnPassword(base, self.hasher, self.throttle, tellers)

    def _build_centre(self, base: Foundation) -> None:
        """What people see and do about the own account."""
        self.profiles = Profiles(base, self.notices, self.messages)
        self.corrections = Corrections(base, self.notices)
        self.systems = Systems(base, self.registry, self.outbox)
        self.events = Events(base, self.systems.name, self.factor_policy.titles)
        elsewhere = Elsewhere(self.corrections, LinkStore(base.vault).ever_of_account, own_requests)
        self.export = Export(base, self.real_names, self.factors, self.roles, self.systems, elsewhere)

    def _build_lives(self, settings: Settings, base: Foundation) -> None:
        """What becomes of accounts, in which every room has its part."""
        self.former_contacts = FormerContacts(base)
        household = Household(
            [
                SessionBelongings(self.sessions.ended),
                MandateBelongings(base.sources, self.sessions.end_acting),
                GrantBelongings(base.sources),
                CounterBelongings(base),
                CorrectionBelongings(base),
                UpstreamBelongings(base),
                self.former_contacts,
            ],
            self.outbox.kick,
        )
        rules = Rules(settings.cancellation_cooling_days, settings.merge_undo_days)
        self.merges = Merges(base, household, self.notices, rules)
        self.real_names.follow(Rebinding(base, household, self.notices))
        self.lifecycle = Lifecycle(base, household, self.notices, self.real_names, rules)
        self.counter = Counter(base, self._effects(household), self.notices)
        self.account_requests = AccountRequests(base, self.counter, self.lifecycle, self.merges, self.links)
        self.periodic.add("accounts.cancel_due", DUE_SECONDS, self.lifecycle.cancel_due)
        self.periodic.add("former_contacts.forget_old", FORGET_SECONDS, self.former_contacts.forget_old)
        self.periodic.add("merges.forget_due", DUE_SECONDS, self.merges.forget_due)
        self.periodic.add("counter.recover_due", DUE_SECONDS, self.counter.recover_due)

    def _effects(self, household: Household) -> Effects:
        base = self.base
        about = AccountEffects(base, self.lifecycle, self.merges, self.links)
        return Effects(base, self.real_names, Reset(base, household), self.guardians, self.notices, about)

    async def _is_staff(self, account_id: str) -> bool:
        return bool(await self.roles.of_account(account_id))

    def _is_linked(self, account_id: str) -> Transaction[bool]:
        return (yield from self.federation.linking.is_way_in(account_id))

    async def _learn_costs(self) -> None:
        await self.hasher.learn(await self.base.database.read(PasswordCostStore().all))

    async def start(self) -> None:
        """Load what is kept in memory, begin the background work. Raises RestoreUnfinished."""
        await require_what_was_seen(self.base, self.settings)
        await self.mark.settle()
        self.revisions.follow(KEYS, self.keys.load)
        self.revisions.follow(CLIENTS, self.registry.load)
        self.revisions.follow(PASSWORD_COSTS, self._learn_costs)
        await self.revisions.start()
        notices = LogoutNotices(self.settings.issuer, self.base.sources, self.keys, self.registry, self.http)
        notices.register(self.outbox)
        self.messages.register(
            sms_channel(self.settings, self.http, self.base.sources),
            mail_channel(self.settings, self.base.sources),
            Deliveries(self.base).record,
        )
        await self.outbox.start()
        await self.periodic.start()

    async def stop(self) -> None:
        """End the background work."""
        await self.periodic.stop()
        try:
            await self.refusals.flush()
        except DatabaseUnavailable:
            log.warning("what was refused in the last minute could not be written")
        await self.outbox.stop()
        await self.revisions.stop()
        await self.http.close()
        await self.upstream_http.close()
        self.hasher.close()


@asynccontextmanager
async def worker(settings: Settings) -> AsyncIterator[Worker]:
    """A started worker."""
    async with foundation(settings) as base:
        running = Worker(settings, base)
        await running.start()
        try:
            yield running
        finally:
            await running.stop()
