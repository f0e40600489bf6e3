"""The table of staff roles: who may do what for which administrative division."""

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.model import AccountState
from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant
from idp.organizations.records import StaffRole

staff_roles = Table(
    "staff_roles",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("division", Text, primary_key=True),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
)

COUNTY = literal_column("6", Integer)
"""Digits of the code of a district (GB/T 2260); codes of what lies within it are longer."""


def text(value: str) -> ColumnElement[str]:
    """A word of ours within a statement: no parameter, or no partial index would ever fit it."""
    return literal_column(f"'{value}'", Text)


def decides(
    staff: ColumnElement[str], role: str, place: ColumnElement[str] | None = None, *, homeless: bool = False
) -> ColumnElement[bool]:
    """Whether somebody has a role for a division, by an open account; the one decision about divisions there is.

    A role for a division holds for all that lies within it; without `place` any will do. What has no division (a place
    that is NULL) is for the district; with `homeless`, for everybody with the role.
    """
    held, who = staff_roles.alias(), accounts.alias()
    conditions = [
        held.c.account_id == staff,
        held.c.role == text(role),
        who.c.state == text(AccountState.ACTIVE.value),
    ]
    if place is not None:
        length = func.length(held.c.division)
        nowhere = place.is_(None) if homeless else and_(place.is_(None), length == COUNTY)
        conditions.append(or_(func.substr(place, 1, length) == held.c.division, nowhere))
    within = select(held.c.role).select_from(held.join(who, who.c.id == held.c.account_id)).where(*conditions)
    return exists(within.correlate_except(held, who))


GRANT = Statement(
    insert(staff_roles)
    .on_conflict_do_nothing(index_elements=["account_id", "role", "division"])
    .returning(staff_roles.c.role),
    lock_key="account_id",
)
WITHDRAW = Statement(
    delete(staff_roles)
    .where(
        staff_roles.c.account_id == bindparam("the_account", type_=Text),
        staff_roles.c.role == bindparam("the_role", type_=Text),
        staff_roles.c.division == bindparam("the_division", type_=Text),
    )
    .returning(staff_roles.c.role),
    lock_key="the_account",
)
# A role is nothing without an open account.
OF_ACCOUNT = Statement(
    select(staff_roles)
    .select_from(staff_roles.join(accounts, accounts.c.id == staff_roles.c.account_id))
    .where(
        staff_roles.c.account_id == bindparam("the_account", type_=Text),
        accounts.c.state == literal(AccountState.ACTIVE.value),
    )
    .order_by(staff_roles.c.role, staff_roles.c.division)
)


class RoleStore:
    """One statement per method."""

    def grant(self, new: StaffRole) -> Transaction[bool]:
        """Add a role; False when it is there already."""
        call = GRANT(
            account_id=new.account_id,
            role=new.role,
            division=new.division,
            granted_by=new.granted_by,
            granted_at=new.granted_at,
        )
        return bool((yield call))

    def withdraw(self, account_id: str, role: str, division: str) -> Transaction[bool]:
        """Remove a role; False when there was none."""
        return bool((yield WITHDRAW(the_account=account_id, the_role=role, the_division=division)))

    def of_account(self, account_id: str) -> Transaction[list[StaffRole]]:
        """The roles of an open account."""
        return [_role_of(row) for row in (yield OF_ACCOUNT(the_account=account_id))]


def _role_of(row: Row) -> StaffRole:
    return StaffRole(
        account_id=row["account_id"],
        role=row["role"],
        division=row["division"],
        granted_by=row["granted_by"],
        granted_at=row["granted_at"],
    )
