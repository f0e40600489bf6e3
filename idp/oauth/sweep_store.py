"""What the sweeper asks of the tables: which sessions are dead but not ended, and which rows nobody needs any more."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    delete,
    exists,
    literal_column,
    or_,
    select,
    update,
)

from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.oauth.store import grants
from idp.sessions.liveness import mandate_lives
from idp.sessions.model import Lifetimes
from idp.sessions.store import participants, sessions

MOST = 200
"""As many rows as are looked for at once."""

_id = bindparam("the_id", type_=Text)
_now = bindparam("now", type_=Instant())
_since_seen = bindparam("since_seen", type_=Instant())
_before = bindparam("before", type_=Instant())
_most = literal_column(str(MOST), Integer)
_offline = grants.c.offline == literal_column("1", Integer)
_open = sessions.c.ended_at.is_(None)
# Whoever works in a system need not show up here: what that system refreshes is a sign of life too.
_in_use = exists(
    select(grants.c.id)
    .where(
        grants.c.session_id == sessions.c.id,
        grants.c.revoked_at.is_(None),
        ~_offline,
        grants.c.rotated_at > _since_seen,
    )
    .correlate(sessions)
)
_idle = and_(sessions.c.last_seen_at <= _since_seen, ~_in_use)
_old = sessions.c.created_at <= bindparam("since_created", type_=Instant())
_without_mandate = ~mandate_lives(sessions)


def _find(*which: ColumnElement[bool], oldest: ColumnElement[Any]) -> Statement:
    """The order is that of an index: without it the planner reads the table from its beginning."""
    return Statement(select(sessions.c.id).where(_open, *which).order_by(oldest).limit(_most))


IDLE = _find(_idle, oldest=sessions.c.last_seen_at)
OLD = _find(_old, oldest=sessions.c.created_at)
WITHOUT_MANDATE = _find(sessions.c.mandate_id.is_not(None), _without_mandate, oldest=sessions.c.mandate_id)
# Asked again where it is ended: it may have been used since, or another worker may have been here.
END_DEAD = Statement(
    update(sessions)
    .where(sessions.c.id == _id, _open, or_(_idle, _old, _without_mandate))
    .values(ended_at=_now)
    .returning(sessions),
    lock_key="the_id",
)
_still_granted = exists(
    select(grants.c.id)
    .where(
        grants.c.session_id == sessions.c.id,
        grants.c.revoked_at.is_(None),
        _offline,
        grants.c.expires_at > _now,
    )
    .correlate(sessions)
)
PAST = Statement(
    select(sessions.c.id)
    .where(sessions.c.ended_at < _before, ~_still_granted)
    .order_by(sessions.c.ended_at)
    .limit(_most)
)
FORGET_GRANTS = Statement(delete(grants).where(grants.c.session_id == _id), lock_key="the_id")
FORGET_PARTICIPANTS = Statement(
    delete(participants).where(participants.c.session_id == _id), lock_key="the_id"
)
FORGET_SESSION = Statement(
    delete(sessions).where(sessions.c.id == _id, sessions.c.ended_at < _before).returning(sessions.c.id),
    lock_key="the_id",
)
# What a replay leaves where the code's grant never came to be.
FORGET_TOMBSTONES = Statement(
    delete(grants).where(grants.c.session_id.is_(None), grants.c.revoked_at < _before).returning(grants.c.id)
)


class SweepStore:
    """One statement per method."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._lifetimes = lifetimes

    def dead(self, now: float) -> Transaction[list[str]]:
        """Some sessions that have timed out, or whose mandate is not in force any more."""
        limits = self._limits(now)
        found: list[str] = []
        for statement in (IDLE, OLD, WITHOUT_MANDATE):
            rows = yield statement(**limits)
            found += [row["id"] for row in rows]
        return list(dict.fromkeys(found))

    def end_dead(self, session_id: str, now: float) -> Transaction[Row | None]:
        """End a session that is dead; its row for the one caller that ended it."""
        return first((yield END_DEAD(the_id=session_id, **self._limits(now))))

    def timed_out(self, row: Row, now: float) -> bool:
        """Whether a dead session's time was up; else it is the mandate that is gone."""
        limits = self._limits(now)
        return bool(
            row["created_at"] <= limits["since_created"] or row["last_seen_at"] <= limits["since_seen"]
        )

    def past(self, before: float, now: float) -> Transaction[Sequence[str]]:
        """Some sessions that ended before an instant and of which nothing lives on."""
        return [row["id"] for row in (yield PAST(before=before, now=now))]

    def forget(self, session_id: str, before: float) -> Transaction[bool]:
        """Forget a session that is past, and all that came of it."""
        yield FORGET_GRANTS(the_id=session_id)
        yield FORGET_PARTICIPANTS(the_id=session_id)
        return bool((yield FORGET_SESSION(the_id=session_id, before=before)))

    def forget_tombstones(self, before: float) -> Transaction[int]:
        """Forget grants that were revoked before they came to be."""
        return len((yield FORGET_TOMBSTONES(before=before)))

    def _limits(self, now: float) -> dict[str, float]:
        return {
            "now": now,
            "since_created": now - self._lifetimes.absolute,
            "since_seen": now - self._lifetimes.idle,
        }
