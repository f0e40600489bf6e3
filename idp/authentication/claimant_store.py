"""Reads what a login must know of an account before it judges the first factor: one statement for all of it."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Select, Text, bindparam, exists, func, literal_column, select

from idp.accounts.model import Account
from idp.accounts.store import IS_NAMED, AccountStore, account_of, accounts, authenticators
from idp.authentication.model import Claimant
from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.vault import Vault
from idp.organizations.roles_store import staff_roles

_BLANK = literal_column("' '", Text)
_kinds = (
    select(func.aggregate_strings(authenticators.c.kind, _BLANK))  # type: ignore[arg-type] # a text alone is a parameter
    .where(authenticators.c.account_id == accounts.c.id)
    .scalar_subquery()
    .label("kinds")
)
_is_staff = exists(select(staff_roles.c.role).where(staff_roles.c.account_id == accounts.c.id)).label(
    "is_staff"
)
# Of nobody nothing more is read; of somebody a few rows by an index, which is nothing beside the password that is
# checked for both.
_claimants: Select[Any] = select(*accounts.columns, _kinds, _is_staff)
FIND = Statement(_claimants.where(IS_NAMED))
BY_ID = Statement(_claimants.where(accounts.c.id == bindparam("the_id", type_=Text)))


def _claimant_of(row: Row) -> Claimant:
    kinds = frozenset((row["kinds"] or "").split())
    return Claimant(account_of(row), kinds, is_staff=bool(row["is_staff"]))


class ClaimantStore:
    """One statement per method."""

    def __init__(self, vault: Vault) -> None:
        self._accounts = AccountStore(vault)

    def find(self, identifier: str) -> Transaction[Claimant | None]:
        """Whoever claims the one account that a username, phone or certificate number names."""
        return (yield from self._accounts.named(FIND, identifier, _claimant_of))

    def of(self, account: Account) -> Transaction[Claimant | None]:
        """Whoever claims an account that was found already, which stays as it was when it was judged."""
        found = first_as(_claimant_of, (yield BY_ID(the_id=account.id)))
        return None if found is None else replace(found, account=account)
