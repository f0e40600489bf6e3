"""A recipient that does not answer: it gets its share of the deliveries, and nobody else waits for it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import lanes
from idp.infrastructure import outbox as module
from idp.infrastructure.breaker import FAILURES, OPEN_SECONDS
from idp.infrastructure.database import Database, Transaction, connect
from idp.infrastructure.database.statement import Call
from idp.infrastructure.lanes import OF_ONE, OF_THE_SLOW, QUICK_SECONDS, SLOTS, LanePlace, Lanes, LaneWait
from idp.infrastructure.outbox import NOT_ANSWERING, DeliveryFailed, Outbox
from idp.infrastructure.outbox_store import OutboxMessage
from idp.infrastructure.sources import system_sources
from tests.support import raw_sql
from tests.support.inprocess import Clock
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

SYSTEM, SMS = "notice", "sms"
MANY = 400


@dataclass
class World:
    """Recipients by name; the silent ones answer nothing until the test lets them go."""

    url: str
    database: Database
    silent: set[str] = field(default_factory=set)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)
    asked: Counter[str] = field(default_factory=Counter)
    under_way: Counter[str] = field(default_factory=Counter)
    most_under_way: Counter[str] = field(default_factory=Counter)
    got: list[str] = field(default_factory=list)

    def worker(self) -> Outbox:
        """One that delivers to systems, each its own, and by one gateway to people."""
        sources = system_sources()
        audit = AuditStore(sources)

        def report(message: OutboxMessage, error: str | None) -> Call:
            event = EventType.MESSAGE_SENT if error is None else EventType.MESSAGE_UNDELIVERED
            return audit.record(AuditEvent(event=event, detail={"error": error}))

        made = Outbox(self.database, sources)
        made.register(SYSTEM, self.deliver, report)
        made.register(SMS, self.deliver, report, private=True)
        return made

    async def deliver(self, payload: Mapping[str, Any]) -> None:
        """One attempt."""
        name = payload["at"]
        self.asked[name] += 1
        self.under_way[name] += 1
        self.most_under_way[name] = max(self.most_under_way[name], self.under_way[name])
        try:
            if name in self.silent:
                await self.let_go.wait()
                raise DeliveryFailed("TimeoutError")
            self.got.append(payload["text"])
        finally:
            self.under_way[name] -= 1

    async def send(self, worker: Outbox, at: str, count: int, *, kind: str = SYSTEM) -> None:
        """Messages in one transaction; those of people have a recipient each."""

        def work() -> Transaction[None]:
            for number in range(count):
                recipient = f"person {number}" if kind == SMS else at
                yield worker.message(kind, recipient, "subject", {"at": at, "text": f"{at} {number}"})

        await self.database.write(work)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What the database says."""
        return [dict(row) for row in raw_sql.rows(self.url, query)]


@pytest.fixture
async def world(migrated_url: str) -> AsyncIterator[World]:
    """On each database."""
    opened = await connect(migrated_url)
    yield World(migrated_url, opened)
    await opened.close()


async def test_behind_four_hundred_for_a_silent_one_the_others_arrive(world: World) -> None:
    world.silent = {"silent"}
    worker = world.worker()
    await world.send(worker, "silent", MANY)
    await world.send(worker, "well", 20)
    await worker.start()
    await until(lambda: len(world.got) == 20)
    await world.send(worker, "another", 20)
    worker.kick()
    await until(lambda: len(world.got) == 40)
    assert world.most_under_way["silent"] <= OF_ONE
    await worker.stop()
    # Those that had to wait were not tried, and so not one attempt nearer to being given up.
    assert {
        row["attempts"] for row in world.rows("SELECT attempts FROM outbox WHERE recipient = 'silent'")
    } <= {0, 1}


async def test_however_many_are_silent_half_of_the_places_is_not_theirs(world: World) -> None:
    worker = world.worker()
    await world.send(worker, "well", 5)
    await worker.start()
    await until(lambda: len(world.got) == 5)
    world.silent = {f"silent {number}" for number in range(8)}
    for name in world.silent:
        await world.send(worker, name, MANY // 8)
    await world.send(worker, "well", 50)
    worker.kick()
    await until(lambda: len(world.got) == 55)
    assert sum(world.under_way.values()) <= OF_THE_SLOW
    await worker.stop()


async def test_a_gateway_that_hangs_is_one_recipient_whoever_is_written_to(world: World) -> None:
    world.silent = {"gateway"}
    worker = world.worker()
    await world.send(worker, "gateway", MANY, kind=SMS)
    await world.send(worker, "well", 20)
    await worker.start()
    await until(lambda: len(world.got) == 20)
    assert world.most_under_way["gateway"] <= OF_ONE
    await worker.stop()


async def test_who_has_not_answered_is_not_asked_for_the_rest(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "QUICK_SECONDS", 0.0)  # whatever it takes is too long
    monkeypatch.setattr(module, "SLOW_PAUSE_SECONDS", 0.0)
    world.silent = {"silent"}
    world.let_go.set()
    worker = world.worker()
    await world.send(worker, "silent", MANY)
    await worker.start()

    def told() -> int:
        query = f"SELECT count(*) AS n FROM outbox WHERE last_error = '{NOT_ANSWERING}'"  # noqa: S608
        return int(world.rows(query)[0]["n"])

    await until(lambda: told() >= MANY - 2 * OF_ONE)
    await worker.stop()
    assert FAILURES <= world.asked["silent"] <= 2 * OF_ONE
    states = world.rows("SELECT attempts, next_attempt_at FROM outbox")
    assert {row["attempts"] for row in states} <= {1, 2}  # and each comes again, later and later
    assert all(row["next_attempt_at"] is not None for row in states)


def test_places_are_given_by_what_recipients_have_shown() -> None:
    clock = Clock()
    places = Lanes(clock)
    taken = [places.enter("new") for _ in range(OF_ONE)]
    assert all(isinstance(place, LanePlace) for place in taken)
    assert places.enter("new") is LaneWait.FULL
    clock.forward(QUICK_SECONDS)
    assert places.enter("new") is LaneWait.SLOW
    quick = places.enter("quick")
    assert isinstance(quick, LanePlace)
    places.leave(quick, arrived=True)
    for _ in range(OF_THE_SLOW):
        assert isinstance(places.enter("quick"), LanePlace)
    assert places.enter("quick") is LaneWait.FULL
    assert places.free == SLOTS - OF_ONE - OF_THE_SLOW


def test_a_refusal_is_an_answer_and_silence_is_none() -> None:
    clock = Clock()
    places = Lanes(clock)
    for _ in range(3 * FAILURES):
        place = places.enter("refuses")
        assert isinstance(place, LanePlace)
        places.leave(place, arrived=False)
    for _ in range(FAILURES):
        place = places.enter("silent")
        assert isinstance(place, LanePlace)
        clock.forward(QUICK_SECONDS)
        places.leave(place, arrived=False)
    assert places.enter("silent") is LaneWait.CLOSED
    clock.forward(OPEN_SECONDS)
    place = places.enter("silent")
    assert isinstance(place, LanePlace)
    assert places.enter("silent") is LaneWait.CLOSED
    places.leave(place, arrived=True)
    assert isinstance(places.enter("silent"), LanePlace)
