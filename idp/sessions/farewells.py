"""Tells the systems of sessions that ended in great number, in steps and beside the requests."""

import asyncio

from idp.infrastructure.database import Transaction
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.sessions.ending_store import MOST_AT_ONCE, EndingStore
from idp.sessions.endings import Endings
from idp.sessions.model import UntoldSession

FAREWELL_SECONDS = 2.0
"""How often somebody should call `tell_all`."""


class Farewells:
    """Several workers may tell at once: each session's word is taken by one of them."""

    def __init__(self, foundation: Foundation, endings: Endings, outbox: Outbox, store: EndingStore) -> None:
        self._database = foundation.database.background
        self._endings = endings
        self._outbox = outbox
        self._store = store

    async def tell_all(self) -> int:
        """Write the notices and audit lines of all sessions that still lack them; how many sessions."""
        told = 0

        async def step() -> int:
            nonlocal told
            untold = await self._database.read(self._store.untold)
            told += (await asyncio.gather(*[self._tell(each) for each in untold])).count(True)
            self._outbox.kick()
            return len(untold)  # a colleague may have told some of them, and more may wait behind

        await in_steps(step, MOST_AT_ONCE)
        return told

    async def _tell(self, untold: UntoldSession) -> bool:
        def work() -> Transaction[bool]:
            session = yield from self._store.tell(untold.id)
            if session is not None:
                yield from self._endings.follow([session], untold.farewell)
            return session is not None

        return await self._database.write(work)
