"""What happened to an account, in words that its owner understands."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from idp.audit.model import EVENTS, AuditRecord, EventType
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _
from idp.selfservice.events.store import EventStore
from idp.selfservice.events.texts import (
    ALARMING,
    AMR_TEXTS,
    END_TEXTS,
    REASON_TEXTS,
    TITLES,
)

PAGE = 20
BY_STAFF = _("由工作人员或系统办理")
BY_AGENT = _("由代您办事的人办理")
FOR_OTHER = _("代他人办理")
LEVEL = _("%(level)s 级")

Say = Callable[..., str]
"""Translates a text: `Site.say` for a request."""


@dataclass(frozen=True, slots=True)
class OwnEvent:
    """One event: when, what, which system, from which network address, what is known beyond that."""

    id: str
    at: float
    event: EventType
    title: str
    system: str | None
    address: str | None
    notes: tuple[str, ...]
    alarming: bool


class Events:
    """Reads the record for its subject."""

    def __init__(
        self,
        foundation: Foundation,
        system_name: Callable[[str | None], str | None],
        factor_titles: Mapping[str, str],
    ) -> None:
        self._factor_titles = factor_titles
        self._database = foundation.database
        self._store = EventStore()
        self._system_name = system_name

    async def of_account(
        self, account_id: str, say: Say, before: str | None = None, most: int = PAGE
    ) -> tuple[list[OwnEvent], str | None]:
        """A page of events, latest first, and where the next one begins (None: there is none)."""
        lines = await self._database.read(lambda: self._store.page(account_id, before, most + 1))
        # What a later release has recorded is told by that.
        shown = [self._told(account_id, line, say) for line in lines[:most] if line.event in EVENTS]
        return shown, lines[most - 1].id if len(lines) > most else None

    def _told(self, account_id: str, line: AuditRecord, say: Say) -> OwnEvent:
        event = EventType(line.event)
        own = line.account_id == account_id and line.actor in (None, account_id)
        notes = [say(text) for text in _who(account_id, line)]
        notes += _details(event, orjson.loads(line.detail), say, self._factor_titles)
        return OwnEvent(
            id=line.id,
            at=line.at,
            event=event,
            title=say(TITLES[event]),
            system=self._system_name(line.client_id),
            address=line.address if own else None,  # where others are is their own business
            notes=tuple(notes),
            alarming=event in ALARMING,
        )


def _who(account_id: str, line: AuditRecord) -> list[str]:
    if line.account_id != account_id:
        return [BY_AGENT]
    if line.actor not in (None, account_id):
        return [BY_STAFF]
    return [FOR_OTHER] if line.principal not in (None, account_id) else []


def _details(
    event: EventType, detail: dict[str, Any], say: Say, factor_titles: Mapping[str, str]
) -> list[str]:
    """The few facts of the record that tell a person something; no other ever leaves it."""
    if event in (EventType.LOGIN_SUCCEEDED, EventType.SESSION_STEPPED_UP):
        known = (AMR_TEXTS.get(word) for word in detail.get("amr", ()))
        return [say(text) for text in dict.fromkeys(text for text in known if text)]
    if event is EventType.SESSION_ENDED:
        return _found(END_TEXTS, detail.get("reason"), say)
    if event is EventType.LOGIN_FAILED:
        return _found(REASON_TEXTS, detail.get("reason"), say)
    if event in (EventType.FACTOR_ADDED, EventType.FACTOR_REMOVED):
        return _found(factor_titles, detail.get("factor"), say)
    level = detail.get("level")
    if event in (EventType.REAL_NAME_RAISED, EventType.REAL_NAME_LOWERED) and isinstance(level, int):
        return [say(LEVEL, level=level)]
    return []


def _found(texts: Any, word: object, say: Say) -> list[str]:
    text = texts.get(word)
    return [say(text)] if text else []
