"""The house: its rooms in the order in which each finds what it stands on, and what they offer as one."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypeVar

from idp.accounts.assembly import AccountsRoom
from idp.audit.assembly import AuditRoom
from idp.authentication.assembly import AuthenticationRoom
from idp.counter.assembly import CounterRoom
from idp.federation.assembly import FederationRoom
from idp.federation.profiles.installation import Installed, upstreams
from idp.infrastructure.assembly import Ground
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.room import Offer, Room
from idp.keys.assembly import KeysRoom
from idp.oauth.assembly import OAuthRoom
from idp.organizations.assembly import OrganizationsRoom
from idp.relying_parties.assembly import RelyingPartiesRoom
from idp.selfservice.assembly import SelfserviceRoom
from idp.server.composition import foundation, require_what_was_seen
from idp.server.front import site
from idp.sessions.assembly import SessionsRoom
from idp.settings import Settings
from idp.sign_on.assembly import SignOnRoom

R = TypeVar("R", bound=Room)


class House:
    """All rooms on one foundation. A room is its package, its place on the floors, and its line in this list.

    Raises BadInstallation, BadDivisions, BadPlugin.
    """

    def __init__(
        self, settings: Settings, base: Foundation, installed: Mapping[str, Installed] | None = None
    ) -> None:
        self.settings, self.base = settings, base
        self.rooms: list[Room] = []
        platforms = upstreams(settings) if installed is None else installed
        add = self._add
        self.ground = ground = add(Ground(settings, base, site(settings, base.vault, base.sources)))
        self.audit = add(AuditRoom(ground))
        self.keys = add(KeysRoom(ground))
        self.accounts = add(AccountsRoom(settings, ground))
        self.relying_parties = add(RelyingPartiesRoom(ground))
        self.sessions = add(SessionsRoom(settings, self.keys, self.accounts, self.relying_parties))
        end_acting = self.sessions.sessions.end_acting
        self.organizations = add(OrganizationsRoom(settings, self.accounts, end_acting))
        self.federation = add(FederationRoom(settings, self.accounts, self.organizations, platforms))
        self.authentication = add(
            AuthenticationRoom(settings, self.sessions, self.organizations, self.federation)
        )
        self.sign_on = add(SignOnRoom(self.authentication))
        self.oauth = add(OAuthRoom(settings, self.sign_on))
        self.counter = add(CounterRoom(self.authentication))
        self.selfservice = add(SelfserviceRoom(settings, self.oauth, self.counter.own_requests))

    def _add(self, room: R) -> R:
        self.rooms.append(room)
        return room

    @property
    def offers(self) -> list[Offer]:
        """What the rooms offer, in their order."""
        return [room.offer for room in self.rooms]

    async def start(self) -> None:
        """Load what is kept in memory, begin the background work. Raises RestoreUnfinished."""
        ground = self.ground
        await require_what_was_seen(self.base, self.settings)
        await ground.mark.settle()
        for offer in self.offers:
            for name, reload in offer.follows.items():
                ground.revisions.follow(name, reload)
        await ground.revisions.start()
        for offer in self.offers:
            for register in offer.deliverers:
                register(ground.outbox)
        await ground.outbox.start()
        for job in (job for offer in self.offers for job in offer.jobs):
            ground.periodic.add(job.name, job.seconds, job.work)
        await ground.periodic.start()

    async def stop(self) -> None:
        """End the background work, then let go of everything, from the roof down."""
        await self.ground.periodic.stop()
        for offer in reversed(self.offers):
            for close in offer.closing:
                await close()


@asynccontextmanager
async def house(settings: Settings) -> AsyncIterator[House]:
    """A started house."""
    async with foundation(settings) as base:
        running = House(settings, base)
        await running.start()
        try:
            yield running
        finally:
            await running.stop()
