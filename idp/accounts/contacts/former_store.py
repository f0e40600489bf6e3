"""The table of phones and mail addresses by which somebody was reached until lately; both are encrypted."""

from sqlalchemy import Column, ForeignKey, Index, Table, Text, bindparam, delete, insert, select

from idp.accounts.store import accounts
from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.database.statement import Call
from idp.infrastructure.vault import Vault

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


class FormerContactStore:
    """One statement per method."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(self, row_id: str, account_id: str, phone: str | None, email: str | None, now: float) -> Call:
        """The call that notes by what an account is reached no more."""
        return ADD(
            id=row_id,
            account_id=account_id,
            phone=None if phone is None else self._vault.encrypt(FORMER_PHONE, phone),
            email=None if email is None else self._vault.encrypt(FORMER_EMAIL, email),
            ended_at=now,
        )

    def of_account(self, account_id: str, since: float) -> Transaction[tuple[set[str], set[str]]]:
        """The phones and mail addresses that were given up since an instant."""
        rows = yield OF_ACCOUNT(the_account=account_id, since=since)
        phones = {self._vault.decrypt(FORMER_PHONE, row["phone"]) for row in rows if row["phone"]}
        return phones, {self._vault.decrypt(FORMER_EMAIL, row["email"]) for row in rows if row["email"]}

    def forget_old(self, since: float) -> Call:
        """The call that wipes what was given up before an instant."""
        return FORGET_OLD(since=since)

    def forget_account(self, account_id: str) -> Call:
        """The call that wipes what is kept of an account, and of what was merged into it."""
        return FORGET_ACCOUNT(the_account=account_id)
