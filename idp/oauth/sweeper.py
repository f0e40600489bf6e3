"""Ends sessions that died by themselves, telling the systems that take part, and forgets what nobody needs any more."""

import asyncio
from collections.abc import Callable, Sequence

import structlog

from idp.infrastructure.database import Transaction
from idp.infrastructure.database.sweeping import in_steps, rest_since
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.oauth.store import OAuthStore
from idp.oauth.sweep_store import AT_ONCE, MOST, SweepPlace, SweepStep, SweepStore
from idp.sessions.endings import Endings
from idp.sessions.model import SessionEnd, SessionLifetimes, StoredSession

SWEEP_SECONDS = 30.0
FORGET_SECONDS = 3600.0
LATE_SECONDS = 300.0
"""Sessions that should have ended so long ago are worth a word to the operators."""

log = structlog.get_logger(__name__)


class Sweeper:
    """Every worker sweeps. Each session is ended by one guarded statement, so that they do not need a leader."""

    def __init__(
        self,
        foundation: Foundation,
        endings: Endings,
        outbox: Outbox,
        lifetimes: SessionLifetimes,
        retention: int,
    ) -> None:
        self._database = foundation.database.background
        self._sources = foundation.sources
        self._endings = endings
        self._outbox = outbox
        self._retention = retention
        self._idle = lifetimes.idle
        self._store = SweepStore(lifetimes)
        self._oauth = OAuthStore(lifetimes)

    async def end_dead(self) -> int:
        """End the sessions that have timed out or lost their mandate; how many this worker has ended."""
        return sum(
            [await self._pass(steps) for steps in (self._store.idle, self._store.old, self._store.acting)]
        )

    async def _pass(self, steps: Callable[[SweepPlace, float], Transaction[SweepStep]]) -> int:
        """Go once through the sessions that a kind of step looks at."""
        count, late = 0, False
        place: SweepPlace | None = SweepPlace()
        while place is not None:
            began = asyncio.get_running_loop().time()
            now = self._sources.now()
            step = await self._database.read(lambda place=place, now=now: steps(place, now))  # type: ignore[misc]
            late = late or self._lags(step, now)
            await rest_since(began)
            count += await self._end_all(step.dead)
            place = step.next
        if late:
            log.warning("sessions have waited for their end", ended=count)
        return count

    async def _end_all(self, dead: Sequence[str]) -> int:
        """End a few at a time; how many."""
        count = 0
        for start in range(0, len(dead), AT_ONCE):
            began = asyncio.get_running_loop().time()
            count += await self._end(dead[start : start + AT_ONCE])
            await rest_since(began)
        return count

    def _lags(self, step: SweepStep, now: float) -> bool:
        return step.first_seen_at is not None and step.first_seen_at < now - self._idle - LATE_SECONDS

    async def forget_old(self) -> int:
        """Forget sessions, grants and messages that were over before the retention began; how many sessions.

        The record of events is never touched.
        """
        now = self._sources.now()
        before = now - self._retention
        await self._outbox.forget(before)
        await in_steps(lambda: self._database.write(lambda: self._store.forget_tombstones(before)))
        await in_steps(lambda: self._database.write(lambda: self._oauth.sweep(now)))
        return await in_steps(lambda: self._forget_some(before, now), MOST)

    async def _forget_some(self, before: float, now: float) -> int:
        found = await self._database.read(lambda: self._store.past(before, now))
        return (await asyncio.gather(*[self._forget(each, before) for each in found])).count(True)

    async def _end(self, few: Sequence[str]) -> int:
        now = self._sources.now()

        def work() -> Transaction[tuple[int, bool]]:
            ended = yield from self._store.end_dead(few, now)
            systems = (yield from self._store.joined(few)) if ended else {}
            yield from self._endings.tell([(each, self._farewell(each, now)) for each in ended], systems)
            return len(ended), bool(systems)

        count, are_told = await self._database.write(work)
        if are_told:
            self._outbox.kick()
        return count

    def _farewell(self, session: StoredSession, now: float) -> SessionEnd:
        return SessionEnd("timeout" if self._store.timed_out(session, now) else "mandate expired")

    async def _forget(self, session_id: str, before: float) -> bool:
        return await self._database.write(lambda: self._store.forget(session_id, before))
