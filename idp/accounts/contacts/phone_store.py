"""The statements about who holds a phone; those that give it to an account are one guard each."""

from sqlalchemy import bindparam, exists, func, literal, null, or_, select, update
from sqlalchemy.types import LargeBinary, Text

from idp.accounts.model import Account, AccountState
from idp.accounts.store import RAISED, VERSION, account_of, accounts
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant

_named = accounts.alias("named")
_other = accounts.alias("other")
_id = bindparam("the_id", type_=Text)
_phone = bindparam("the_phone", type_=LargeBinary)
_now = bindparam("now", type_=Instant())
_nobody_elses = ~exists(
    select(_other.c.id).where(
        _other.c.phone_index == _phone, _other.c.phone_verified_at.is_not(None), _other.c.id != _id
    )
)

# What was merged leads to the account that it is part of.
HOLDERS = Statement(
    select(accounts).where(
        accounts.c.id.in_(
            select(func.coalesce(_named.c.merged_into, _named.c.id)).where(_named.c.phone_index == _phone)
        )
    )
)
CONFIRM = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.phone_index == _phone,
        accounts.c.security_version == VERSION,
        _nobody_elses,
    )
    .values(phone_verified_at=_now, updated_at=_now, **RAISED)
    .returning(accounts),
    lock_key="the_id",
)
CHANGE = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == literal(AccountState.ACTIVE.value),
        accounts.c.security_version == VERSION,
        _nobody_elses,
    )
    .values(
        phone=bindparam("new_phone", type_=LargeBinary),
        phone_index=_phone,
        phone_verified_at=_now,
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts),
    lock_key="the_id",
)
RELEASE = Statement(
    update(accounts)
    .where(
        or_(accounts.c.id == _id, accounts.c.merged_into == _id),
        accounts.c.phone_index == _phone,
        accounts.c.state != literal(AccountState.FROZEN.value),
    )
    .values(phone=null(), phone_index=null(), phone_verified_at=null(), updated_at=_now, **RAISED)
    .returning(accounts.c.id),
    lock_key="the_id",
)


class PhoneStore:
    """One statement per method."""

    def holders(self, index: bytes) -> Transaction[list[Account]]:
        """Every account that has this phone, proved or not."""
        return [account_of(row) for row in (yield HOLDERS(the_phone=index))]

    def confirm(self, account: Account, index: bytes, now: float) -> Transaction[Account | None]:
        """Note that the owner has proved the phone; the account from now on.

        None where another account has proved it, or where this one is no longer as the caller has seen it.
        """
        call = CONFIRM(the_id=account.id, the_phone=index, proven=account.security_version, now=now)
        return first_as(account_of, (yield call))

    def change(
        self, account_id: str, proven: int, sealed: bytes, index: bytes, now: float
    ) -> Transaction[Account | None]:
        """Give an open account a phone that its owner has proved.

        None where another account has proved it, or where this one is not as it was when the caller was judged.
        """
        call = CHANGE(the_id=account_id, new_phone=sealed, the_phone=index, proven=proven, now=now)
        return first_as(account_of, (yield call))

    def release(self, account_id: str, index: bytes, now: float) -> Transaction[bool]:
        """Take exactly this phone off an account that is not frozen; True for the one caller that did."""
        return bool((yield RELEASE(the_id=account_id, the_phone=index, now=now)))
