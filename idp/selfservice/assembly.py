"""用户中心: what a person sees of the own account and does about it, by pages and by programs."""

from collections.abc import Callable, Sequence
from typing import Protocol

from idp.authentication.guard import Guard
from idp.authentication.visitor import Pages
from idp.federation.linking.store import LinkStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.room import Offer
from idp.oauth.assembly import OAuthRoom
from idp.selfservice.api.assembly import METHODS, api
from idp.selfservice.events.routes import EventPages
from idp.selfservice.events.service import Events
from idp.selfservice.export.routes import DataPages
from idp.selfservice.export.service import Elsewhere, Export
from idp.selfservice.identity_assembly import identity_pages
from idp.selfservice.organization_session import OrganizationSessionPage
from idp.selfservice.overview.attention import Attention
from idp.selfservice.overview.routes import OverviewPage
from idp.selfservice.profile.cancellation_routes import CancellationPages
from idp.selfservice.profile.phone_routes import PhonePages
from idp.selfservice.profile.routes import ProfilePages
from idp.selfservice.profile.service import Profiles
from idp.selfservice.representation.agent_routes import AgentPages
from idp.selfservice.representation.mandate_routes import MandatePages
from idp.selfservice.representation.organization_routes import OrganizationPages
from idp.selfservice.systems.routes import SystemPages
from idp.selfservice.systems.service import Systems
from idp.selfservice.systems.session_routes import SessionPages

Requests = Callable[[str], Transaction[Sequence[object]]]


class CentreSettings(Protocol):
    """What is read of the settings."""

    cancellation_cooling_days: int
    network_identity_app_url: str


class SelfserviceRoom:
    """`requests` is what the counter, its neighbour, lets a person know of requests about the own account."""

    def __init__(self, settings: CentreSettings, oauth: OAuthRoom, requests: Requests) -> None:
        self._settings = settings
        self._authentication = authentication = oauth.sign_on.authentication
        sessions = authentication.sessions
        accounts, ground, registry = sessions.accounts, sessions.ground, sessions.relying_parties.registry
        base = ground.base
        self.profiles = Profiles(base, accounts.notices, ground.messages)
        self.systems = Systems(base, registry, ground.outbox)
        self.events = Events(base, self.systems.name, authentication.policy.titles)
        elsewhere = Elsewhere(accounts.corrections, LinkStore(base.vault).ever_of_account, requests)
        self.export = Export(
            base,
            accounts.real_names,
            authentication.factors,
            authentication.organizations.roles,
            self.systems,
            elsewhere,
        )
        self._for_organization = OrganizationSessionPage(authentication.login_flow)
        guard = Guard(
            accounts.preferences,
            authentication.login_flow,
            authentication.factors,
            self._for_organization.show,
        )
        days = settings.cancellation_cooling_days
        self.offer = Offer(
            routes=[
                authentication.reception.routes(pages)
                for part in (self._own, self._identity, self._organizations)
                for pages in part(guard)
            ],
            mounts={"/api": api(oauth, self.profiles, self.systems, self.events, self.export, days)},
            shared=dict.fromkeys(("/api/me", "/api/me/"), METHODS),
        )

    def _own(self, guard: Guard) -> list[Pages]:
        """What is kept of a person, and where they are logged in."""
        authentication, sessions = self._authentication, self._authentication.sessions
        accounts, profiles = sessions.accounts, self.profiles
        registry, lifecycle = sessions.relying_parties.registry, accounts.lifecycle
        attention = Attention(profiles, authentication.factors, authentication.organizations.mandates)
        days = self._settings.cancellation_cooling_days
        return [
            OverviewPage(guard, self._for_organization, sessions.sessions, registry, attention).routes(),
            ProfilePages(guard, profiles, accounts.preferences, accounts.corrections).routes(),
            PhonePages(guard, authentication.phone_steps, profiles, accounts.phones).routes(),
            SessionPages(guard, sessions.sessions, sessions.devices, self.systems).routes(),
            SystemPages(guard, self.systems).routes(),
            DataPages(guard, self.export).routes(),
            CancellationPages(guard, lifecycle, profiles, days).routes(),
            EventPages(guard, self.events).routes(),
        ]

    def _identity(self, guard: Guard) -> list[Pages]:
        return identity_pages(guard, self._authentication, self._settings.network_identity_app_url)

    def _organizations(self, guard: Guard) -> list[Pages]:
        """For whom a person acts, and who for them."""
        organizations, sessions = self._authentication.organizations, self._authentication.sessions
        registry, firms, mandates = (
            sessions.relying_parties.registry,
            organizations.organizations,
            organizations.mandates,
        )
        return [
            OrganizationPages(guard, firms, mandates, registry).routes(),
            AgentPages(guard, firms, mandates, registry).routes(),
            MandatePages(guard, mandates, organizations.guardians, registry).routes(),
        ]
