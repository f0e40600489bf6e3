"""Messages to others: written in the transaction that causes them, sent after it, retried, and accounted for."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import orjson
import structlog
from sqlalchemy import (
    Column,
    Double,
    Index,
    Integer,
    Table,
    Text,
    bindparam,
    insert,
    literal,
    literal_column,
    null,
    select,
    update,
)

from idp.infrastructure.database import Database, DatabaseUnavailable, Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.database.sweeping import delete_some, in_steps
from idp.infrastructure.sources import Sources, first_id

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

WAITS = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)
"""Seconds between the attempts; after the last one a message counts as undelivered."""
LEASE_SECONDS = 30.0
POLL_SECONDS = 1.0
SETTLE_POLL_SECONDS = 0.2  # another worker may be the one that delivers
MOST = 50

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

log = structlog.get_logger(__name__)


class DeliveryFailed(Exception):
    """The recipient did not take the message; the text says why, without secrets."""


class Undeliverable(DeliveryFailed):
    """The message is given up at once: to try again would not help."""


Deliver = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Sends one payload; raises DeliveryFailed."""
Report = Callable[[Row, str | None], Call]
"""The audit call for a message that arrived (None) or was given up (the last error)."""


class Outbox:
    """Claims due messages and hands each to the deliverer of its kind."""

    def __init__(self, database: Database, sources: Sources) -> None:
        self._database = database
        self._sources = sources
        self._kinds: dict[str, tuple[Deliver, Report]] = {}
        self._private: set[str] = set()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._settled = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()

    def register(self, kind: str, deliver: Deliver, report: Report, *, private: bool = False) -> None:
        """Say who delivers messages of a kind; the payload of a private one is emptied when all is over."""
        self._kinds[kind] = (deliver, report)
        if private:
            self._private.add(kind)

    def message(self, kind: str, recipient: str, subject: str, payload: Mapping[str, Any]) -> Call:
        """The call that adds a message, for the transaction that causes it; call `kick` after the commit."""
        now = self._sources.now()
        return ADD(
            id=self._sources.new_id(),
            kind=kind,
            recipient=recipient,
            subject=subject,
            payload=orjson.dumps(payload).decode(),
            attempts=0,
            created_at=now,
            next_attempt_at=now,
            delivered_at=None,
            last_error=None,
        )

    def kick(self) -> None:
        """Look for due messages now rather than at the next turn."""
        self._wake.set()

    async def of_subject(self, subject: str) -> list[Row]:
        """The messages about a subject with their delivery state."""
        return list(await self._database.read(fetch(OF_SUBJECT(the_subject=subject))))

    async def settle(self, subject: str, seconds: float) -> list[Row]:
        """Wait until every message about a subject was tried at least once, or time is up; their state."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            rows = await self.of_subject(subject)
            tried = all(row["delivered_at"] is not None or row["last_error"] is not None for row in rows)
            remaining = deadline - asyncio.get_running_loop().time()
            if tried or remaining <= 0:
                return rows
            await _wait(self._settled, min(remaining, SETTLE_POLL_SECONDS))

    async def forget(self, before: float) -> int:
        """Forget messages from before an instant that arrived or were given up; how many."""
        call = fetch(FORGET(the_first=first_id(before), before=before))

        async def step() -> int:
            return len(await self._database.background.write(call))

        return await in_steps(step)

    async def start(self) -> None:
        """Begin to deliver in the background."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; what was claimed and not finished comes back when its lease runs out."""
        running = [*self._deliveries, *([self._task] if self._task else [])]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def deliver_due(self) -> int:
        """Claim and deliver once; how many were claimed."""
        rows = await self._claim(MOST)
        # One that breaks must not cut short the others.
        for outcome in await asyncio.gather(*[self._deliver(row) for row in rows], return_exceptions=True):
            if outcome is not None:
                raise outcome
        return len(rows)

    async def _claim(self, most: int) -> Sequence[Row]:
        now = self._sources.now()
        call = CLAIM(now=now, most=most, lease_ends_at=now + LEASE_SECONDS)
        return await self._database.write(fetch(call))

    async def _run(self) -> None:
        """Each message is a task of its own: a recipient that does not answer holds up nobody else's."""
        while True:
            try:
                room = MOST - len(self._deliveries)
                rows = await self._claim(room) if room else []
                for row in rows:
                    task = asyncio.create_task(self._deliver_alone(row))
                    self._deliveries.add(task)
                    task.add_done_callback(self._delivered)
            except DatabaseUnavailable as error:
                log.warning("outbox could not be read", reason=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the other messages must still leave
                log.error("outbox broke", reason=type(error).__name__)
            await _wait(self._wake, POLL_SECONDS)

    async def _deliver_alone(self, row: Row) -> None:
        try:
            await self._deliver(row)
        except DatabaseUnavailable as error:
            log.warning("a delivery could not be noted", reason=str(error))
        except Exception as error:  # noqa: BLE001 - it comes back when its lease runs out
            log.error("a delivery broke", reason=type(error).__name__)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        full = len(self._deliveries) >= MOST
        self._deliveries.discard(task)
        if full:
            self._wake.set()  # only now there is room for another

    async def _deliver(self, row: Row) -> None:
        if row["kind"] not in self._kinds:
            # A newer worker wrote it, in the middle of an upgrade; it comes back when the lease runs out.
            log.warning("a message of a kind unknown here", kind=row["kind"])
            return
        deliver, report = self._kinds[row["kind"]]
        last = row["attempts"] > len(WAITS)
        try:
            await deliver(orjson.loads(row["payload"]))
            error = None
        except DeliveryFailed as failure:
            error = str(failure)
            last = last or isinstance(failure, Undeliverable)
        except Exception as failure:  # a fault of ours must not stop the messages to others
            log.exception("delivery broke", kind=row["kind"], recipient=row["recipient"])
            error = type(failure).__name__
        if error is None:
            await self._database.write(lambda: self._note_delivery(row, report))
        else:
            await self._database.write(lambda: self._note_failure(row, error, report, last))
        self._settled.set()

    def _note_delivery(self, row: Row, report: Report) -> Transaction[None]:
        yield DELIVERED(the_id=row["id"], now=self._sources.now())
        yield from self._emptied(row)
        yield report(row, None)

    def _emptied(self, row: Row) -> Transaction[None]:
        if row["kind"] in self._private:
            yield EMPTIED(the_id=row["id"])

    def _note_failure(self, row: Row, error: str, report: Report, last: bool) -> Transaction[None]:
        again = not last
        wait = WAITS[row["attempts"] - 1] if again else 0.0
        log.info("delivery failed", kind=row["kind"], recipient=row["recipient"], reason=error, again=again)
        yield FAILED(
            the_id=row["id"], next_attempt_at=self._sources.now() + wait if again else None, error=error
        )
        if not again:
            yield from self._emptied(row)
            yield report(row, error)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()


def undelivered(rows: Iterable[Row]) -> list[Row]:
    """The messages that have not arrived (yet)."""
    return [row for row in rows if row["delivered_at"] is None]
