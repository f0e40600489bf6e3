"""Ends sessions that died by themselves, telling the systems that take part, and forgets what nobody needs any more."""

import asyncio

from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.oauth.store import OAuthStore
from idp.oauth.sweep_store import MOST, SweepStore
from idp.sessions.endings import Endings
from idp.sessions.model import Lifetimes

SWEEP_SECONDS = 30.0
FORGET_SECONDS = 3600.0


class Sweeper:
    """Every worker sweeps. Each session is ended by one guarded statement, so that they do not need a leader."""

    def __init__(
        self, foundation: Foundation, endings: Endings, outbox: Outbox, lifetimes: Lifetimes, retention: int
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._endings = endings
        self._outbox = outbox
        self._retention = retention
        self._store = SweepStore(lifetimes)
        self._oauth = OAuthStore(lifetimes)

    async def end_dead(self) -> int:
        """End the sessions that have timed out or lost their mandate; how many this worker has ended."""
        count, again = 0, True
        while again:
            now = self._sources.now()
            found = await self._database.read(lambda now=now: self._store.dead(now))  # type: ignore[misc]
            ended = await asyncio.gather(*[self._end(session_id) for session_id in found])
            count += ended.count(True)
            again = len(found) >= MOST and any(ended)
            self._outbox.kick()
        return count

    async def forget_old(self) -> int:
        """Forget sessions, grants and messages that were over before the retention began; how many sessions.

        The record of events is never touched.
        """
        now = self._sources.now()
        before = now - self._retention
        await self._outbox.forget(before)
        await self._database.write(lambda: self._store.forget_tombstones(before))
        await self._database.add(self._oauth.sweep(now))
        count, again = 0, True
        while again:
            found = await self._database.read(lambda: self._store.past(before, now))
            forgotten = await asyncio.gather(*[self._forget(each, before) for each in found])
            count += forgotten.count(True)
            again = len(found) >= MOST and any(forgotten)
        return count

    async def _end(self, session_id: str) -> bool:
        now = self._sources.now()

        def work() -> Transaction[bool]:
            row = yield from self._store.end_dead(session_id, now)
            if row is not None:
                reason = "timeout" if self._store.timed_out(row, now) else "mandate expired"
                yield from self._endings.follow([row], reason)
            return row is not None

        return await self._database.write(work)

    async def _forget(self, session_id: str, before: float) -> bool:
        return await self._database.write(lambda: self._store.forget(session_id, before))
