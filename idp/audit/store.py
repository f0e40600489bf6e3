"""The audit table; lines are only ever added, in the transaction of what they tell."""

import orjson
from sqlalchemy import Column, Index, Table, Text, bindparam, insert, literal_column, select

from idp.audit.model import AuditEvent, AuditRecord, EventType
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.sources import Sources, first_id

audit_events = Table(
    "audit_events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("account_id", Text),
    Column("client_id", Text),
    Column("session_id", Text),
    Column("address", Text),
    Column("actor", Text),
    Column("principal", Text),
    Column("detail", Text, nullable=False),
    Index("ix_audit_events_account_id_at", "account_id", "at"),
)
# What was done in somebody's name; most lines have nobody there.
_for_somebody = audit_events.c.principal.is_not(None)
Index(
    "ix_audit_events_principal_at",
    audit_events.c.principal,
    audit_events.c.at,
    postgresql_where=_for_somebody,
    sqlite_where=_for_somebody,
)

OFTEN = (
    EventType.TOKEN_ISSUED,
    EventType.TOKEN_REFRESHED,
    EventType.LOGOUT_DELIVERED,
    EventType.MESSAGE_SENT,
)
"""What an app in daily use adds by the thousand, and nobody looks for among what happened to a person."""
seldom = audit_events.c.event.not_in([literal_column(f"'{event.value}'", Text) for event in OFTEN])
Index(
    "ix_audit_events_seldom",
    audit_events.c.account_id,
    audit_events.c.at,
    audit_events.c.id,
    postgresql_where=seldom,
    sqlite_where=seldom,
)

RECORD = Statement(insert(audit_events))
EARLY_SECONDS = 60.0
"""An id is made before the instant of its line is noted; ids lead to the place, the instant decides."""
SINCE = Statement(
    select(audit_events)
    .where(
        audit_events.c.id >= bindparam("the_first", type_=Text),
        audit_events.c.at >= bindparam("since", type_=Instant()),
    )
    .order_by(audit_events.c.id)
    .limit(bindparam("most"))
)


AFTER = Statement(
    select(audit_events)
    .where(audit_events.c.id > bindparam("the_last", type_=Text))
    .order_by(audit_events.c.id)
    .limit(bindparam("most"))
)


def audit_record_of(row: Row) -> AuditRecord:
    """The line of a row with every column."""
    return AuditRecord(
        id=row["id"],
        at=row["at"],
        event=row["event"],
        account_id=row["account_id"],
        client_id=row["client_id"],
        session_id=row["session_id"],
        address=row["address"],
        actor=row["actor"],
        principal=row["principal"],
        detail=row["detail"],
    )


class AuditStore:
    """Writes lines; there is no method that changes or removes one, and the database refuses it too."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def record(self, line: AuditEvent, at: float | None = None) -> Call:
        """The call that adds a line, for the transaction it belongs to; `at`: when it was, where that is not now."""
        return RECORD(
            id=self._sources.new_id(),
            at=self._sources.now() if at is None else at,
            event=line.event.value,
            account_id=line.account_id,
            client_id=line.client_id,
            session_id=line.session_id,
            address=line.address,
            actor=line.actor,
            principal=line.principal,
            detail=orjson.dumps(line.detail).decode() if line.detail else "{}",
        )

    def after(self, last: str, most: int) -> Transaction[list[AuditRecord]]:
        """The lines behind an id, in the order of ids."""
        return [audit_record_of(row) for row in (yield AFTER(the_last=last, most=most))]

    def since(self, instant: float, most: int = 1000) -> Transaction[list[AuditRecord]]:
        """The lines from an instant on, oldest first."""
        call = SINCE(the_first=first_id(instant - EARLY_SECONDS), since=instant, most=most)
        return [audit_record_of(row) for row in (yield call)]
