"""What the sweeper asks of the tables: which sessions are dead but not ended, and which rows nobody needs any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
    literal_column,
    or_,
    select,
    update,
)

from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.sweeping import delete_some
from idp.oauth.store import grants
from idp.sessions.liveness import mandate_lives
from idp.sessions.model import SessionLifetimes, StoredSession
from idp.sessions.store import participants, sessions, stored_session_of

MOST = 100
"""As many rows as are looked at in one step, which is then over within milliseconds."""

AT_ONCE = 2
"""As many sessions as are ended in one transaction: a request that comes meanwhile waits for these and no more."""

_id = bindparam("the_id", type_=Text)
_ids = [bindparam(f"id{number}", type_=Text) for number in range(AT_ONCE)]
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


_after, _after_id = bindparam("after", type_=Instant()), bindparam("after_id", type_=Text)


def _step(
    where: tuple[ColumnElement[bool], ...], by: Sequence[ColumnElement[Any]], dead: ColumnElement[bool]
) -> Statement:
    """Some open sessions in the order of an index, from after a place on, and of each whether it is dead.

    Without the order a planner reads the table from its beginning; without the place those that may live on would
    be looked at again and again before the first that may not.
    """
    verdict = case((dead, literal_column("1", Integer)), else_=literal_column("0", Integer))
    found = select(sessions.c.id, sessions.c.last_seen_at, verdict.label("dead"))
    return Statement(found.where(_open, *where).order_by(*by).limit(_most))


_by_sight = (sessions.c.last_seen_at, sessions.c.id)
_beyond = or_(sessions.c.last_seen_at > _after, sessions.c.id > _after_id)
IDLE = _step(
    (sessions.c.last_seen_at <= _since_seen, sessions.c.last_seen_at >= _after, _beyond), _by_sight, _idle
)
ACTING = _step(
    (sessions.c.mandate_id.is_not(None), sessions.c.id > _after_id), (sessions.c.id,), _without_mandate
)
OLD = Statement(select(sessions.c.id).where(_open, _old).order_by(sessions.c.created_at).limit(_most))
# Asked again where they are ended: one may have been used since, or another worker may have been here. What somebody is
# at this very moment is left to them; it comes round again.
_dead = (
    select(sessions.c.id)
    .where(sessions.c.id.in_(_ids), _open, or_(_idle, _old, _without_mandate))
    .with_for_update(skip_locked=True)
)
END_DEAD = Statement(
    update(sessions)
    .where(sessions.c.id.in_(_dead.scalar_subquery()))
    .values(ended_at=_now)
    .returning(sessions),
    lock_key="id0",
)
JOINED = Statement(
    select(participants.c.session_id, participants.c.client_id)
    .where(participants.c.session_id.in_(_ids))
    .order_by(participants.c.joined_at)
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
_tombstone = grants.c.session_id.is_(None)
FORGET_TOMBSTONES = delete_some(grants, _tombstone, grants.c.revoked_at < _before, oldest=grants.c.revoked_at)


@dataclass(frozen=True, slots=True)
class SweepPlace:
    """Behind which session a step begins: the instant at which it was last seen, and its id."""

    at: float = 0.0
    id: str = ""


@dataclass(frozen=True, slots=True)
class SweepStep:
    """The dead among the sessions of one step, when the first of them was last seen (Unix seconds), and behind which
    session to go on; None when nothing is left.
    """

    dead: Sequence[str]
    first_seen_at: float | None
    next: SweepPlace | None


def _step_of(rows: Sequence[Row]) -> SweepStep:
    dead = [row for row in rows if row["dead"]]
    seen_at = dead[0]["last_seen_at"] if dead else None
    return SweepStep(
        [row["id"] for row in dead],
        seen_at,
        SweepPlace(rows[-1]["last_seen_at"], rows[-1]["id"]) if len(rows) == MOST else None,
    )


class SweepStore:
    """One statement per method."""

    def __init__(self, lifetimes: SessionLifetimes) -> None:
        self._lifetimes = lifetimes

    def idle(self, after: SweepPlace, now: float) -> Transaction[SweepStep]:
        """The next sessions that were not seen for too long; dead are those in which no system is at work."""
        return _step_of((yield IDLE(after=after.at, after_id=after.id, **self._limits(now))))

    def acting(self, after: SweepPlace, now: float) -> Transaction[SweepStep]:
        """The next sessions that act by a mandate; dead are those whose mandate is not in force any more."""
        return _step_of((yield ACTING(after_id=after.id, **self._limits(now))))

    def old(self, after: SweepPlace, now: float) -> Transaction[SweepStep]:
        """Some sessions that have lasted too long, wherever the last step ended: all of them are dead."""
        found = [row["id"] for row in (yield OLD(**self._limits(now)))]
        return SweepStep(found, None, after if len(found) == MOST else None)

    def end_dead(self, session_ids: Sequence[str], now: float) -> Transaction[list[StoredSession]]:
        """End those of at most AT_ONCE sessions that are dead; these, for the one caller that ended them."""
        call = END_DEAD(**_all_of(session_ids), **self._limits(now))
        return [stored_session_of(row) for row in (yield call)]

    def joined(self, session_ids: Sequence[str]) -> Transaction[dict[str, list[str]]]:
        """The systems that take part in each of at most AT_ONCE sessions, in the order of joining."""
        systems: dict[str, list[str]] = {}
        for row in (yield JOINED(**_all_of(session_ids))):
            systems.setdefault(row["session_id"], []).append(row["client_id"])
        return systems

    def timed_out(self, session: StoredSession, now: float) -> bool:
        """Whether a dead session's time was up; else it is the mandate that is gone."""
        limits = self._limits(now)
        return bool(
            session.created_at <= limits["since_created"] or session.last_seen_at <= limits["since_seen"]
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
        """Forget some grants that were revoked before they came to be; how many."""
        return len((yield FORGET_TOMBSTONES(before=before)))

    def _limits(self, now: float) -> dict[str, float]:
        return {
            "now": now,
            "since_created": now - self._lifetimes.absolute,
            "since_seen": now - self._lifetimes.idle,
        }


def _all_of(session_ids: Sequence[str]) -> dict[str, str]:
    """One statement for however many: the last stands for those that are not there."""
    return {f"id{n}": session_ids[min(n, len(session_ids) - 1)] for n in range(AT_ONCE)}
