"""The statements of binding: what stays of the ways into an account, and how it loses a certificate."""

from sqlalchemy import bindparam, case, delete, func, literal, null, select, update
from sqlalchemy.types import Boolean, Integer, LargeBinary, Text

from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.store import NO_PASSWORD
from idp.accounts.model import Account, AccountState
from idp.accounts.real_names.store import real_name_records
from idp.accounts.store import PHONE, RAISED, account_of, accounts, authenticators
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.vault import Vault

TAKEN = "taken"
"""Why a record ended: the certificate was proved more strongly on another account."""

_id = bindparam("the_id", type_=Text)
_now = bindparam("now", type_=Instant())
_keeps_phone = bindparam("keeps_phone", type_=Boolean)
_since = bindparam("since", type_=Instant())
_used = func.coalesce(authenticators.c.last_used_at, authenticators.c.created_at)

# One statement for password and phone: nobody comes in between by what is about to go.
BIND = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.state == literal(AccountState.ACTIVE.value))
    .values(
        password_hash=case(
            (bindparam("keeps_password", type_=Boolean), accounts.c.password_hash),
            else_=literal(NO_PASSWORD, Text),
        ),
        phone=case((_keeps_phone, accounts.c.phone), else_=bindparam("new_phone", type_=LargeBinary)),
        phone_index=case(
            (_keeps_phone, accounts.c.phone_index), else_=bindparam("new_index", type_=LargeBinary)
        ),
        phone_verified_at=case(
            (_keeps_phone, accounts.c.phone_verified_at), else_=bindparam("verified_at", type_=Instant())
        ),
        # Whoever filled it in is who held the account: it stays where that is who brought the proof.
        email=case((bindparam("keeps_email", type_=Boolean), accounts.c.email), else_=null()),
        closes_at=null(),
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts),
    lock_key="the_id",
)
DROP_UNSHOWN = Statement(
    delete(authenticators)
    .where(authenticators.c.account_id == _id, authenticators.c.created_at < _since, _used < _since)
    .returning(authenticators.c.kind),
    lock_key="the_id",
)
# On whom a certificate is verified, held until the end of the transaction.
HOLDER = Statement(
    select(accounts)
    .where(
        accounts.c.certificate_index == bindparam("the_index", type_=LargeBinary),
        accounts.c.certificate_type == bindparam("the_type", type_=Text),
        accounts.c.real_name_level > literal(0, Integer),
        accounts.c.state != literal(AccountState.MERGED.value),
        accounts.c.id != _id,
    )
    .with_for_update(),
    lock_key="the_id",
)
TAKE = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        accounts.c.state == literal(AccountState.ACTIVE.value),
        accounts.c.real_name_level < bindparam("the_level", type_=Integer),
    )
    .values(
        certificate_type=null(),
        certificate_number=null(),
        certificate_index=null(),
        birth_date=null(),
        real_name_level=literal(0, Integer),
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts.c.id),
    lock_key="the_id",
)
END_RECORDS = Statement(
    update(real_name_records)
    .where(real_name_records.c.account_id == _id, real_name_records.c.ended_at.is_(None))
    .values(ended_at=_now, end_reason=bindparam("reason", type_=Text)),
    lock_key="the_id",
)


class RebindingStore:
    """Small steps; the order is the service's."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def bind(self, account: Account, shown: ProvenControl, now: float) -> Transaction[Account | None]:
        """Leave an open account the password and phone that were shown, and the mail of who held it; how it is now."""
        new = shown.new_phone
        index = None if new is None else self._vault.blind_index(PHONE, new)
        call = BIND(
            the_id=account.id,
            keeps_password=shown.password,
            keeps_phone=shown.phone and new is None,
            keeps_email=shown.holder,
            new_phone=None if new is None else self._vault.encrypt(PHONE, new),
            new_index=index,
            verified_at=None if new is None else now,
            now=now,
        )
        return first_as(account_of, (yield call))

    def drop_unshown(self, account_id: str, since: float) -> Transaction[list[str]]:
        """Remove the factors that were neither used nor made since an instant; their kinds."""
        return [row["kind"] for row in (yield DROP_UNSHOWN(the_id=account_id, since=since))]

    def holder(self, account_id: str, type_: str, index: bytes) -> Transaction[Account | None]:
        """The other account on which a certificate is verified."""
        return first_as(account_of, (yield HOLDER(the_id=account_id, the_type=type_, the_index=index)))

    def take(self, holder: Account, level: int, now: float) -> Transaction[bool]:
        """Take certificate and level from an open account that has less than `level`; its records end."""
        if not (yield TAKE(the_id=holder.id, the_level=level, now=now)):
            return False
        yield END_RECORDS(the_id=holder.id, reason=TAKEN, now=now)
        return True
