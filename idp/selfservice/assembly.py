"""用户中心: what a person sees of the own account and does about it, by pages and by programs."""

from collections.abc import Callable, Sequence
from typing import Protocol

from idp.authentication.visitor import Pages
from idp.federation.store import LinkStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.room import Offer
from idp.oauth.assembly import OAuthRoom
from idp.selfservice.agents_routes import AgentPages
from idp.selfservice.api.assembly import METHODS, api
from idp.selfservice.attention import Attention
from idp.selfservice.cancellation_pages import CancellationPages
from idp.selfservice.centre import Centre
from idp.selfservice.data_pages import DataPages
from idp.selfservice.event_pages import EventPages
from idp.selfservice.events import Events
from idp.selfservice.export import Elsewhere, Export
from idp.selfservice.mandates_routes import MandatePages
from idp.selfservice.organizations_routes import OrganizationPages
from idp.selfservice.phone_pages import PhonePages
from idp.selfservice.profile import Profiles
from idp.selfservice.profile_pages import ProfilePages
from idp.selfservice.qr_approval import QrApproval
from idp.selfservice.real_name import RealNamePages
from idp.selfservice.routes import OverviewPage
from idp.selfservice.security import SecurityPages
from idp.selfservice.security_adding import AddingPages
from idp.selfservice.security_door import SecurityDoor
from idp.selfservice.session_pages import SessionPages
from idp.selfservice.system_pages import SystemPages
from idp.selfservice.systems import Systems
from idp.selfservice.upstream_pages import UpstreamLinkPages

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
        centre = Centre(ground.site, sessions.sessions, accounts.preferences)
        door = SecurityDoor(
            ground.site,
            centre,
            authentication.login_flow,
            authentication.factors,
            authentication.authentication,
        )
        days = settings.cancellation_cooling_days
        self.offer = Offer(
            routes=[
                authentication.reception.routes(pages)
                for part in (self._own, self._security, self._organizations)
                for pages in part(centre, door)
            ],
            mounts={"/api": api(oauth, self.profiles, self.systems, self.events, self.export, days)},
            shared=dict.fromkeys(("/api/me", "/api/me/"), METHODS),
        )

    def _own(self, centre: Centre, door: SecurityDoor) -> list[Pages]:
        """What is kept of a person, and where they are logged in."""
        authentication, sessions = self._authentication, self._authentication.sessions
        accounts, site, profiles = sessions.accounts, sessions.ground.site, self.profiles
        registry, lifecycle = sessions.relying_parties.registry, accounts.lifecycle
        attention = Attention(profiles, authentication.factors, authentication.organizations.mandates)
        days = self._settings.cancellation_cooling_days
        return [
            OverviewPage(site, centre, sessions.sessions, registry, attention).routes(),
            ProfilePages(door, profiles, accounts.preferences, accounts.corrections).routes(),
            PhonePages(door, authentication.phone_steps, profiles, accounts.phones).routes(),
            SessionPages(site, centre, sessions.sessions, sessions.devices, self.systems).routes(),
            SystemPages(site, centre, self.systems).routes(),
            DataPages(door, self.export).routes(),
            CancellationPages(door, lifecycle, profiles, days).routes(),
            EventPages(site, centre, self.events).routes(),
        ]

    def _security(self, centre: Centre, door: SecurityDoor) -> list[Pages]:
        """What protects the own account, by what it is entered, and whose it is."""
        authentication, federation = self._authentication, self._authentication.federation
        accounts, site = authentication.sessions.accounts, authentication.sessions.ground.site
        passkeys, password, platforms = (
            authentication.passkeys,
            authentication.own_password,
            federation.platforms,
        )
        return [
            SecurityPages(door, passkeys, password, has_platforms=bool(platforms)).routes(),
            AddingPages(door, passkeys, password).routes(),
            UpstreamLinkPages(door, federation.links, platforms).routes(),
            QrApproval(site, centre, authentication.qr_logins).routes(),
            RealNamePages(
                site,
                door,
                accounts.real_names,
                accounts.verification,
                platforms,
                self._settings.network_identity_app_url,
            ).routes(),
        ]

    def _organizations(self, centre: Centre, door: SecurityDoor) -> list[Pages]:
        """For whom a person acts, and who for them."""
        organizations, sessions = self._authentication.organizations, self._authentication.sessions
        registry, firms, mandates = (
            sessions.relying_parties.registry,
            organizations.organizations,
            organizations.mandates,
        )
        return [
            OrganizationPages(sessions.ground.site, centre, firms, mandates, registry).routes(),
            AgentPages(door, firms, mandates, registry).routes(),
            MandatePages(door, mandates, organizations.guardians, registry).routes(),
        ]
