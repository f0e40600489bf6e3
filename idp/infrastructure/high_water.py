"""The high-water mark: until when this database has been seen, kept outside it too, so that an older copy is known.

A database that was restored to an earlier time has forgotten what was revoked, ended and used since, and would believe
it again. Its own mark is then behind the one in a file of the machine, or in the key-value store.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water_store import Mark, mark, raised
from idp.infrastructure.key_value import KeyValueUnavailable

FILE = "high-water-mark"
RAISE_SECONDS = 20.0
"""How often every worker raises it: what a restore takes away of the last moments before a fault is not noticed."""
_KIND = "high_water"
_KEPT_SECONDS = 400 * 86_400
_NAME = "database"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Loss:
    """A database that was restored: it knows what was until `known`, and was seen until `seen`."""

    known: float
    seen: float


def shown_instant(instant: float) -> str:
    """An instant for operators, in UTC."""
    return datetime.fromtimestamp(instant, UTC).isoformat(timespec="seconds")


class HighWaterMark:
    """Raised by every worker again and again; compared before one begins. `folder` is the machine's data directory."""

    def __init__(self, foundation: Foundation, folder: Path) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._sources = foundation.sources
        self._path = folder / FILE

    async def loss(self) -> Loss | None:
        """What a restored database has lost; None where it is as it was seen. Raises DatabaseUnavailable."""
        # Outside first: what another worker raises meanwhile is in the database before it is anywhere else.
        outside = [each for each in (self._in_file(), await self._in_store()) if each is not None]
        inside = await self._inside()
        if inside is None:
            return None
        seen = max((each.seen_at for each in outside if each.database_id == inside.database_id), default=0.0)
        return Loss(inside.seen_at, seen) if seen > inside.seen_at else None

    async def raise_mark(self) -> None:
        """Note that the database is there now; not where it has lost something, which would hide it."""
        if await self.loss() is not None:
            log.error("the database is older than it was seen: stop, and run idp restore finish")
            return
        await self.settle()

    async def settle(self) -> None:
        """Note that the database is there now, whatever it has lost."""
        new_id, now = self._sources.new_id(), self._sources.now()
        inside = await self._database.write(lambda: raised(new_id, now))
        # Outside only what is on disk inside: never ahead of a database that has lost nothing.
        text = inside.to_text()
        try:
            await self._key_value.put(_KIND, _NAME, text.encode(), _KEPT_SECONDS)
        except KeyValueUnavailable:
            log.warning("the high-water mark is not in the key-value store")
        try:
            beside = self._path.with_name(f".{FILE}.{os.getpid()}")
            beside.write_text(text, "ascii")
            beside.replace(self._path)
        except OSError as error:
            log.warning("the high-water mark is not on this machine", reason=error.strerror)

    async def _inside(self) -> Mark | None:
        return await self._database.read(mark)

    def _in_file(self) -> Mark | None:
        try:
            return Mark.from_text(self._path.read_text("ascii"))
        except (OSError, ValueError):
            return None

    async def _in_store(self) -> Mark | None:
        try:
            value = await self._key_value.get(_KIND, _NAME)
        except KeyValueUnavailable:
            return None
        return None if value is None else Mark.from_text(value.decode("ascii", "replace"))
