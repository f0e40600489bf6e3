"""What nobody in particular was refused: counted and summed, so that requests without any proof leave few lines."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, replace

import orjson

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.places import neighbourhood
from idp.infrastructure.tally import Sum

NAMED_SECONDS = 5.0
"""How long a line about somebody's account waits at most."""
SUMMED_SECONDS = 60.0
"""How long the others are summed; as much is lost at most when a worker is killed."""
MOST_CHARACTERS = 200
AT_ONCE = 50
"""So many lines are written side by side."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Lines that differ in nothing but their moment."""

    event: EventType
    account_id: str | None
    client_id: str | None
    address: str | None
    detail: str
    principal: str | None = None


class Refusals:
    """Refusals of requests that proved nothing, of one worker: no row each.

    Equal ones of one address (IPv6: its /64) become one line with a count. An address has 8 kinds of them in a
    minute, and one line more for what is beyond; a worker tells 1,000 kinds apart, and beyond that there is one line
    for all. Whether a line has an account changes nothing in what the request does: that would tell who has one.
    """

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._tally = foundation.refusals
        self._audit = AuditStore(foundation.sources)

    def note(self, line: AuditEvent) -> None:
        """Count a refusal; its line is written with the next flush."""
        named = line.account_id is not None
        place = neighbourhood(line.address) if line.address else ""
        detail = orjson.dumps({name: _short(value) for name, value in line.detail.items()}).decode()
        kind = _Kind(
            line.event,
            line.account_id,
            line.client_id,
            line.address if named else place or None,
            detail,
            line.principal,
        )
        others = _Kind(EventType.REFUSALS_SUMMED, None, None, None, "{}")
        instead = (replace(others, address=place or None), others)
        self._tally.add(kind, self._sources.now(), group="" if named else place, instead=instead)

    async def flush_named(self) -> None:
        """Write the lines that concern somebody's account."""
        await self._flush(named=True)

    async def flush(self) -> None:
        """Write all that was counted."""
        await self._flush(named=True)
        await self._flush(named=False)

    async def _flush(self, *, named: bool) -> None:
        sums = self._tally.take(
            lambda kind: isinstance(kind, _Kind) and (kind.account_id is not None) is named
        )
        for at in range(0, len(sums), AT_ONCE):
            some = sums[at : at + AT_ONCE]
            outcomes = await asyncio.gather(*[self._write(each) for each in some], return_exceptions=True)
            failed = [each for each, outcome in zip(some, outcomes, strict=True) if outcome is not None]
            if failed:
                self._tally.give_back(failed + sums[at + AT_ONCE :])
                raise next(outcome for outcome in outcomes if outcome is not None)

    async def _write(self, each: Sum[Hashable]) -> None:
        kind = each.thing
        assert isinstance(kind, _Kind)
        detail = orjson.loads(kind.detail)
        if each.count > 1 or kind.event is EventType.REFUSALS_SUMMED:
            detail["count"] = each.count
        line = AuditEvent(
            event=kind.event,
            account_id=kind.account_id,
            client_id=kind.client_id,
            address=kind.address,
            detail=detail,
            principal=kind.principal,
        )
        await self._database.add(self._audit.record(line, at=each.first_at))


def _short(value: object) -> object:
    return value[:MOST_CHARACTERS] if isinstance(value, str) else value
