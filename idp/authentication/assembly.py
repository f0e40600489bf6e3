"""Who is it, and how strongly: the ways to log in, and what protects an account."""

from typing import Literal, Protocol

import idp.authentication.methods
from idp.authentication.factors.policy import FactorPolicy
from idp.authentication.factors.service import Factors
from idp.authentication.login import methods as login_methods
from idp.authentication.login.flow import LoginFlow
from idp.authentication.login.methods import LoginMethods
from idp.authentication.login.own_password import OwnPassword, Tellers
from idp.authentication.login.routes import LoginPages
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.model import Required
from idp.authentication.passkeys.apps import asset_links
from idp.authentication.passkeys.routes import PasskeyPages
from idp.authentication.passkeys.service import Passkeys
from idp.authentication.phone.assembly import by_phone
from idp.authentication.phone.codes import PhoneCodes, SendingLimits
from idp.authentication.phone.steps import PhoneSteps
from idp.authentication.qr.routes import QrPages
from idp.authentication.qr.service import QrLogins
from idp.authentication.service import Authentication, LoginDependencies
from idp.authentication.throttle import AttemptLimits, Limit, Throttle
from idp.authentication.upstream.methods import address, upstream_ways
from idp.authentication.upstream.routes import UpstreamPages
from idp.authentication.upstream.stay import HandOnPages
from idp.authentication.visitor import Pages, Reception
from idp.federation.assembly import FederationRoom
from idp.infrastructure import plugins
from idp.infrastructure.room import Offer
from idp.organizations.assembly import OrganizationsRoom
from idp.sessions.assembly import SessionsRoom


class AuthenticationSettings(Protocol):
    """What is read of the settings."""

    issuer: str
    passkey_apps: tuple[str, ...]
    login_attempts_per_address: int
    second_factor_required: Literal["nobody", "staff", "everybody"]
    second_factor_minimum: int
    sms_per_address: int
    sms_per_hour: int


class AuthenticationRoom:
    """Logging in by whatever way, the second factor, and coming back without either."""

    def __init__(
        self,
        settings: AuthenticationSettings,
        sessions: SessionsRoom,
        organizations: OrganizationsRoom,
        federation: FederationRoom,
    ) -> None:
        self.sessions, self.organizations, self.federation = sessions, organizations, federation
        ground, accounts = sessions.ground, sessions.accounts
        base, everywhere = ground.base, accounts.notices.everywhere
        sending = SendingLimits(address_per_hour=settings.sms_per_address, all_per_hour=settings.sms_per_hour)
        self.phone_codes = PhoneCodes(base, ground.messages, sending)
        self.passkeys = Passkeys(base, settings.issuer, settings.passkey_apps)
        self.ways = LoginMethods(
            login_methods.PASSWORD,
            login_methods.SMS,
            *([login_methods.PASSKEY] if self.passkeys.available else []),
            login_methods.QR,
            *upstream_ways(federation.federation.installed),
        )
        registry = sessions.relying_parties.registry
        self.login_flow = LoginFlow(ground.site, sessions.sessions, registry, self.ways)
        limits = AttemptLimits(address=Limit(settings.login_attempts_per_address, 900))
        self.throttle = Throttle(base, limits)
        self.policy = FactorPolicy(
            Required(settings.second_factor_required),
            settings.second_factor_minimum,
            organizations.is_staff,
            plugins.load(idp.authentication.methods, "METHOD", SecondFactor),  # type: ignore[type-abstract]
        )
        tools = LoginDependencies(accounts.hasher, self.throttle, sessions.devices, self.policy, everywhere)
        self.authentication = Authentication(base, sessions.sessions, tools)
        self.qr_logins = QrLogins(base, sessions.sessions)
        self.factors = Factors(
            base, self.policy, sessions.devices, ground.outbox, everywhere, federation.is_linked
        )
        tellers = Tellers(sessions.sessions, sessions.devices, ground.outbox, everywhere)
        self.own_password = OwnPassword(base, accounts.hasher, self.throttle, tellers)
        self.reception = Reception(ground.site, sessions.sessions)
        self.phone_steps = PhoneSteps(base, self.login_flow, self.phone_codes, accounts.phones)
        self.offer = Offer(
            routes=[
                *map(self.reception.routes, [*self._pages(), *self._pages_by_phone()]),
                asset_links(settings.passkey_apps),
            ]
        )

    def _pages_by_phone(self) -> list[Pages]:
        flow, steps, service = self.login_flow, self.phone_steps, self.authentication
        return by_phone(self.sessions.accounts, flow, steps, service, self.throttle, self.policy)

    def _pages(self) -> list[Pages]:
        ground, sessions, federation = (
            self.sessions.ground,
            self.sessions.sessions,
            self.federation.federation,
        )
        attempts, login_flow, service = ground.attempts, self.login_flow, self.authentication
        guards = (self.throttle, sessions, attempts)
        upstream = UpstreamPages(login_flow, service, federation, guards)
        going = HandOnPages(login_flow, federation, upstream.failures)
        return [
            LoginPages(login_flow, service).routes(),
            PasskeyPages(login_flow, service, self.passkeys, self.throttle).routes(),
            QrPages(login_flow, service, self.qr_logins, self.throttle, attempts).routes(),
            upstream.routes(),
            {
                address(name, "go"): {"GET": going.go}
                for name, one in federation.installed.items()
                if one.profile.hand_on is not None and one.targets
            },
        ]
