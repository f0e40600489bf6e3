"""The narrow key-value interface; every operation is one atomic step in each back end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


class KeyValueUnavailable(Exception):
    """The key-value store did not answer in time; what needs it must say 503 and may be tried again."""


class KeyValue(Protocol):
    """Short-lived values by key. `kind` separates the uses, so that a value of one can never pass for another's.

    `ttl` is the time to live in seconds. All methods raise KeyValueUnavailable.
    """

    async def get(self, kind: str, key: str) -> bytes | None:
        """The value, or None when there is none or it has expired."""
        ...

    async def put(self, kind: str, key: str, value: bytes, ttl: int) -> None:
        """Set, whatever was there."""
        ...

    async def add(self, kind: str, key: str, value: bytes, ttl: int) -> bool:
        """Set if absent; True for the one caller that set it."""
        ...

    async def swap(self, kind: str, key: str, value: bytes) -> bytes | None:
        """Replace the value of a key that exists, keep its expiry, and return what was there; None if it was absent."""
        ...

    async def take(self, kind: str, key: str) -> bytes | None:
        """Remove and return; one caller gets it."""
        ...

    async def increment(self, kind: str, key: str, ttl: int) -> int:
        """Add one to a counter whose window of `ttl` seconds began with its first increment; the new count."""
        ...

    async def together(self, operations: Sequence["Operation"]) -> list[Any]:
        """Several operations in one trip, none waiting for another; what each of their methods answers, in order.

        Each is still a step of its own: they are done in no order, and others may come between.
        """
        ...

    async def close(self) -> None:
        """Let the connections go."""
        ...


@dataclass(frozen=True, slots=True)
class Get:
    """`KeyValue.get`, for `KeyValue.together`."""

    kind: str
    key: str

    async def of(self, store: KeyValue) -> bytes | None:
        """Do it."""
        return await store.get(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Put:
    """`KeyValue.put`, for `KeyValue.together`."""

    kind: str
    key: str
    value: bytes = field(repr=False)
    ttl: int

    async def of(self, store: KeyValue) -> None:
        """Do it."""
        await store.put(self.kind, self.key, self.value, self.ttl)


@dataclass(frozen=True, slots=True)
class Take:
    """`KeyValue.take`, for `KeyValue.together`."""

    kind: str
    key: str

    async def of(self, store: KeyValue) -> bytes | None:
        """Do it."""
        return await store.take(self.kind, self.key)


@dataclass(frozen=True, slots=True)
class Increment:
    """`KeyValue.increment`, for `KeyValue.together`."""

    kind: str
    key: str
    ttl: int

    async def of(self, store: KeyValue) -> int:
        """Do it."""
        return await store.increment(self.kind, self.key, self.ttl)


Operation = Get | Put | Take | Increment
