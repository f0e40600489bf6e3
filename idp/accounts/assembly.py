"""Accounts: what proves a person, how they are told, and what becomes of an account, in which every room has part."""

from typing import Protocol

from pydantic import SecretStr

import idp.accounts.verifiers
from idp.accounts.contacts.former import FormerContacts
from idp.accounts.contacts.notices import Deliveries, Notices
from idp.accounts.contacts.phones import Phones
from idp.accounts.contacts.preferences import Preferences
from idp.accounts.lifecycle.hooks import AccountLifecycleHooks
from idp.accounts.lifecycle.service import GracePeriods, Lifecycle
from idp.accounts.merges.service import Merges
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.passwords.store import REVISION, PasswordCostStore
from idp.accounts.real_names.authority import Access, Authority
from idp.accounts.real_names.binding import Rebinding
from idp.accounts.real_names.corrections import CorrectionLifecycleHook, Corrections
from idp.accounts.real_names.service import EXPIRY_SECONDS, RealNames
from idp.accounts.real_names.verification import Verification
from idp.accounts.service import Accounts
from idp.accounts.verifiers.interface import Verifier
from idp.infrastructure import plugins
from idp.infrastructure.assembly import Ground
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.periodic import Job
from idp.infrastructure.room import Offer

DUE_SECONDS = 60.0
FORGET_SECONDS = 3600.0


class AccountSettings(Protocol):
    """What is read of the settings."""

    cancellation_cooling_days: int
    merge_undo_days: int
    population_url: str
    population_app_id: str
    population_secret: SecretStr
    carrier_url: str
    carrier_app_id: str
    carrier_secret: SecretStr
    licence_url: str
    licence_app_id: str
    licence_secret: SecretStr
    network_identity_url: str
    network_identity_org_id: str
    network_identity_app_id: str
    network_identity_secret: SecretStr


class AccountsRoom:
    """Rooms above join to `lifecycle_hooks` what they keep of an account, to `openings` what a thief may have opened.

    A recovery by oneself ends the openings alone. Mandates stay: who has lost a phone has not lost a firm.
    """

    def __init__(self, settings: AccountSettings, ground: Ground) -> None:
        base, messages = ground.base, ground.messages
        self.ground = ground
        self.hasher = PasswordHasher()
        self.accounts = Accounts(base, self.hasher)
        self.notices = Notices(base, messages)
        self.phones = Phones(base, self.notices, messages)
        self.preferences = Preferences(base)
        self.corrections = Corrections(base, self.notices)
        self.former_contacts = FormerContacts(base)
        self.real_names = RealNames(base)
        self.authorities = authorities(settings, ground)
        verifiers = plugins.load(idp.accounts.verifiers, "VERIFIER", Verifier)  # type: ignore[type-abstract]
        self.verification = Verification(base, self.real_names, verifiers, self.authorities)
        self.lifecycle_hooks = AccountLifecycleHooks(
            [CorrectionLifecycleHook(base), self.former_contacts], ground.outbox.kick
        )
        self.openings = AccountLifecycleHooks([], ground.outbox.kick)
        self.real_names.follow(Rebinding(base, self.lifecycle_hooks, self.notices))
        rules = GracePeriods(settings.cancellation_cooling_days, settings.merge_undo_days)
        self.merges = Merges(base, self.lifecycle_hooks, self.notices, rules)
        self.lifecycle = Lifecycle(base, self.lifecycle_hooks, self.notices, self.real_names, rules)
        self.offer = Offer(
            jobs=[
                Job("real_names.expire_due", EXPIRY_SECONDS, self.real_names.expire_due),
                Job("accounts.cancel_due", DUE_SECONDS, self.lifecycle.cancel_due),
                Job("former_contacts.forget_old", FORGET_SECONDS, self.former_contacts.forget_old),
                Job("merges.forget_due", DUE_SECONDS, self.merges.forget_due),
            ],
            follows={REVISION: self._learn_costs},
            deliverers=[self._deliver_messages],
            closing=[self._let_threads_go],
        )

    async def _learn_costs(self) -> None:
        await self.hasher.learn(await self.ground.base.database.read(PasswordCostStore().all))

    def _deliver_messages(self, outbox: Outbox) -> None:
        self.ground.deliver_messages(Deliveries(self.ground.base).record)

    async def _let_threads_go(self) -> None:
        self.hasher.close()


def authorities(settings: AccountSettings, ground: Ground) -> dict[str, Authority]:
    """The authorities that settings name, by the method that asks them."""
    named = {
        "population": Access(
            settings.population_url, settings.population_app_id, settings.population_secret.get_secret_value()
        ),
        "carrier": Access(
            settings.carrier_url, settings.carrier_app_id, settings.carrier_secret.get_secret_value()
        ),
        "licence": Access(
            settings.licence_url, settings.licence_app_id, settings.licence_secret.get_secret_value()
        ),
        "network_identity": Access(
            settings.network_identity_url,
            settings.network_identity_app_id,
            settings.network_identity_secret.get_secret_value(),
            settings.network_identity_org_id,
        ),
    }
    return {
        name: Authority(name, access, ground.http, ground.base.vault, ground.base.sources)
        for name, access in named.items()
        if access.url
    }
