"""After a restore: ends what the copy of the database believes and should not, and lists what only people can redo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Integer,
    Table,
    Text,
    bindparam,
    literal,
    literal_column,
    null,
    select,
    update,
)

from idp.accounts.store import accounts
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.counter.model import RequestState
from idp.counter.store import counter_requests
from idp.infrastructure.database import Statement
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import HighWaterMark, Loss
from idp.infrastructure.outbox_store import outbox
from idp.oauth.store import grants
from idp.sessions.device_store import devices
from idp.sessions.model import SessionEnd
from idp.sessions.store import sessions

MOST = 500
_now = bindparam("now", type_=Instant())

TO_REDO = {
    EventType.ACCOUNT_FROZEN: "is open again: freeze it",
    EventType.ACCOUNT_DECEASED: "is open again: record the death",
    EventType.ACCOUNT_CANCELLED: "is there again: the person had it cancelled",
    EventType.ACCOUNT_SECURED: "has what the thief had: secure it",
    EventType.ACCOUNT_BOUND: "has what was bound before the stronger proof: the person proves it again",
    EventType.ACCOUNT_MERGED: "is apart again: merge it",
    EventType.ACCOUNT_MERGE_UNDONE: "is merged again: undo it",
    EventType.PASSWORD_SET: "has its old password: the person sets a new one",
    EventType.RECOVERY_COMPLETED: "has its old password and phone: recover it",
    EventType.PHONE_CHANGED: "has its old phone",
    EventType.PHONE_RELEASED: "has the phone that was released",
    EventType.REAL_NAME_LOWERED: "has its old level",
    EventType.FACTOR_REMOVED: "has the factor or recovery code that was removed or used",
    EventType.UPSTREAM_UNLINKED: "is linked again: unlink it",
    EventType.CONSENT_WITHDRAWN: "agrees again: the person withdraws the consent",
    EventType.ROLE_WITHDRAWN: "is staff again: withdraw the role",
    EventType.MANDATE_SUSPENDED: "may act again: suspend the mandate",
    EventType.MANDATE_REVOKED: "may act again: revoke the mandate",
    EventType.MANDATE_DECLINED: "is invited again",
    EventType.LEGAL_PERSON_DISSOLVED: "exists again: dissolve it",
    EventType.REPRESENTATIVE_CHANGED: "has its old representative: set the new one",
    EventType.CLIENT_DISABLED: "is enabled again: disable it",
    EventType.CLIENT_SECRET_ROTATED: "has its old secret: rotate it",
    EventType.KEY_REVOKED: "is believed again: revoke the key",
    EventType.KEY_RETIRED: "signs again: rotate the keys",
    EventType.KEY_CREATED: "is unknown: its tokens are refused",
}
"""What a restore undoes and should not: what took a right, closed a way in, or replaced a secret."""


@dataclass(frozen=True, slots=True)
class Redo:
    """A line of the archived record that a person has to look at."""

    at: float
    event: EventType
    account_id: str | None
    client_id: str | None
    detail: str
    says: str


class UnreadableRecord(Exception):
    """The file is not what `idp record export` writes; the text names the line."""


def to_redo(lines: Iterable[str], loss: Loss) -> list[Redo]:
    """What the record says that the database has forgotten, oldest first. Raises UnreadableRecord."""
    found = [redo for number, line in enumerate(lines, 1) if (redo := _redo(line, number, loss)) is not None]
    return sorted(found, key=lambda redo: redo.at)


def _redo(line: str, number: int, loss: Loss) -> Redo | None:
    try:
        told: Mapping[str, Any] = orjson.loads(line)
        at, event = float(told["at"]), told["event"]
        if at < loss.known or event not in TO_REDO:
            return None
        event = EventType(event)
        return Redo(
            at, event, told.get("account_id"), told.get("client_id"), str(told.get("detail")), TO_REDO[event]
        )
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableRecord(f"line {number} is no line of the record") from error


def _some(table: Table, *which: ColumnElement[bool], **values: Any) -> Statement:
    """Change the first that fit; run again until none does, so that an interruption loses nothing."""
    found = select(table.c.id).where(*which).order_by(table.c.id).limit(literal_column(str(MOST), Integer))
    changed = update(table).where(table.c.id.in_(found.scalar_subquery()), *which).values(**values)
    return Statement(changed.returning(table.c.id))


def _steps() -> Mapping[str, Statement]:
    """What is ended, of each sort some at a time; they read whole tables, while nobody is served."""
    later = bindparam("later", type_=Instant())
    open_requests = [literal(each.value, Text) for each in (RequestState.PENDING, RequestState.WAITING)]
    return {
        # The copy may hold what was logged out, stolen and ended since; nobody can tell which.
        "sessions": _some(
            sessions, sessions.c.ended_at.is_(None), ended_at=_now, farewell=bindparam("farewell", type_=Text)
        ),
        "grants": _some(grants, grants.c.revoked_at.is_(None), revoked_at=_now),
        "devices": _some(devices, devices.c.trusted_until.is_not(None), trusted_until=null()),
        # They have most likely been sent: a code that comes twice helps a thief more than its lack hurts.
        "messages": _some(
            outbox,
            outbox.c.next_attempt_at.is_not(None),
            next_attempt_at=null(),
            last_error=literal("the database was restored", Text),
        ),
        # What somebody refused or took back since would otherwise happen by itself.
        "counter_requests": _some(
            counter_requests,
            counter_requests.c.state.in_(open_requests),
            state=literal(RequestState.REFUSED.value, Text),
            open_key=null(),
            decided_at=_now,
            content=literal(b""),
        ),
        "cancellations": _some(accounts, accounts.c.closes_at < later, closes_at=later),
    }


class Restoration:
    """Makes a restored database fit to serve; may be interrupted, and begun again."""

    def __init__(self, base: Foundation, mark: HighWaterMark, cooling_days: int) -> None:
        self._base = base
        self._mark = mark
        self._cooling = cooling_days * 86_400.0

    async def finish(self, loss: Loss, actor: str) -> dict[str, int]:
        """End what was issued before the restore, record it, and let the server start; how much of each."""
        now = self._base.sources.now()
        values = {
            "now": now,
            "later": now + self._cooling,
            "farewell": SessionEnd("database restored", actor=actor).to_json(),
        }
        done = {name: await self._all(statement, values) for name, statement in _steps().items()}
        detail = {"known": loss.known, "seen": loss.seen, **done}
        line = AuditEvent(event=EventType.RESTORE_FINISHED, actor=actor, detail=detail)
        await self._base.database.add(AuditStore(self._base.sources).record(line))
        await self._mark.settle()
        return done

    async def _all(self, statement: Statement, values: Mapping[str, Any]) -> int:
        number = 0
        while True:
            rows = await self._base.database.write(fetch(statement(**values)))
            number += len(rows)
            if len(rows) < MOST:
                return number
