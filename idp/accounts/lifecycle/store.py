"""The statements by which an account changes its state; each tells its caller whether it was the one that did it."""

from sqlalchemy import bindparam, delete, literal, not_, null, or_, select, update
from sqlalchemy.types import Integer, LargeBinary, Text

from idp.accounts.concern import same_person
from idp.accounts.model import Account, AccountState
from idp.accounts.real_names.store import real_name_records
from idp.accounts.store import RAISED, account_of, accounts, authenticators
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant

TOMBSTONE = "~"
"""Begins the username of an account that is gone: nobody can choose such a name."""
ANONYMOUS = "*"
"""The name of whoever is gone."""
NO_PASSWORD = ""
"""Instead of a password's hash: no password is right."""

_id = bindparam("the_id", type_=Text)
# By account or certificate; whoever is no account (an operator, two of the staff, a program) is nobody's.
_of_another = not_(same_person(accounts.c.id, bindparam("the_actor", type_=Text)))
_now = bindparam("now", type_=Instant())
_open = (AccountState.ACTIVE.value, AccountState.FROZEN.value)

TURN = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.state == bindparam("before", type_=Text), _of_another)
    .values(
        state=bindparam("after", type_=Text),
        state_reason=bindparam("reason", type_=Text),
        closes_at=null(),
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts),
    lock_key="the_id",
)
REQUEST = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == literal(AccountState.ACTIVE.value),
        accounts.c.closes_at.is_(None),
    )
    .values(closes_at=bindparam("the_end", type_=Instant()), updated_at=_now)
    .returning(accounts),
    lock_key="the_id",
)
UNDO_REQUEST = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == literal(AccountState.ACTIVE.value),
        accounts.c.closes_at.is_not(None),
    )
    .values(closes_at=null(), updated_at=_now)
    .returning(accounts),
    lock_key="the_id",
)
DUE = Statement(
    select(accounts.c.id)
    .where(accounts.c.state == literal(AccountState.ACTIVE.value), accounts.c.closes_at <= _now)
    .order_by(accounts.c.closes_at)
    .limit(bindparam("most", type_=Integer))
)
_wiped = {
    "username": bindparam("tombstone", type_=Text),
    "name": bindparam("pseudonym", type_=Text),
    "password_hash": literal(NO_PASSWORD, Text),
    "real_name_level": literal(0, Integer),
    "closes_at": null(),
    "updated_at": _now,
    **RAISED,
    **{
        name: null()
        for name in (
            "certificate_type", "certificate_number", "certificate_index", "phone", "phone_index",
            "phone_verified_at", "email", "address", "birth_date",
        )
    },
}  # fmt: skip
# The one guard against an undo that comes at the last moment: whoever finds the date still set has won.
CANCEL = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == literal(AccountState.ACTIVE.value),
        accounts.c.closes_at <= _now,
    )
    .values(state=literal(AccountState.CANCELLED.value), **_wiped)
    .returning(accounts.c.id),
    lock_key="the_id",
)
MERGED_INTO = Statement(select(accounts.c.id).where(accounts.c.merged_into == _id))
WIPE_MERGED = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.state == literal(AccountState.MERGED.value))
    .values(**_wiped),
    lock_key="the_id",
)
DROP_FACTORS = Statement(
    delete(authenticators)
    .where(
        authenticators.c.account_id == _id, authenticators.c.created_at > bindparam("since", type_=Instant())
    )
    .returning(authenticators.c.kind),
    lock_key="the_id",
)
END_RECORDS = Statement(
    update(real_name_records)
    .where(real_name_records.c.account_id == _id, real_name_records.c.ended_at.is_(None))
    .values(ended_at=_now, end_reason=bindparam("reason", type_=Text)),
    lock_key="the_id",
)
NO_MORE_PASSWORD = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.state.in_([literal(state) for state in _open]), _of_another)
    .values(password_hash=literal(NO_PASSWORD, Text), closes_at=null(), updated_at=_now, **RAISED)
    .returning(accounts),
    lock_key="the_id",
)
# A phone that came lately may be the thief's: a recovery would hand the account over a second time.
DROP_NEW_PHONE = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.phone_verified_at > bindparam("since", type_=Instant()),
        accounts.c.phone_verified_at > accounts.c.created_at + literal(86_400.0, Instant()),
    )
    .values(phone=null(), phone_index=null(), phone_verified_at=null(), updated_at=_now, **RAISED)
    .returning(accounts.c.id),
    lock_key="the_id",
)
RELEASE_PHONE = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.phone_index == bindparam("the_phone", type_=LargeBinary))
    .values(phone=null(), phone_index=null(), phone_verified_at=null(), updated_at=_now, **RAISED)
    .returning(accounts.c.id),
    lock_key="the_id",
)
DUPLICATES = Statement(
    select(accounts)
    .where(
        accounts.c.certificate_index == bindparam("the_index", type_=LargeBinary),
        or_(*(accounts.c.state == literal(state) for state in _open)),
    )
    .order_by(accounts.c.created_at)
)


class LifecycleStore:
    """One statement per method."""

    def turn(
        self, account_id: str, turn: tuple[AccountState, AccountState], reason: str, actor: str, now: float
    ) -> Transaction[Account | None]:
        """Change the state from one to another; the account for the one caller that found it so. Nobody's own."""
        before, after = (state.value for state in turn)
        call = TURN(the_id=account_id, before=before, after=after, reason=reason, the_actor=actor, now=now)
        return first_as(account_of, (yield call))

    def request(self, account_id: str, end: float, now: float) -> Transaction[Account | None]:
        """Begin the cooling period."""
        return first_as(account_of, (yield REQUEST(the_id=account_id, the_end=end, now=now)))

    def undo_request(self, account_id: str, now: float) -> Transaction[Account | None]:
        """End the cooling period; None when it was not running (any more)."""
        return first_as(account_of, (yield UNDO_REQUEST(the_id=account_id, now=now)))

    def due(self, now: float, most: int) -> Transaction[list[str]]:
        """The accounts whose cooling period is over."""
        return [row["id"] for row in (yield DUE(now=now, most=most))]

    def cancel(self, account_id: str, now: float) -> Transaction[bool]:
        """Wipe an account whose cooling period is over, and what was merged into it; True for the one that did."""
        if not (yield CANCEL(the_id=account_id, now=now, **gone(account_id))):
            return False
        for row in (yield MERGED_INTO(the_id=account_id)):
            yield WIPE_MERGED(the_id=row["id"], now=now, **gone(row["id"]))
        return True

    def drop_factors(self, account_id: str, since: float) -> Transaction[list[str]]:
        """Remove the factors that were added after an instant; their kinds."""
        return [row["kind"] for row in (yield DROP_FACTORS(the_id=account_id, since=since))]

    def end_records(self, account_id: str, reason: str, now: float) -> Transaction[None]:
        """End every real-name record."""
        yield END_RECORDS(the_id=account_id, reason=reason, now=now)

    def no_more_password(self, account_id: str, actor: str, now: float) -> Transaction[Account | None]:
        """Make the password unusable and stop a cancellation; the account, if another's and not closed for good."""
        return first_as(account_of, (yield NO_MORE_PASSWORD(the_id=account_id, the_actor=actor, now=now)))

    def drop_new_phone(self, account_id: str, since: float, now: float) -> Transaction[bool]:
        """Take away a phone that was changed after an instant; not the one the account was opened with."""
        return bool((yield DROP_NEW_PHONE(the_id=account_id, since=since, now=now)))

    def release_phone(self, account_id: str, index: bytes, now: float) -> Transaction[bool]:
        """Take away exactly this phone."""
        return bool((yield RELEASE_PHONE(the_id=account_id, the_phone=index, now=now)))

    def duplicates(self, certificate_index: bytes) -> Transaction[list[Account]]:
        """The open accounts with one certificate number, oldest first."""
        return [account_of(row) for row in (yield DUPLICATES(the_index=certificate_index))]


def gone(account_id: str) -> dict[str, str]:
    """What stands instead of the names of an account that is gone."""
    return {"tombstone": TOMBSTONE + account_id, "pseudonym": ANONYMOUS}
