"""The table of seals over the record: each begins where the one before it ends, so that there is one chain."""

from dataclasses import dataclass

from sqlalchemy import Column, Integer, LargeBinary, Table, Text, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from idp.audit.model import AuditRecord
from idp.audit.store import audit_events, audit_record_of
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant, Sealed

PLACE = "audit_seals.seal"

audit_seals = Table(
    "audit_seals",
    metadata,
    # Two workers that seal at once begin at the same id: one of them is the first.
    Column("since_id", Text, primary_key=True),
    Column("until_id", Text, nullable=False, unique=True),
    Column("lines", Integer, nullable=False),
    Column("tags", LargeBinary, nullable=False),
    Column("seal", Sealed, nullable=False),
    Column("sealed_at", Instant, nullable=False),
)

_since, _most = bindparam("since", type_=Text), bindparam("most", type_=Integer)
LAST = Statement(select(audit_seals).order_by(audit_seals.c.since_id.desc()).limit(1))
PAGE = Statement(
    select(audit_seals).where(audit_seals.c.since_id >= _since).order_by(audit_seals.c.since_id).limit(_most)
)
ADD = Statement(
    insert(audit_seals).on_conflict_do_nothing().returning(audit_seals.c.since_id), lock_key="since_id"
)
LINES = Statement(
    select(audit_events)
    .where(audit_events.c.id >= _since, audit_events.c.id < bindparam("until", type_=Text))
    .order_by(audit_events.c.id)
    .limit(_most)
)


@dataclass(frozen=True, slots=True)
class StoredSeal:
    """A row: the lines from `since_id` on and before `until_id`, a tag of each, and their digest, sealed."""

    since_id: str
    until_id: str
    lines: int
    tags: bytes
    seal: bytes
    sealed_at: float


def _seal_of(row: Row) -> StoredSeal:
    return StoredSeal(
        since_id=row["since_id"],
        until_id=row["until_id"],
        lines=row["lines"],
        tags=row["tags"],
        seal=row["seal"],
        sealed_at=row["sealed_at"],
    )


class SealStore:
    """One statement per method; seals are only ever added."""

    def last(self) -> Transaction[StoredSeal | None]:
        """The newest seal."""
        return first_as(_seal_of, (yield LAST()))

    def page(self, since_id: str, most: int) -> Transaction[list[StoredSeal]]:
        """Some seals from an id on, in order."""
        return [_seal_of(row) for row in (yield PAGE(since=since_id, most=most))]

    def add(self, seal: StoredSeal) -> Transaction[bool]:
        """Add a seal; False where another worker did before."""
        return bool(
            (
                yield ADD(
                    since_id=seal.since_id,
                    until_id=seal.until_id,
                    lines=seal.lines,
                    tags=seal.tags,
                    seal=seal.seal,
                    sealed_at=seal.sealed_at,
                )
            )
        )

    def lines(self, since_id: str, until_id: str, most: int) -> Transaction[list[AuditRecord]]:
        """Some lines of a part of the record, in the order of their ids."""
        found = yield LINES(since=since_id, until=until_id, most=most)
        return [audit_record_of(row) for row in found]
