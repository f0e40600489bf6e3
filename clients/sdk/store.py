"""Where sessions live: a small interface, and an implementation in memory for a system of one process."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from clients.sdk.core.authorization import TRANSACTION_SECONDS
from clients.sdk.core.logout import LogoutNotice
from clients.sdk.core.session import Session

IDLE_SECONDS = 30 * 60
ABSOLUTE_SECONDS = 8 * 3600
MOST_SESSIONS = 10_000


class SessionStore(Protocol):
    """What the SDK needs of a store, each method one atomic step. Keys are hashes of what cookies hold."""

    async def add(self, key: str, session: Session) -> bool:
        """Keep a new session; False if a logout notice for its login was quicker."""

    async def get(self, key: str) -> Session | None:
        """The live session, which counts as used now."""

    async def replace(self, key: str, session: Session) -> bool:
        """Put a newer state of a session in its place; False if it has ended meanwhile."""

    async def remove(self, key: str) -> None:
        """End one session."""

    async def end(self, notice: LogoutNotice) -> int | None:
        """End the sessions a notice means; how many, or None if this notice was here before (replay)."""


@dataclass(slots=True)
class _Entry:
    session: Session
    used_at: float


class MemorySessionStore:
    """Sessions in this process: bounded, the longest unused goes first; all are gone after a restart."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        most: int = MOST_SESSIONS,
        idle: float = IDLE_SECONDS,
        absolute: float = ABSOLUTE_SECONDS,
    ) -> None:
        self._now = now
        self._most = most
        self._idle = idle
        self._absolute = absolute
        self._entries: OrderedDict[str, _Entry] = OrderedDict()  # in the order of last use
        self._notices: dict[str, LogoutNotice] = {}  # by jti

    async def add(self, key: str, session: Session) -> bool:
        """Keep a new session; False if a logout notice for its login was quicker."""
        now = self._now()
        self._forget(now)
        for notice in self._notices.values():
            if session.ended_by(notice) and session.identity.issued_at <= notice.issued_at:
                return False
        while len(self._entries) >= self._most:
            self._entries.popitem(last=False)
        self._entries[key] = _Entry(session, now)
        return True

    async def get(self, key: str) -> Session | None:
        """The live session, which counts as used now."""
        now = self._now()
        entry = self._entries.get(key)
        if entry is None:
            return None
        if now >= entry.used_at + self._idle or now >= entry.session.created_at + self._absolute:
            del self._entries[key]
            return None
        entry.used_at = now
        self._entries.move_to_end(key)
        return entry.session

    async def replace(self, key: str, session: Session) -> bool:
        """Put a newer state of a session in its place; False if it has ended meanwhile."""
        entry = self._entries.get(key)
        if entry is None:
            return False
        entry.session = session
        return True

    async def remove(self, key: str) -> None:
        """End one session."""
        self._entries.pop(key, None)

    async def end(self, notice: LogoutNotice) -> int | None:
        """End the sessions a notice means; how many, or None if this notice was here before (replay)."""
        self._forget(self._now())
        if notice.jti in self._notices:
            return None
        self._notices[notice.jti] = notice
        ended = [key for key, entry in self._entries.items() if entry.session.ended_by(notice)]
        for key in ended:
            del self._entries[key]
        return len(ended)

    def _forget(self, now: float) -> None:
        while self._entries:
            key, entry = next(iter(self._entries.items()))
            if now < entry.used_at + self._idle:
                break
            del self._entries[key]
        # a login under way when the notice came can still arrive until its transaction is over
        past = [
            j
            for j, n in self._notices.items()
            if now >= max(n.remember_until, n.issued_at + TRANSACTION_SECONDS)
        ]
        for jti in past:
            del self._notices[jti]
