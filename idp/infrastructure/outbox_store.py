"""The table of messages to others, and what is done to it."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Double,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    update,
)

from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.sweeping import delete_some
from idp.infrastructure.lanes import SLOTS
from idp.infrastructure.sources import first_id

MOST = SLOTS
"""So many are claimed at once."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("next_attempt_at", Instant),
    Column("delivered_at", Instant),
    Column("last_error", Text),
    Index("ix_outbox_next_attempt_at", "next_attempt_at"),
    Index("ix_outbox_subject", "subject"),
)

ADD = Statement(insert(outbox))
_due = (
    select(outbox.c.id)
    .where(outbox.c.next_attempt_at <= bindparam("now", type_=Double))
    .order_by(outbox.c.next_attempt_at)
    .limit(literal_column(str(MOST), Integer))
    .with_for_update(skip_locked=True)
    .subquery()
)
# The bound that a planner can read stands inside: with a parameter alone it expects a tenth of the table.
_room = select(_due.c.id).limit(bindparam("most", type_=Integer))
# A lease, not a lock: a worker that dies with a message in hand loses it to another when the lease runs out.
CLAIM = Statement(
    update(outbox)
    .where(outbox.c.id.in_(_room.scalar_subquery()))
    .values(next_attempt_at=bindparam("lease_ends_at"), attempts=outbox.c.attempts + literal_column("1"))
    .returning(outbox)
)
DELIVERED = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("the_id"))
    .values(delivered_at=bindparam("now"), next_attempt_at=null(), last_error=null())
)
# What was said to a person is nobody's business once it was said.
EMPTIED = Statement(
    update(outbox).where(outbox.c.id == bindparam("the_id")).values(payload=literal("{}", Text))
)
# Claimed, but not tried: it counts for nothing.
PUT_BACK = Statement(
    update(outbox)
    .where(
        outbox.c.id == bindparam("the_id"),
        outbox.c.attempts == bindparam("claimed_as"),
        outbox.c.delivered_at.is_(None),
    )
    .values(next_attempt_at=bindparam("next_attempt_at"), attempts=outbox.c.attempts - literal_column("1"))
)
FAILED = Statement(
    update(outbox)
    .where(outbox.c.id == bindparam("the_id"), outbox.c.delivered_at.is_(None))
    .values(next_attempt_at=bindparam("next_attempt_at"), last_error=bindparam("error"))
)
OF_SUBJECT = Statement(
    select(outbox).where(outbox.c.subject == bindparam("the_subject")).order_by(outbox.c.created_at)
)
# Ids begin with the time, so that what is old lies together.
FORGET = delete_some(
    outbox,
    outbox.c.id < bindparam("the_first", type_=Text),
    outbox.c.created_at < bindparam("before", type_=Double),
    outbox.c.next_attempt_at.is_(None),
    oldest=outbox.c.id,
)

MOST_COUNTED = 1000


def _counted(*which: ColumnElement[bool], oldest: ColumnElement[Any]) -> Statement:
    found = select(outbox.c.id).where(*which).order_by(oldest)
    some = found.limit(literal_column(str(MOST_COUNTED), Integer)).subquery()
    return Statement(select(func.count().label("number")).select_from(some))


OVERDUE = _counted(
    outbox.c.next_attempt_at <= bindparam("before", type_=Double), oldest=outbox.c.next_attempt_at
)
GIVEN_UP = _counted(
    outbox.c.id >= bindparam("the_first", type_=Text),
    outbox.c.next_attempt_at.is_(None),
    outbox.c.delivered_at.is_(None),
    oldest=outbox.c.id,
)


@dataclass(frozen=True, slots=True)
class OutboxMessage:
    """A message to others and how far it has come; `payload` is a JSON document. Instants are Unix seconds.

    It waits while `next_attempt_at` is set; without it, it has arrived or was given up.
    """

    id: str
    kind: str
    recipient: str
    subject: str
    payload: str = field(repr=False)
    attempts: int
    created_at: float
    next_attempt_at: float | None
    delivered_at: float | None
    last_error: str | None


def _message_of(row: Row) -> OutboxMessage:
    return OutboxMessage(
        id=row["id"],
        kind=row["kind"],
        recipient=row["recipient"],
        subject=row["subject"],
        payload=row["payload"],
        attempts=row["attempts"],
        created_at=row["created_at"],
        next_attempt_at=row["next_attempt_at"],
        delivered_at=row["delivered_at"],
        last_error=row["last_error"],
    )


def claim(most: int, lease_ends_at: float, now: float) -> Transaction[list[OutboxMessage]]:
    """Take some messages that are due, for as long as the lease lasts."""
    return [_message_of(row) for row in (yield CLAIM(now=now, most=most, lease_ends_at=lease_ends_at))]


def of_subject(subject: str) -> Transaction[list[OutboxMessage]]:
    """The messages about a subject, oldest first."""
    return [_message_of(row) for row in (yield OF_SUBJECT(the_subject=subject))]


def overdue(before: float) -> Transaction[int]:
    """How many messages should have left before an instant, up to MOST_COUNTED."""
    return int((yield OVERDUE(before=before))[0]["number"])


def given_up(since: float) -> Transaction[int]:
    """How many messages from after an instant were given up, up to MOST_COUNTED."""
    return int((yield GIVEN_UP(the_first=first_id(since)))[0]["number"])
