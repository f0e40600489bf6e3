"""Where somebody was reached until lately: a phone or mail that was changed or taken off is still told for a while.

Whoever takes an account over changes first how its owner is told. What is kept is for notices and nothing else: nobody
logs in, is found or recovers by it; it is sealed, and wiped when its time is over.
"""

from idp.accounts.contacts.former_store import FormerContactStore
from idp.accounts.lifecycle.hooks import AccountLifecycleHook
from idp.accounts.model import Account
from idp.accounts.store import EMAIL, PHONE, AccountStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation

KEPT_SECONDS = 30 * 86_400.0
"""How long a former phone or mail is told what happens to the account."""


class FormerContacts(AccountLifecycleHook):
    """Part of the transaction that changes how somebody is reached, and of each that tells everywhere."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = FormerContactStore(foundation.vault)

    def keep(self, before: Account, *, phone: bool = False, email: bool = False) -> Transaction[None]:
        """Note that an account is reached no more as it was before.

        A phone that was never proved has told nobody anything.
        """
        proved = before.phone_verified_at is not None
        number = self._accounts.reveal(PHONE, before.phone) if phone and proved else None
        address = self._accounts.reveal(EMAIL, before.email) if email else None
        if number is None and address is None:
            return
        yield self._store.add(self._sources.new_id(), before.id, number, address, self._sources.now())

    def of(self, account_id: str) -> Transaction[tuple[set[str], set[str]]]:
        """The phones and mail addresses that are told besides those of the record."""
        return (yield from self._store.of_account(account_id, self._sources.now() - KEPT_SECONDS))

    async def forget_old(self) -> None:
        """Wipe what has been kept for its time."""
        await self._database.add(self._store.forget_old(self._sources.now() - KEPT_SECONDS))

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """See `AccountLifecycleHook.end`."""
        yield self._store.forget_account(account_id)
