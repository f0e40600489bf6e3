"""Seals the record behind its writers, who pay nothing for it, and proves it: from the first line to the last seal."""

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import orjson
import structlog

from idp.audit.chain import FIRST, Fault, RecordFault, chained, faults, tag
from idp.audit.seal_store import PLACE, SealStore, StoredSeal
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import shown_instant
from idp.infrastructure.sources import first_id, instant_of
from idp.infrastructure.vault import Unreadable

SEAL_SECONDS = 30.0
SETTLED_SECONDS = 120.0
"""A line's id is made before its commit, by the clock of its machine: after so long no earlier one can come."""
MOST = 500
"""So many lines has a seal at most: looked at in one step, which is over within milliseconds."""
LATE_SECONDS = 3600.0
"""Lines that have waited so long for their seal are worth a word to the operators."""
TOLD_SECONDS = 3600.0
FILE = "audit-head"
_SEALS = 100

log = structlog.get_logger(__name__)


class RecordSettings(Protocol):
    """What is read of the settings."""

    data_dir: Path


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain as it was seen: of which seal, and its digest."""

    since_id: str
    digest: str


@dataclass(frozen=True, slots=True)
class Proved:
    """What was looked at: so many seals and lines, up to an id; what came later is not sealed yet."""

    seals: int
    lines: int
    until_id: str
    faults: list[RecordFault]

    @property
    def until(self) -> str:
        """The instant up to which lines are sealed, in UTC, for operators."""
        return shown_instant(instant_of(self.until_id)) if self.until_id else "the first line"


class Sealer:
    """Every worker seals, and one of them is the first. `folder` is the machine's data directory: the head is kept
    there too, out of reach of whoever owns the database.
    """

    def __init__(self, foundation: Foundation, folder: Path, most: int = MOST) -> None:
        self._most = most
        self._database = foundation.database.background
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._path = folder / FILE
        self._store = SealStore()
        self._told_at = 0.0

    async def seal(self) -> int:
        """Seal what has settled, a step at a time, and note the head on this machine; how many lines.

        Nothing where the chain does not go on from the head that this machine has seen: a seal made now would hide it.
        """
        if not await self._goes_on():
            log.error("the record ends before its last seal: run idp record verify")
            return 0
        number = await in_steps(self._step, self._most)
        self._tell()
        return number

    def _tell(self) -> None:
        """Leave the head in the log once an hour, which leaves the machine by ways that the database does not know."""
        head, now = self.head(), self._sources.now()
        if head is not None and now - self._told_at >= TOLD_SECONDS:
            self._told_at = now
            log.info("the record is sealed", since=head.since_id, digest=head.digest)

    async def _goes_on(self) -> bool:
        head = self.head()
        if head is None:
            return True
        found = await self._database.read(lambda: self._store.page(head.since_id, 1))
        return bool(found) and _head_of(found[0], self._opened(found[0])) == head

    async def settle(self) -> None:
        """Take the end of the chain as it is in the database for the head: after a restore that was meant."""
        last = await self._database.read(self._store.last)
        head = _head_of(last, self._opened(last)) if last else None
        if head is not None:
            self._note(head)
        else:
            self._path.unlink(missing_ok=True)

    async def _step(self) -> int:
        last = await self._database.read(self._store.last)
        since_id, previous = (last.until_id, self._opened(last)) if last else ("", FIRST)
        if previous is None:
            log.error("the last seal of the record cannot be opened: run idp record verify")
            return 0
        until_id = first_id(self._sources.now() - SETTLED_SECONDS)
        if until_id <= since_id:
            return 0
        lines = await self._database.read(lambda: self._store.lines(since_id, until_id, self._most + 1))
        if not lines:
            return 0
        if len(lines) > self._most:
            until_id, lines = lines[self._most].id, lines[: self._most]
        tags = b"".join(map(tag, lines))
        digest = chained(previous, since_id, until_id, tags)
        sealed = self._vault.encrypt_bytes(PLACE, digest)
        seal = StoredSeal(since_id, until_id, len(lines), tags, sealed, self._sources.now())
        if await self._database.write(lambda: self._store.add(seal)):
            self._note(Head(since_id, digest.hex()))
        return len(lines)

    async def prove(self) -> Proved:
        """Look at every seal and every line that is sealed."""
        head, found = self.head(), []
        previous: bytes | None = FIRST
        expected, number, lines, seen = "", 0, 0, head is None
        async for seal in self._seals():
            if seal.since_id != expected:
                found.append(RecordFault(Fault.GAP, expected, seal.since_id))
            kept = await self._database.read(
                partial(self._store.lines, seal.since_id, seal.until_id, 2 * MOST)
            )
            found += faults(seal.since_id, seal.until_id, seal.tags, kept)
            digest = self._opened(seal)
            fits = previous is None or digest == chained(previous, seal.since_id, seal.until_id, seal.tags)
            if digest is None or not fits:
                found.append(RecordFault(Fault.BROKEN_SEAL, seal.since_id, seal.until_id))
            seen = seen or _head_of(seal, digest) == head
            previous, expected = digest, seal.until_id
            number, lines = number + 1, lines + len(kept)
        if not seen and head is not None:
            found.append(RecordFault(Fault.SHORTENED, head.since_id, expected))
        return Proved(number, lines, expected, found)

    async def waiting_since(self) -> float | None:
        """The instant (Unix seconds) of the oldest line that is not sealed; None where all are."""
        last = await self._database.read(self._store.last)
        since_id, until_id = last.until_id if last else "", first_id(self._sources.now())
        lines = await self._database.read(lambda: self._store.lines(since_id, until_id, 1))
        return lines[0].at if lines else None

    def head(self) -> Head | None:
        """The last seal that this machine made or saw made; None where there is none yet."""
        try:
            content = orjson.loads(self._path.read_bytes())
            return Head(content["since_id"], content["digest"])
        except (OSError, ValueError, KeyError):
            return None

    async def _seals(self) -> AsyncIterator[StoredSeal]:
        since_id = ""
        while page := await self._database.read(partial(self._store.page, since_id, _SEALS)):
            for seal in page:
                yield seal
            since_id = page[-1].until_id

    def _opened(self, seal: StoredSeal) -> bytes | None:
        try:
            return self._vault.decrypt_bytes(PLACE, seal.seal)
        except Unreadable:
            return None

    def _note(self, head: Head) -> None:
        beside = self._path.with_name(f".{FILE}.{os.getpid()}")
        try:
            beside.write_bytes(orjson.dumps(head))
            beside.replace(self._path)
        except OSError as error:
            log.warning("the head of the record is not on this machine", reason=error.strerror)


def _head_of(seal: StoredSeal, digest: bytes | None) -> Head | None:
    return None if digest is None else Head(seal.since_id, digest.hex())
