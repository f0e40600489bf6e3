"""Messages leave after the commit, are tried again with patience, and are accounted for in the end."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import outbox as module
from idp.infrastructure.database import Database, DatabaseUnavailable, Transaction, connect
from idp.infrastructure.database.statement import Call
from idp.infrastructure.outbox import LEASE_SECONDS, WAITS, DeliveryFailed, Outbox, undelivered
from idp.infrastructure.outbox_store import MOST, OutboxMessage
from idp.infrastructure.sources import system_sources
from tests.support import raw_sql
from tests.support.inprocess import Clock
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

KIND = "greeting"


@dataclass
class Recipient:
    """Takes messages, or does not."""

    error: Exception | None = None
    got: list[str] = field(default_factory=list)
    attempts: int = 0
    hold: asyncio.Event | None = None

    async def deliver(self, payload: Mapping[str, Any]) -> None:
        """One attempt."""
        self.attempts += 1
        if self.hold is not None:
            await self.hold.wait()
        if self.error is not None:
            raise self.error
        self.got.append(payload["text"])


@dataclass
class Stage:
    """A database, a clock, and workers that deliver to one recipient."""

    url: str
    database: Database
    clock: Clock
    recipient: Recipient

    def worker(self, *kinds: str) -> Outbox:
        """A worker that is driven by hand."""
        sources = system_sources(self.clock)
        audit = AuditStore(sources)

        def report(message: OutboxMessage, error: str | None) -> Call:
            event = EventType.LOGOUT_DELIVERED if error is None else EventType.LOGOUT_UNDELIVERED
            detail = {"attempts": message.attempts, "error": error}
            return audit.record(
                AuditEvent(
                    event=event, client_id=message.recipient, session_id=message.subject, detail=detail
                )
            )

        made = Outbox(self.database, sources)
        for kind in kinds or (KIND,):
            made.register(kind, self.recipient.deliver, report)
        return made

    async def send(
        self,
        worker: Outbox,
        *texts: str,
        kind: str = KIND,
        subject: str = "subject",
        recipient: str = "recipient",
    ) -> None:
        """Add messages in one transaction."""

        def work() -> Transaction[None]:
            for text in texts:
                yield worker.message(kind, recipient, subject, {"text": text})

        await self.database.write(work)

    def events(self) -> list[str]:
        """What the audit record says."""
        return [row["event"] for row in raw_sql.rows(self.url, "SELECT event FROM audit_events ORDER BY id")]


@pytest.fixture
async def stage(migrated_url: str) -> AsyncIterator[Stage]:
    """On each database."""
    opened = await connect(migrated_url)
    yield Stage(migrated_url, opened, Clock(), Recipient())
    await opened.close()


async def test_a_message_arrives_once_and_is_recorded(stage: Stage) -> None:
    worker = stage.worker()
    await stage.send(worker, "hello")
    assert await worker.deliver_due() == 1
    assert await worker.deliver_due() == 0
    assert stage.recipient.got == ["hello"]
    assert stage.events() == ["logout.delivered"]
    assert undelivered(await worker.of_subject("subject")) == []


async def test_two_workers_deliver_each_message_once(stage: Stage) -> None:
    workers = [stage.worker(), stage.worker()]
    texts = [f"{number:03}" for number in range(3 * MOST)]
    await stage.send(workers[0], *texts)
    async with asyncio.timeout(30):
        while len(stage.recipient.got) < len(texts):
            await asyncio.gather(*[worker.deliver_due() for worker in workers])
    assert sorted(stage.recipient.got) == texts
    assert stage.events() == ["logout.delivered"] * len(texts)


async def test_a_failed_attempt_is_repeated_with_growing_patience_and_given_up(stage: Stage) -> None:
    worker = stage.worker()
    await stage.send(worker, "hello")
    stage.recipient.error = DeliveryFailed("status 500")
    for number, wait in enumerate(WAITS, 1):
        assert await worker.deliver_due() == 1
        stage.clock.forward(wait - 0.5)
        assert await worker.deliver_due() == 0
        stage.clock.forward(1)
        assert stage.recipient.attempts == number
    assert stage.events() == []
    assert await worker.deliver_due() == 1
    stage.clock.forward(1_000_000)
    assert await worker.deliver_due() == 0
    assert stage.events() == ["logout.undelivered"]
    [row] = undelivered(await worker.of_subject("subject"))
    assert (row.attempts, row.last_error, row.next_attempt_at) == (9, "status 500", None)


async def test_a_message_that_arrives_at_a_later_attempt_is_recorded_with_its_attempts(stage: Stage) -> None:
    worker = stage.worker()
    await stage.send(worker, "hello")
    stage.recipient.error = DeliveryFailed("status 503")
    await worker.deliver_due()
    stage.recipient.error = None
    stage.clock.forward(WAITS[0])
    await worker.deliver_due()
    [row] = await worker.of_subject("subject")
    assert (row.attempts, row.last_error, row.delivered_at) == (2, None, stage.clock.now)
    assert stage.events() == ["logout.delivered"]


async def test_a_message_in_the_hands_of_a_dead_worker_is_taken_over(stage: Stage) -> None:
    dying, other = stage.worker(), stage.worker()
    await stage.send(dying, "hello")
    stage.recipient.hold = asyncio.Event()
    task = asyncio.create_task(dying.deliver_due())
    await until(lambda: stage.recipient.attempts)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    stage.recipient.hold = None
    stage.clock.forward(LEASE_SECONDS - 1)
    assert await other.deliver_due() == 0
    stage.clock.forward(1)
    assert await other.deliver_due() == 1
    assert stage.recipient.got == ["hello"]
    assert stage.events() == ["logout.delivered"]


async def test_a_worker_that_was_taken_for_dead_does_not_undo_a_delivery(stage: Stage) -> None:
    slow, other = stage.worker(), stage.worker()
    await stage.send(slow, "hello")
    stage.recipient.hold = asyncio.Event()
    task = asyncio.create_task(slow.deliver_due())
    await until(lambda: stage.recipient.attempts)
    hold, stage.recipient.hold = stage.recipient.hold, None
    stage.clock.forward(LEASE_SECONDS)
    assert await other.deliver_due() == 1
    stage.recipient.error = DeliveryFailed("too late")
    hold.set()
    await task
    [row] = await other.of_subject("subject")
    assert row.delivered_at is not None
    assert row.next_attempt_at is None


async def test_a_fault_of_ours_counts_as_a_failed_attempt(stage: Stage) -> None:
    worker = stage.worker()
    await stage.send(worker, "hello")
    stage.recipient.error = KeyError("what we forgot")
    await worker.deliver_due()
    [row] = await worker.of_subject("subject")
    assert row.last_error == "KeyError"


async def test_a_message_of_a_kind_unknown_here_waits_for_a_newer_worker(stage: Stage) -> None:
    old, new = stage.worker(), stage.worker(KIND, "tomorrow")
    await stage.send(old, "known")
    await stage.send(old, "unknown", kind="tomorrow")
    assert await old.deliver_due() == 2
    assert stage.recipient.got == ["known"]
    stage.clock.forward(LEASE_SECONDS)
    assert await new.deliver_due() == 1
    assert stage.recipient.got == ["known", "unknown"]


async def test_settling_waits_until_each_message_was_tried(stage: Stage) -> None:
    worker = stage.worker()
    await stage.send(worker, "one", "two")
    await stage.send(worker, "another's", subject="other")
    waiting = asyncio.create_task(worker.settle("subject", 30))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await worker.deliver_due()
    assert undelivered(await waiting) == []
    assert len(await worker.settle("subject", 0)) == 2


async def test_settling_ends_when_time_is_up(stage: Stage) -> None:
    worker = stage.worker()
    await stage.send(worker, "one")
    assert len(undelivered(await worker.settle("subject", 0.05))) == 1


async def test_a_message_of_a_transaction_that_fails_does_not_exist(stage: Stage) -> None:
    worker = stage.worker()

    def work() -> Transaction[None]:
        yield worker.message(KIND, "recipient", "subject", {"text": "hello"})
        raise LookupError

    with pytest.raises(LookupError):
        await stage.database.write(work)
    assert await worker.deliver_due() == 0


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), LookupError("a fault of ours")])
async def test_delivering_goes_on_after_an_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.01)
    worker = stage.worker()
    original, failures = worker.deliver_due, iter([error, error])

    async def failing_at_first() -> int:
        for failure in failures:
            raise failure
        return await original()

    monkeypatch.setattr(worker, "deliver_due", failing_at_first)
    await stage.send(worker, "hello")
    await worker.start()
    await until(lambda: stage.recipient.got)
    await worker.settle("subject", 10)
    await worker.stop()
    assert stage.events() == ["logout.delivered"]


async def test_a_long_queue_leaves_without_a_pause(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 600.0)
    worker, texts = stage.worker(), [f"{number:03}" for number in range(3 * MOST)]
    await stage.send(worker, *texts)
    await worker.start()
    await until(lambda: len(stage.recipient.got) == len(texts))
    await worker.stop()
    assert sorted(stage.recipient.got) == texts
