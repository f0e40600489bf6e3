"""The table of merges: which account went into which, and until when that can be undone."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    exists,
    func,
    insert,
    literal,
    literal_column,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.types import LargeBinary

from idp.accounts.lifecycle.store import TOMBSTONE
from idp.accounts.model import Account, AccountState, Merge, UndoableMerge
from idp.accounts.real_names.store import real_name_records
from idp.accounts.store import RAISED, account_of, accounts, authenticators
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant, Sealed
from idp.infrastructure.database.statement import Call

account_merges = Table(
    "account_merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("into_account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("before", Sealed, nullable=False),
    Column("actor", Text, nullable=False),
    Column("merged_at", Instant, nullable=False),
    Column("undo_until", Instant, nullable=False),
    Column("undone_at", Instant),
)

_kept = func.length(account_merges.c.before) > literal_column("0", Integer)
Index("ix_account_merges_kept", account_merges.c.undo_until, postgresql_where=_kept, sqlite_where=_kept)

CHOSEN = (
    "username", "name", "certificate_type", "certificate_number", "certificate_index", "phone", "phone_index",
    "phone_verified_at", "email", "address", "birth_date", "real_name_level", "password_hash",
)  # fmt: skip
"""The columns that a merge may change on the account that remains."""

_id = bindparam("the_id", type_=Text)
_into = bindparam("the_other", type_=Text)
_now = bindparam("now", type_=Instant())
_other = accounts.alias("other")

LOCK = Statement(
    select(accounts).where(accounts.c.id.in_([_id, _into])).order_by(accounts.c.id).with_for_update()
)
# The rows were read to be kept: if anything has changed since, the copy would be of something else.
CLOSE = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == literal(AccountState.ACTIVE.value),
        accounts.c.updated_at == bindparam("seen", type_=Instant()),
        exists(
            select(_other.c.id).where(
                _other.c.id == _into, _other.c.state == literal(AccountState.ACTIVE.value)
            )
        ),
    )
    .values(
        state=literal(AccountState.MERGED.value),
        merged_into=_into,
        username=bindparam("tombstone", type_=Text),
        phone=null(),
        phone_index=null(),
        phone_verified_at=null(),
        closes_at=null(),
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts.c.id),
    lock_key="the_id",
)
FOLLOW = Statement(
    update(accounts)
    .where(accounts.c.merged_into == _id, accounts.c.state == literal(AccountState.MERGED.value))
    .values(merged_into=_into)
    .returning(accounts.c.id),
    lock_key="the_id",
)
FOLLOW_BACK = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.merged_into == _into)
    .values(merged_into=bindparam("the_former", type_=Text)),
    lock_key="the_id",
)
RENAME = Statement(
    update(accounts).where(accounts.c.id == _id).values(username=bindparam("new_username", type_=Text)),
    lock_key="the_id",
)
_columns = {name: bindparam(f"new_{name}", type_=accounts.c[name].type) for name in CHOSEN}
SET = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == bindparam("the_state", type_=Text),
        accounts.c.updated_at == bindparam("seen", type_=Instant()),
    )
    .values(
        **_columns, state=literal(AccountState.ACTIVE.value), merged_into=null(), updated_at=_now, **RAISED
    )
    .returning(accounts.c.id),
    lock_key="the_id",
)
ADD = Statement(insert(account_merges))
OF = Statement(
    select(
        account_merges.c.id,
        account_merges.c.account_id,
        account_merges.c.into_account_id,
        account_merges.c.merged_at,
        account_merges.c.undo_until,
        account_merges.c.undone_at,
    )
    .where(or_(account_merges.c.account_id == _id, account_merges.c.into_account_id == _id))
    .order_by(account_merges.c.merged_at)
)
_undoable = (
    account_merges.c.id == _id,
    account_merges.c.undone_at.is_(None),
    account_merges.c.undo_until > _now,
)
UNDOABLE = Statement(
    select(account_merges.c.account_id, account_merges.c.into_account_id, account_merges.c.before).where(
        *_undoable
    )
)
UNDO = Statement(
    update(account_merges).where(*_undoable).values(undone_at=_now).returning(account_merges.c.id),
    lock_key="the_id",
)
FORGET = Statement(
    update(account_merges)
    .where(
        account_merges.c.undo_until <= _now,
        _kept,
    )
    .values(before=bindparam("nothing", type_=LargeBinary))
)
FORGET_ACCOUNT = Statement(
    update(account_merges)
    .where(or_(account_merges.c.account_id == _id, account_merges.c.into_account_id == _id))
    .values(before=bindparam("nothing", type_=LargeBinary), undo_until=_now)
)
FACTORS = Statement(
    select(authenticators.c.id, authenticators.c.kind).where(authenticators.c.account_id == _id)
)
MOVE_FACTOR = Statement(
    update(authenticators)
    .where(authenticators.c.id == _id, authenticators.c.account_id == bindparam("the_former", type_=Text))
    .values(account_id=_into),
    lock_key="the_id",
)
RECORDS = Statement(select(real_name_records.c.id).where(real_name_records.c.account_id == _id))
MOVE_RECORD = Statement(
    update(real_name_records)
    .where(
        real_name_records.c.id == _id, real_name_records.c.account_id == bindparam("the_former", type_=Text)
    )
    .values(account_id=_into),
    lock_key="the_id",
)


def chosen_of(account: Account) -> dict[str, Any]:
    """What an account has in the columns of CHOSEN, by column."""
    return {name: getattr(account, name) for name in CHOSEN}


def _merge_of(row: Row) -> Merge:
    return Merge(
        id=row["id"],
        account_id=row["account_id"],
        into_account_id=row["into_account_id"],
        merged_at=row["merged_at"],
        undo_until=row["undo_until"],
        undone_at=row["undone_at"],
    )


def _undoable_of(row: Row) -> UndoableMerge:
    return UndoableMerge(row["account_id"], row["into_account_id"], row["before"])


class MergeStore:
    """Small steps of a merge; the order is the service's."""

    def lock(self, account_id: str, into: str) -> Transaction[tuple[Account, Account] | None]:
        """Both accounts, held until the end of the transaction; None unless there are two."""
        found = {row["id"]: account_of(row) for row in (yield LOCK(the_id=account_id, the_other=into))}
        return (found[account_id], found[into]) if len(found) == 2 else None

    def close(self, account: Account, into: str, now: float) -> Transaction[bool]:
        """Make an account, as it was seen, a part of another that is open."""
        call = CLOSE(
            the_id=account.id,
            the_other=into,
            seen=account.updated_at,
            tombstone=TOMBSTONE + account.id,
            now=now,
        )
        return bool((yield call))

    def rename(self, account_id: str, username: str) -> Call:
        """The call that gives an account a username."""
        return RENAME(the_id=account_id, new_username=username)

    def fill(
        self, account: Account, state: AccountState, values: Mapping[str, Any], now: float
    ) -> Transaction[bool]:
        """Write the columns of CHOSEN into an account that is as it was seen, which is open afterwards."""
        fields = {f"new_{name}": values[name] for name in CHOSEN}
        seen = account.updated_at
        return bool((yield SET(the_id=account.id, the_state=state.value, seen=seen, now=now, **fields)))

    def follow(self, account_id: str, into: str) -> Transaction[list[str]]:
        """What was merged into the one leads to the other from now on."""
        return [row["id"] for row in (yield FOLLOW(the_id=account_id, the_other=into))]

    def follow_back(self, ids: list[str], into: str, former: str) -> Transaction[None]:
        """Undo `follow`."""
        for id_ in ids:
            yield FOLLOW_BACK(the_id=id_, the_other=into, the_former=former)

    def factors(self, account_id: str, *, without: str = "") -> Transaction[list[str]]:
        """The ids of an account's factors, but for those of one kind."""
        return [row["id"] for row in (yield FACTORS(the_id=account_id)) if row["kind"] != without]

    def records(self, account_id: str) -> Transaction[list[str]]:
        """The ids of an account's real-name records."""
        return [row["id"] for row in (yield RECORDS(the_id=account_id))]

    def move_factors(self, ids: list[str], former: str, into: str) -> Transaction[None]:
        """Give factors to another account, where they still are the former's."""
        for id_ in ids:
            yield MOVE_FACTOR(the_id=id_, the_former=former, the_other=into)

    def move_records(self, ids: list[str], former: str, into: str) -> Transaction[None]:
        """Give real-name records to another account, where they still are the former's."""
        for id_ in ids:
            yield MOVE_RECORD(the_id=id_, the_former=former, the_other=into)

    def add(self, row: dict[str, object]) -> Call:
        """The call that notes a merge."""
        return ADD(**row, undone_at=None)

    def of(self, account_id: str) -> Transaction[list[Merge]]:
        """The merges in which an account took part, oldest first."""
        return [_merge_of(row) for row in (yield OF(the_id=account_id))]

    def undoable(self, merge_id: str, now: float) -> Transaction[UndoableMerge | None]:
        """A merge that can still be taken back."""
        return first_as(_undoable_of, (yield UNDOABLE(the_id=merge_id, now=now)))

    def undo(self, merge_id: str, now: float) -> Transaction[bool]:
        """Take back a merge; True for the one caller that did so in time."""
        return bool((yield UNDO(the_id=merge_id, now=now)))

    def forget(self, now: float) -> Call:
        """The call that wipes what was kept for undoing, where that is no longer possible."""
        return FORGET(now=now, nothing=b"")

    def forget_account(self, account_id: str, now: float) -> Call:
        """The same for an account that is gone."""
        return FORGET_ACCOUNT(the_id=account_id, now=now, nothing=b"")
