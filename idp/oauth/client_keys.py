"""The keys that clients publish at their `jwks_uri`: fetched once for many, and after a failure not at once again."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.infrastructure.http_client import BadAnswer, HttpClient

LIFE_SECONDS = 300.0
LEAST_SECONDS = 10.0
"""So long a set of keys is good even where a key is not in it: who invents keys causes no more fetches."""
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class NoKeys:
    """The keys could not be had; the text is for the audit record."""

    reason: str


@dataclass(slots=True)
class _Kept:
    keys: KeySet | None = None
    fetched_at: float = 0.0
    failures: int = 0
    failed_at: float = 0.0
    reason: str = ""
    flight: asyncio.Task[None] | None = None


class ClientKeys:
    """What is behind each `jwks_uri` of a registered client; at most one request to each is under way."""

    def __init__(self, http: HttpClient, now: Callable[[], float]) -> None:
        self._http = http
        self._now = now
        self._kept: dict[str, _Kept] = {}

    async def at(self, uri: str, *, fresh: bool) -> KeySet | NoKeys:
        """The keys; `fresh` where one was looked for in them and is not there."""
        kept = self._kept.setdefault(uri, _Kept())
        if not self._good(kept, LEAST_SECONDS if fresh else LIFE_SECONDS) and not self._pauses(kept):
            if kept.flight is None:
                kept.flight = asyncio.create_task(self._fetch(uri, kept))
            # Whoever gives up waiting does not take the answer away from the others.
            await asyncio.shield(kept.flight)
        return kept.keys if kept.keys is not None and self._good(kept, LIFE_SECONDS) else NoKeys(kept.reason)

    def _good(self, kept: _Kept, seconds: float) -> bool:
        return kept.keys is not None and abs(self._now() - kept.fetched_at) < seconds

    def _pauses(self, kept: _Kept) -> bool:
        """Whether the last attempt failed and it is too early for another: 5 s, twice as long each time, up to 60 s."""
        pause = min(FIRST_PAUSE_SECONDS * 2 ** min(kept.failures - 1, 10), LONGEST_PAUSE_SECONDS)
        return kept.failures > 0 and abs(self._now() - kept.failed_at) < pause

    async def _fetch(self, uri: str, kept: _Kept) -> None:
        try:
            kept.keys = KeySet.import_key_set(orjson.loads(await self._http.get_json(uri)))
            kept.fetched_at, kept.failures = self._now(), 0
        except (BadAnswer, JoseError, ValueError, TypeError, KeyError) as error:
            kept.failures, kept.failed_at, kept.reason = kept.failures + 1, self._now(), str(error)
        finally:
            kept.flight = None
