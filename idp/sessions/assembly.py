"""The single sign-on session: begun, found, ended everywhere, and what devices people use."""

from typing import Protocol

from idp.accounts.assembly import AccountsRoom
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer
from idp.keys.assembly import KeysRoom
from idp.relying_parties.assembly import RelyingPartiesRoom
from idp.sessions.devices import Devices
from idp.sessions.farewells import FAREWELL_SECONDS
from idp.sessions.lifecycle_hook import SessionLifecycleHook
from idp.sessions.logout import LogoutNotices
from idp.sessions.model import SessionLifetimes
from idp.sessions.service import Sessions

FORGET_SECONDS = 3600.0


class SessionSettings(Protocol):
    """What is read of the settings; durations in seconds."""

    issuer: str
    session_idle: int
    session_absolute: int
    retention: int


class SessionsRoom:
    """Sessions, devices, and the notices to systems that a session has ended."""

    def __init__(
        self,
        settings: SessionSettings,
        keys: KeysRoom,
        accounts: AccountsRoom,
        relying_parties: RelyingPartiesRoom,
    ) -> None:
        self.ground, self.keys, self.accounts = accounts.ground, keys, accounts
        self.relying_parties = relying_parties
        ground, registry = self.ground, relying_parties.registry
        self._sources = ground.base.sources
        self._retention = settings.retention
        self.lifetimes = SessionLifetimes(settings.session_idle, settings.session_absolute)
        self.devices = Devices(ground.base, accounts.notices.everywhere)
        self.sessions = Sessions(ground.base, registry, ground.outbox, self.lifetimes, self.devices)
        accounts.lifecycle_hooks.join(SessionLifecycleHook(self.sessions.ended))
        accounts.openings.join(SessionLifecycleHook(self.sessions.ended))
        notices = LogoutNotices(settings.issuer, self._sources, keys.ring, registry, ground.http)
        self.offer = Offer(
            jobs=[
                Job("sessions.farewells", FAREWELL_SECONDS, self.sessions.farewells.tell_all),
                Job("devices.forget_old", FORGET_SECONDS, self._forget_old),
            ],
            deliverers=[notices.register],
        )

    async def _forget_old(self) -> None:
        await self.devices.purge(self._sources.now() - self._retention)
