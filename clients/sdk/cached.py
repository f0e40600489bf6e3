"""A document of the provider's that is fetched when needed, seldom, and by one caller at a time."""

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

import anyio

from clients.sdk.core.errors import Unavailable

LIFETIME_SECONDS = 3600
INTERVAL_SECONDS = 10
"""At most one attempt in this time to replace a document we have: a made-up kid must not become a flood."""
PAUSE_SECONDS = 2
"""After a failure with nothing at hand, callers in this time are told at once instead of waiting in line."""

T = TypeVar("T")


class Cached(Generic[T]):
    """The last good document; an old one serves on while the provider is away."""

    def __init__(self, fetch: Callable[[], Awaitable[T]], now: Callable[[], float]) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = anyio.Lock()
        self._document: T | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None

    async def get(self) -> T:
        """The document; raises Unavailable if there is none and none can be had."""
        if self._document is None or self._now() >= self._fetched_at + LIFETIME_SECONDS:
            return await self._refetch(PAUSE_SECONDS if self._document is None else INTERVAL_SECONDS)
        return self._document

    async def newer(self) -> T:
        """The document again, because something is missing in the one at hand; maybe still the same."""
        return await self._refetch(INTERVAL_SECONDS)

    async def confirmed(self) -> T:
        """The document from a provider that answered a moment ago; raises Unavailable not an old one."""
        if self._now() >= self._fetched_at + INTERVAL_SECONDS:
            await self._refetch(PAUSE_SECONDS)
        if self._document is None or self._now() >= self._fetched_at + INTERVAL_SECONDS:
            raise Unavailable("the provider does not answer")
        return self._document

    async def _refetch(self, interval: float) -> T:
        asked_at = self._tried_at
        async with self._lock:
            recent = self._tried_at is not None and self._now() < self._tried_at + interval
            if not recent and self._tried_at == asked_at:  # else another caller has just tried for us
                self._tried_at = self._now()
                try:
                    self._document = await self._fetch()
                    self._fetched_at = self._now()
                except Unavailable:
                    if self._document is None:
                        raise
        if self._document is None:
            raise Unavailable("the provider did not answer a moment ago")
        return self._document
