"""Logins by the platforms of province and state."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from idp.accounts.assembly import AccountsRoom
from idp.federation.lifecycle_hook import UpstreamLifecycleHook
from idp.federation.linking.account_links import AccountLinks
from idp.federation.profiles.installation import Installed
from idp.federation.service import Federation, FederationDependencies
from idp.infrastructure.database import Transaction
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer
from idp.organizations.assembly import OrganizationsRoom

FORGET_SECONDS = 3600.0


class FederationSettings(Protocol):
    """What is read of the settings; durations in seconds."""

    issuer: str
    ca_file: Path | None
    unencrypted_hosts: tuple[str, ...]
    upstream_link_level: int
    session_absolute: int
    retention: int


class FederationRoom:
    """`installed` are the profiles in use, by name."""

    def __init__(
        self,
        settings: FederationSettings,
        accounts: AccountsRoom,
        organizations: OrganizationsRoom,
        installed: Mapping[str, Installed],
    ) -> None:
        self.accounts = accounts
        ground = accounts.ground
        self._sources = ground.base.sources
        self._retention = settings.retention
        # Connections of their own: a platform that hangs must not hold up messages and notices.
        self.http = HttpClient(settings.ca_file, settings.unencrypted_hosts)
        tools = FederationDependencies(
            accounts.real_names,
            organizations.organizations,
            accounts.notices.everywhere,
            settings.upstream_link_level,
            settings.session_absolute,
        )
        self.federation = Federation(ground.base, self.http, installed, settings.issuer, tools)
        self.links = AccountLinks(ground.base, self.federation.linking)
        self.platforms = {name: (one.profile.title, one.profile.title_en) for name, one in installed.items()}
        accounts.lifecycle_hooks.join(UpstreamLifecycleHook(ground.base))
        self.offer = Offer(
            jobs=[Job("upstream.forget_old", FORGET_SECONDS, self._forget_old)], closing=[self.http.close]
        )

    def is_linked(self, account_id: str) -> Transaction[bool]:
        """Whether an account is entered by a platform."""
        return (yield from self.federation.linking.is_way_in(account_id))

    async def _forget_old(self) -> None:
        await self.federation.forget_old(self._sources.now() - self._retention)
