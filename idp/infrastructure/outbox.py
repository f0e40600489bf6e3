"""Messages to others: written in the transaction that causes them, sent after it, retried, and accounted for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import Any

import orjson
import structlog

from idp.infrastructure.database import Database, DatabaseUnavailable, Transaction
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.statement import Call
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.lanes import LanePlace, Lanes, LaneWait
from idp.infrastructure.outbox_store import (
    ADD,
    DELIVERED,
    EMPTIED,
    FAILED,
    FORGET,
    MOST,
    PUT_BACK,
    OutboxMessage,
    claim,
    of_subject,
)
from idp.infrastructure.sources import Sources, first_id

WAITS = (1.0, 5.0, 30.0, 120.0, 600.0, 1800.0, 3600.0, 7200.0)
"""Seconds between the attempts; after the last one a message counts as undelivered."""
LEASE_SECONDS = 30.0
POLL_SECONDS = 1.0
SETTLE_POLL_SECONDS = 0.2  # another worker may be the one that delivers
ROUNDS = 20
"""How often at most a turn claims messages in order to get past those whose recipients have their share."""
SLOW_PAUSE_SECONDS = 2.0
NOT_ANSWERING = "has not answered lately"

log = structlog.get_logger(__name__)


class DeliveryFailed(Exception):
    """The recipient did not take the message; the text says why, without secrets."""


class Undeliverable(DeliveryFailed):
    """The message is given up at once: to try again would not help."""


Deliver = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Sends one payload; raises DeliveryFailed."""
Report = Callable[[OutboxMessage, str | None], Call]
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
        self._lanes = Lanes(monotonic)
        self._crowded = False

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

    async def of_subject(self, subject: str) -> list[OutboxMessage]:
        """The messages about a subject with their delivery state."""
        return await self._database.read(lambda: of_subject(subject))

    async def settle(self, subject: str, seconds: float) -> list[OutboxMessage]:
        """Wait until every message about a subject was tried at least once, or time is up; their state."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            found = await self.of_subject(subject)
            tried = all(each.delivered_at is not None or each.last_error is not None for each in found)
            remaining = deadline - asyncio.get_running_loop().time()
            if tried or remaining <= 0:
                return found
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
        claimed = await self._claim(MOST)
        # One that breaks must not cut short the others.
        for outcome in await asyncio.gather(*map(self._deliver, claimed), return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome
        return len(claimed)

    async def _claim(self, most: int) -> list[OutboxMessage]:
        now = self._sources.now()
        return await self._database.write(lambda: claim(most, now + LEASE_SECONDS, now))

    async def _run(self) -> None:
        """Each message is a task of its own: a recipient that does not answer holds up nobody else's."""
        while True:
            try:
                await self._begin_due()
            except DatabaseUnavailable as error:
                log.warning("outbox could not be read", reason=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the other messages must still leave
                log.error("outbox broke", reason=type(error).__name__)
            await _wait(self._wake, POLL_SECONDS)

    async def _begin_due(self) -> None:
        """Begin with what is due; what has no place goes back, so that others behind it come to their turn."""
        self._crowded, seen = False, set[str]()
        for _ in range(ROUNDS):
            room = self._lanes.free
            claimed = await self._claim(room) if room else []
            waiting = [(each, why) for each in claimed if (why := self._begin(each)) is not None]
            if waiting:
                await asyncio.gather(*[self._put_back(each, why) for each, why in waiting])
            self._crowded = self._crowded or bool(waiting) or not self._lanes.free
            ids = {each.id for each in claimed}
            if not ids or ids <= seen:
                return
            seen |= ids

    def _begin(self, message: OutboxMessage) -> LaneWait | None:
        """Begin a delivery; why not, where it has to wait."""
        # Short messages are for many people, and all go to one gateway.
        place = self._lanes.enter(message.kind if message.kind in self._private else message.recipient)
        if place in (LaneWait.FULL, LaneWait.SLOW):
            return place
        attempt = partial(self._deliver_in, place) if isinstance(place, LanePlace) else self._give_up_now
        task = asyncio.create_task(self._alone(attempt, message))
        self._deliveries.add(task)
        task.add_done_callback(self._delivered)
        return None

    async def _put_back(self, message: OutboxMessage, why: LaneWait) -> None:
        again_at = self._sources.now() + (SLOW_PAUSE_SECONDS if why is LaneWait.SLOW else 0.0)
        await self._database.add(
            PUT_BACK(the_id=message.id, claimed_as=message.attempts, next_attempt_at=again_at)
        )

    async def _deliver_in(self, place: LanePlace, message: OutboxMessage) -> None:
        arrived = False
        try:
            arrived = await self._deliver(message)
        finally:
            self._lanes.leave(place, arrived=arrived)

    async def _give_up_now(self, message: OutboxMessage) -> None:
        """An attempt that is not made: whoever does not answer would only be waited for."""
        if message.kind in self._kinds:
            last = message.attempts > len(WAITS)
            report = self._kinds[message.kind][1]
            await self._database.write(lambda: self._note_failure(message, NOT_ANSWERING, report, last))
            self._settled.set()

    async def _alone(
        self, attempt: Callable[[OutboxMessage], Coroutine[Any, Any, None]], message: OutboxMessage
    ) -> None:
        """Begun only here: a task that is stopped before its first step leaves nothing half made."""
        try:
            await attempt(message)
        except DatabaseUnavailable as error:
            log.warning("a delivery could not be noted", reason=str(error))
        except Exception as error:  # noqa: BLE001 - it comes back when its lease runs out
            log.error("a delivery broke", reason=type(error).__name__)

    def _delivered(self, task: asyncio.Task[None]) -> None:
        self._deliveries.discard(task)
        if self._crowded:
            self._wake.set()  # only now there is room for another

    async def _deliver(self, message: OutboxMessage) -> bool:
        """Whether it arrived; noted in either case."""
        if message.kind not in self._kinds:
            # A newer worker wrote it, in the middle of an upgrade; it comes back when the lease runs out.
            log.warning("a message of a kind unknown here", kind=message.kind)
            return True
        deliver, report = self._kinds[message.kind]
        last = message.attempts > len(WAITS)
        try:
            await deliver(orjson.loads(message.payload))
            error = None
        except DeliveryFailed as failure:
            error = str(failure)
            last = last or isinstance(failure, Undeliverable)
        except Exception as failure:  # a fault of ours must not stop the messages to others
            log.exception("delivery broke", kind=message.kind, recipient=message.recipient)
            error = type(failure).__name__
        if error is None:
            await self._database.write(lambda: self._note_delivery(message, report))
        else:
            await self._database.write(lambda: self._note_failure(message, error, report, last))
        self._settled.set()
        return error is None

    def _note_delivery(self, message: OutboxMessage, report: Report) -> Transaction[None]:
        yield DELIVERED(the_id=message.id, now=self._sources.now())
        yield from self._emptied(message)
        yield report(message, None)

    def _emptied(self, message: OutboxMessage) -> Transaction[None]:
        if message.kind in self._private:
            yield EMPTIED(the_id=message.id)

    def _note_failure(
        self, message: OutboxMessage, error: str, report: Report, last: bool
    ) -> Transaction[None]:
        again = not last
        wait = WAITS[message.attempts - 1] if again else 0.0
        log.info("delivery failed", kind=message.kind, recipient=message.recipient, reason=error, again=again)
        yield FAILED(
            the_id=message.id, next_attempt_at=self._sources.now() + wait if again else None, error=error
        )
        if not again:
            yield from self._emptied(message)
            yield report(message, error)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    event.clear()


def undelivered(messages: Iterable[OutboxMessage]) -> list[OutboxMessage]:
    """The messages that have not arrived (yet)."""
    return [each for each in messages if each.delivered_at is None]
