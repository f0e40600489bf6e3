"""Key-value store in a table of the SQL database: several workers and restarts, without Redis."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from idp.infrastructure.database import Database, DatabaseUnavailable, Transaction
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.key_value.interface import KeyValueUnavailable, Operation
from idp.infrastructure.key_value.sql_store import KeyValueStore

T = TypeVar("T")

SWEEP_SECONDS = 60


class SqlKeyValue:
    """The `KeyValue` that needs nothing but the database."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._store = KeyValueStore()
        self._swept_at = now()
        self._sweeping: asyncio.Task[None] | None = None

    async def get(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.get`."""
        now = self._now()
        try:
            return await self._database.read(lambda: self._store.get(f"{kind}:{key}", now))
        except DatabaseUnavailable as error:
            raise KeyValueUnavailable(str(error)) from error

    async def put(self, kind: str, key: str, value: bytes, ttl: int) -> None:
        """See `KeyValue.put`."""
        expires_at = self._now() + ttl
        await self._write(lambda: self._store.put(f"{kind}:{key}", value, expires_at))

    async def add(self, kind: str, key: str, value: bytes, ttl: int) -> bool:
        """See `KeyValue.add`."""
        now = self._now()
        return await self._write(lambda: self._store.add(f"{kind}:{key}", value, now + ttl, now))

    async def swap(self, kind: str, key: str, value: bytes) -> bytes | None:
        """See `KeyValue.swap`."""
        now = self._now()
        return await self._write(lambda: self._store.swap(f"{kind}:{key}", value, now))

    async def take(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.take`."""
        now = self._now()
        return await self._write(lambda: self._store.take(f"{kind}:{key}", now))

    async def increment(self, kind: str, key: str, ttl: int) -> int:
        """See `KeyValue.increment`."""
        now = self._now()
        return await self._write(lambda: self._store.increment(f"{kind}:{key}", now + ttl, now))

    async def together(self, operations: Sequence[Operation]) -> list[Any]:
        """See `KeyValue.together`.

        Units of their own, which one turn of the event loop brings into one transaction and there side by side: one
        unit with a row after another could wait in a circle with that of another worker.
        """
        return await asyncio.gather(*(operation.of(self) for operation in operations))

    async def close(self) -> None:
        """See `KeyValue.close`; the database belongs to whoever opened it."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def _sweep(self) -> None:
        """Forget what has expired, beside the requests; what fails is done at the next turn."""
        call = fetch(self._store.sweep(self._now()))

        async def step() -> int:
            return len(await self._database.background.write(call))

        with suppress(DatabaseUnavailable):
            await in_steps(step)

    async def _write(self, work: Callable[[], Transaction[T]]) -> T:
        try:
            outcome = await self._database.write(work)
            if self._now() >= self._swept_at + SWEEP_SECONDS:
                self._swept_at = self._now()
                self._sweeping = asyncio.create_task(self._sweep())
        except DatabaseUnavailable as error:
            raise KeyValueUnavailable(str(error)) from error
        return outcome
