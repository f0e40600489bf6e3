"""Legal persons, who acts for whom, and the roles of staff."""

from functools import partial
from pathlib import Path
from typing import Protocol

import idp.organizations.registries
from idp.accounts.assembly import AccountsRoom
from idp.accounts.verifiers.population import VERIFIER
from idp.infrastructure import plugins
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer
from idp.organizations.divisions import read_divisions
from idp.organizations.guardians import Guardians
from idp.organizations.ledger import Ended, Ledger
from idp.organizations.lifecycle_hook import MandateLifecycleHook
from idp.organizations.mandates import EXPIRY_SECONDS, Mandates
from idp.organizations.registries.interface import LegalPersonRegistry
from idp.organizations.roles import Roles
from idp.organizations.service import Organizations


class OrganizationSettings(Protocol):
    """What is read of the settings."""

    divisions_file: Path | None


class OrganizationsRoom:
    """`end_acting` ends what lives on a mandate: sessions stand above, so the roof hands it in."""

    def __init__(self, settings: OrganizationSettings, accounts: AccountsRoom, end_acting: Ended) -> None:
        self.accounts = accounts
        ground, asked = accounts.ground, accounts.authorities
        base = ground.base
        self.divisions = read_divisions(settings.divisions_file)
        self.roles = Roles(base, self.divisions)
        ledger = Ledger(base, end_acting, accounts.notices.everywhere, ground.outbox.kick)
        registries = plugins.load(idp.organizations.registries, "REGISTRY", LegalPersonRegistry)  # type: ignore[type-abstract]
        self.organizations = Organizations(base, ledger, registries, asked.get("licence"))
        self.mandates = Mandates(base, ledger, ground.messages)
        population = asked.get("population")
        check = partial(VERIFIER.check, authority=population) if population else None
        self.guardians = Guardians(base, ledger, accounts.real_names, check)
        accounts.lifecycle_hooks.join(MandateLifecycleHook(base.sources, end_acting))
        self.offer = Offer(jobs=[Job("mandates.expire_due", EXPIRY_SECONDS, self.mandates.expire_due)])

    async def is_staff(self, account_id: str) -> bool:
        """Whether an account holds any role of staff."""
        return bool(await self.roles.of_account(account_id))
