"""Where somebody was reached until lately: a phone or mail that was changed or taken off is still told for a while.

Whoever takes an account over changes first how its owner is told. What is kept is for notices and nothing else: nobody
logs in, is found or recovers by it; it is sealed, and wiped when its time is over.
"""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, bindparam, delete, insert, select

from idp.accounts.belongings import Belongings
from idp.accounts.model import Account
from idp.accounts.store import EMAIL, PHONE, AccountStore, accounts
from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.vault import Vault

KEPT_SECONDS = 30 * 86_400.0
"""How long a former phone or mail is told what happens to the account."""

former_contacts = Table(
    "former_contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False),
    Column("phone", Sealed),
    Column("email", Sealed),
    Column("ended_at", Instant, nullable=False),
    Index("ix_former_contacts_account_id", "account_id"),
    Index("ix_former_contacts_ended_at", "ended_at"),
)
FORMER_PHONE, FORMER_EMAIL = "former_contacts.phone", "former_contacts.email"

_account = bindparam("the_account", type_=Text)
_since = bindparam("since", type_=Instant())
ADD = Statement(insert(former_contacts))
OF_ACCOUNT = Statement(
    select(former_contacts).where(
        former_contacts.c.account_id == _account, former_contacts.c.ended_at > _since
    )
)
FORGET_OLD = Statement(delete(former_contacts).where(former_contacts.c.ended_at <= _since))
FORGET_ACCOUNT = Statement(
    delete(former_contacts).where(
        former_contacts.c.account_id.in_(
            select(accounts.c.id).where((accounts.c.id == _account) | (accounts.c.merged_into == _account))
        )
    ),
    lock_key="the_account",
)


class FormerContacts(Belongings):
    """Part of the transaction that changes how somebody is reached, and of each that tells everywhere."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._vault: Vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)

    def keep(self, before: Account, *, phone: bool = False, email: bool = False) -> Transaction[None]:
        """Note that an account is reached no more as it was before.

        A phone that was never proved has told nobody anything.
        """
        proved = before.phone_verified_at is not None
        number = self._accounts.reveal(PHONE, before.phone) if phone and proved else None
        address = self._accounts.reveal(EMAIL, before.email) if email else None
        if number is None and address is None:
            return
        yield ADD(
            id=self._sources.new_id(),
            account_id=before.id,
            phone=None if number is None else self._vault.encrypt(FORMER_PHONE, number),
            email=None if address is None else self._vault.encrypt(FORMER_EMAIL, address),
            ended_at=self._sources.now(),
        )

    def of(self, account_id: str) -> Transaction[tuple[set[str], set[str]]]:
        """The phones and mail addresses that are told besides those of the record."""
        rows = yield OF_ACCOUNT(the_account=account_id, since=self._sources.now() - KEPT_SECONDS)
        phones = {self._vault.decrypt(FORMER_PHONE, row["phone"]) for row in rows if row["phone"]}
        return phones, {self._vault.decrypt(FORMER_EMAIL, row["email"]) for row in rows if row["email"]}

    async def forget_old(self) -> None:
        """Wipe what has been kept for its time."""
        await self._database.add(FORGET_OLD(since=self._sources.now() - KEPT_SECONDS))

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """See `Belongings.end`."""
        yield FORGET_ACCOUNT(the_account=account_id)
