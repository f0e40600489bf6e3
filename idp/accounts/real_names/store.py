"""The table of real-name records: every proof of who somebody is, with its end; rows are closed, never removed."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.types import LargeBinary

from idp.accounts.model import AccountState
from idp.accounts.real_names.certificates import birth_date_of, stored_type
from idp.accounts.real_names.proof import Proof, RealNameState, Record
from idp.accounts.store import BIRTH_DATE, CERTIFICATE, RAISED, accounts
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first, first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.vault import Vault

MOST = 200
"""As many records as are looked for at once."""

real_name_records = Table(
    "real_name_records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("verifier", Text),
    Column("verified_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("ended_at", Instant),
    Column("end_reason", Text),
)
_ends = and_(real_name_records.c.ended_at.is_(None), real_name_records.c.expires_at.is_not(None))
Index("ix_real_name_records_ends", real_name_records.c.expires_at, postgresql_where=_ends, sqlite_where=_ends)

_id = bindparam("the_id", type_=Text)
_record = bindparam("the_record", type_=Text)
_now = bindparam("now", type_=Instant())
_reason = bindparam("reason", type_=Text)
_index = bindparam("new_index", type_=LargeBinary)
_records = real_name_records.c
_other = accounts.alias("other")
_earlier = real_name_records.alias("earlier")
_lives = and_(_records.ended_at.is_(None), or_(_records.expires_at.is_(None), _records.expires_at > _now))
_highest = (
    select(func.coalesce(func.max(_records.level), 0))
    .where(_records.account_id == _id, _lives)
    .scalar_subquery()
)
# The same expression that is written: a proof without certificate must not make a claimed one a verified one twice.
_new_type = func.coalesce(bindparam("new_type", type_=Text), accounts.c.certificate_type)
_new_index = func.coalesce(_index, accounts.c.certificate_index)

# Holds the account until the end of the transaction: the highest level is then counted from what is committed.
LOCK = Statement(
    select(accounts.c.real_name_level, accounts.c.certificate_index)
    .where(accounts.c.id == _id)
    .with_for_update(),
    lock_key="the_id",
)
ADD = Statement(insert(real_name_records))
SETTLE = Statement(
    update(accounts)
    .where(
        accounts.c.id == _id,
        or_(
            _index.is_(None),
            accounts.c.certificate_index.is_(None),
            accounts.c.certificate_index == _index,
            ~exists(select(_earlier.c.id).where(_earlier.c.account_id == _id, _earlier.c.id != _record)),
        ),
        ~exists(
            select(_other.c.id).where(
                _other.c.certificate_index == _new_index,
                _other.c.certificate_type == _new_type,
                _other.c.id != _id,
                _other.c.real_name_level > 0,
                _other.c.state != AccountState.MERGED.value,
            )
        ),
    )
    .values(
        name=func.coalesce(bindparam("new_name", type_=Text), accounts.c.name),
        certificate_type=_new_type,
        certificate_number=func.coalesce(
            bindparam("new_number", type_=LargeBinary), accounts.c.certificate_number
        ),
        certificate_index=_new_index,
        birth_date=func.coalesce(bindparam("new_birth_date", type_=LargeBinary), accounts.c.birth_date),
        real_name_level=_highest,
        updated_at=_now,
        **RAISED,
    )
    .returning(accounts.c.real_name_level),
    lock_key="the_id",
)
END = Statement(
    update(real_name_records)
    .where(_records.id == _record, _records.ended_at.is_(None))
    .values(ended_at=_now, end_reason=_reason)
    .returning(_records.account_id, _records.level, _records.method),
    lock_key="the_record",
)
END_ABOVE = Statement(
    update(real_name_records)
    .where(
        _records.account_id == _id,
        _records.ended_at.is_(None),
        _records.level > bindparam("most", type_=Integer),
    )
    .values(ended_at=_now, end_reason=_reason)
    .returning(_records.id),
    lock_key="the_id",
)
END_EXPIRED = Statement(
    update(real_name_records)
    .where(_records.account_id == _id, _records.ended_at.is_(None), _records.expires_at <= _now)
    .values(ended_at=_now, end_reason=_reason)
    .returning(_records.id),
    lock_key="the_id",
)
LOWER = Statement(
    update(accounts)
    .where(accounts.c.id == _id, accounts.c.real_name_level > _highest)
    .values(real_name_level=_highest, updated_at=_now, **RAISED)
    .returning(accounts.c.real_name_level),
    lock_key="the_id",
)
OWNER = Statement(select(_records.account_id).where(_records.id == _record))
OF_ACCOUNT = Statement(
    select(real_name_records)
    .where(_records.account_id == _id)
    .order_by(_records.verified_at.desc(), _records.id.desc())
)
STRONGEST = Statement(
    select(real_name_records)
    .where(_records.account_id == _id, _lives)
    .order_by(_records.level.desc(), _records.verified_at.desc(), _records.id.desc())
    .limit(1)
)
DUE = Statement(
    select(_records.account_id)
    .where(_records.ended_at.is_(None), _records.expires_at <= _now)
    .order_by(_records.expires_at)
    .limit(literal_column(str(MOST), Integer))
)


def _record_of(row: Row) -> Record:
    return Record(
        id=row["id"],
        level=row["level"],
        method=row["method"],
        source=row["source"],
        verified_at=row["verified_at"],
        expires_at=row["expires_at"],
        ended_at=row["ended_at"],
        end_reason=row["end_reason"],
    )


class RealNameStore:
    """Small steps; the order is the service's."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def lock(self, account_id: str) -> Transaction[RealNameState | None]:
        """How real an account is, which is held until the end of the transaction."""
        row = first((yield LOCK(the_id=account_id)))
        return None if row is None else RealNameState(row["real_name_level"], row["certificate_index"])

    def add(self, record_id: str, account_id: str, proof: Proof, verifier: str | None, now: float) -> Call:
        """The call that adds a record."""
        return ADD(
            id=record_id,
            account_id=account_id,
            level=proof.level,
            method=proof.method,
            source=proof.source,
            evidence_reference=proof.evidence_reference,
            verifier=verifier,
            verified_at=now,
            expires_at=proof.expires_at,
            ended_at=None,
            end_reason=None,
        )

    def settle(self, record_id: str, account_id: str, proof: Proof, now: float) -> Transaction[int | None]:
        """Write what a record brings into its account, with the level that follows.

        The new level; None where the account is another person's, or the certificate another account's.
        """
        type_, number = proof.certificate_type, proof.certificate_number
        stored = None if type_ is None or number is None else stored_type(type_).value
        born = None if stored is None or number is None else birth_date_of(stored, number)
        rows = yield SETTLE(
            the_id=account_id,
            the_record=record_id,
            new_name=proof.name,
            new_type=stored,
            new_number=None if number is None else self._vault.encrypt(CERTIFICATE, number),
            new_index=self.index(number),
            new_birth_date=None if born is None else self._vault.encrypt(BIRTH_DATE, born.isoformat()),
            now=now,
        )
        return int(rows[0]["real_name_level"]) if rows else None

    def end(self, record_id: str, reason: str, now: float) -> Transaction[bool]:
        """Close a record; True for the one caller that closed it."""
        return bool((yield END(the_record=record_id, reason=reason, now=now)))

    def end_above(self, account_id: str, level: int, reason: str, now: float) -> Transaction[int]:
        """Close the records above a level; how many."""
        return len((yield END_ABOVE(the_id=account_id, most=level, reason=reason, now=now)))

    def end_expired(self, account_id: str, now: float) -> Transaction[int]:
        """Close what has expired; how many, for the one caller that closed them."""
        return len((yield END_EXPIRED(the_id=account_id, reason="expired", now=now)))

    def lower(self, account_id: str, now: float) -> Transaction[int | None]:
        """Bring the level down to the highest live record; the new one, None where it need not be lowered."""
        rows = yield LOWER(the_id=account_id, now=now)
        return int(rows[0]["real_name_level"]) if rows else None

    def owner(self, record_id: str) -> Transaction[str | None]:
        """The account that a record belongs to."""
        row = first((yield OWNER(the_record=record_id)))
        return None if row is None else str(row["account_id"])

    def of_account(self, account_id: str) -> Transaction[list[Record]]:
        """All records, latest first."""
        return [_record_of(row) for row in (yield OF_ACCOUNT(the_id=account_id))]

    def strongest(self, account_id: str, now: float) -> Transaction[Record | None]:
        """The live record that carries the level, the latest where there are several."""
        return first_as(_record_of, (yield STRONGEST(the_id=account_id, now=now)))

    def due(self, now: float) -> Transaction[list[str]]:
        """Some accounts with records that have expired and are not closed yet, the longest expired first."""
        return list(dict.fromkeys(row["account_id"] for row in (yield DUE(now=now))))

    def index(self, number: str | None) -> bytes | None:
        """The keyed hash by which a certificate number is found."""
        return None if number is None else self._vault.blind_index(CERTIFICATE, number)
