"""Tells every worker within a second that something it keeps in memory has changed in the database."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from idp.infrastructure.database import Database, DatabaseUnavailable
from idp.infrastructure.revision_store import numbers

POLL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Revisions:
    """Reloads what changed. Polling one tiny table needs no second channel and misses nothing after an outage."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: dict[str, int] = {}
        self._reload: dict[str, Callable[[], Awaitable[None]]] = {}
        self._task: asyncio.Task[None] | None = None

    def follow(self, name: str, reload: Callable[[], Awaitable[None]]) -> None:
        """Call `reload` at start and whenever `name` was bumped."""
        self._reload[name] = reload

    async def start(self) -> None:
        """Load everything once, then watch."""
        # The numbers are read before the content: a change in between is loaded twice rather than missed.
        self._seen = await self._numbers()
        for reload in self._reload.values():
            await reload()
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """End the watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def refresh(self) -> None:
        """Look once and reload what changed; what could not be reloaded is tried again at the next look."""
        numbers = await self._numbers()
        changed = [name for name in self._reload if numbers.get(name) != self._seen.get(name)]
        outcomes = await asyncio.gather(*[self._reload[name]() for name in changed], return_exceptions=True)
        for name, outcome in zip(changed, outcomes, strict=True):
            if outcome is None:
                self._seen[name] = numbers[name]
        for outcome in outcomes:
            if outcome is not None:
                raise outcome

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self.refresh()
            except DatabaseUnavailable as error:
                log.warning("revisions could not be read", reason=str(error))
            except Exception as error:  # noqa: BLE001 - a row that we cannot read must not make us deaf to all others
                log.error("a change could not be loaded", reason=type(error).__name__)

    async def _numbers(self) -> dict[str, int]:
        return await self._database.read(numbers)
