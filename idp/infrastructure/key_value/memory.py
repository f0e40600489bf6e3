"""Key-value store in the memory of one process: for a test or a single worker without Redis."""

from collections.abc import Callable, Sequence
from typing import Any

from idp.infrastructure.key_value.interface import Operation

SWEEP_EVERY = 1024


class MemoryKeyValue:
    """Forgets everything at restart; only one process may use it, which the settings enforce."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._entries: dict[tuple[str, str], tuple[bytes, float]] = {}
        self._writes = 0

    async def get(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.get`."""
        return self._live((kind, key))

    async def put(self, kind: str, key: str, value: bytes, ttl: int) -> None:
        """See `KeyValue.put`."""
        self._sweep()
        self._entries[(kind, key)] = (value, self._now() + ttl)

    async def add(self, kind: str, key: str, value: bytes, ttl: int) -> bool:
        """See `KeyValue.add`."""
        if self._live((kind, key)) is not None:
            return False
        await self.put(kind, key, value, ttl)
        return True

    async def swap(self, kind: str, key: str, value: bytes) -> bytes | None:
        """See `KeyValue.swap`."""
        before = self._live((kind, key))
        if before is not None:
            self._entries[(kind, key)] = (value, self._entries[(kind, key)][1])
        return before

    async def take(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.take`."""
        value = self._live((kind, key))
        self._entries.pop((kind, key), None)
        return value

    async def increment(self, kind: str, key: str, ttl: int) -> int:
        """See `KeyValue.increment`."""
        before = self._live((kind, key))
        count = int(before or b"0") + 1
        if before is None:
            await self.put(kind, key, b"1", ttl)
        else:
            self._entries[(kind, key)] = (b"%d" % count, self._entries[(kind, key)][1])
        return count

    async def together(self, operations: Sequence[Operation]) -> list[Any]:
        """See `KeyValue.together`."""
        return [await operation.of(self) for operation in operations]

    async def close(self) -> None:
        """See `KeyValue.close`."""
        self._entries.clear()

    def _live(self, name: tuple[str, str]) -> bytes | None:
        entry = self._entries.get(name)
        if entry is None or entry[1] <= self._now():
            return None
        return entry[0]

    def _sweep(self) -> None:
        self._writes += 1
        if self._writes % SWEEP_EVERY == 0:
            now = self._now()
            self._entries = {name: entry for name, entry in self._entries.items() if entry[1] > now}
