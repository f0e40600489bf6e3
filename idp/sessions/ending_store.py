"""How sessions end: one, all of an account, those of a mandate; and who is to be told."""

from sqlalchemy import ColumnElement, Integer, Text, bindparam, literal_column, null, or_, select, update

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant
from idp.organizations.store import mandates
from idp.sessions.liveness import mandate_in_force
from idp.sessions.model import Participant, SessionEnd, StoredSession, UntoldSession
from idp.sessions.store import MOST_OPEN, participants, sessions, stored_session_of

MOST_AT_ONCE = 50
"""Sessions that one transaction ends with all that follows of it."""

_open = sessions.c.ended_at.is_(None)
_untold = sessions.c.farewell.is_not(None)
_id = bindparam("the_id", type_=Text)
_account = bindparam("the_account", type_=Text)
_mandate = bindparam("the_mandate", type_=Text)


def _end(*which: ColumnElement[bool], lock_key: str = "the_id") -> Statement:
    """End the open sessions that fit; each is returned to the one caller that ended it."""
    ended = update(sessions).where(*which, _open).values(ended_at=bindparam("now", type_=Instant()))
    return Statement(ended.returning(sessions), lock_key=lock_key)


END = _end(sessions.c.id == _id)
END_OWN = _end(sessions.c.id == _id, sessions.c.account_id == _account)
_others = (sessions.c.account_id == _account, sessions.c.id != bindparam("the_kept", type_=Text), _open)
_most_at_once = literal_column(str(MOST_AT_ONCE), Integer)
END_OF_ACCOUNT = _end(
    sessions.c.id.in_(select(sessions.c.id).where(*_others).limit(_most_at_once).scalar_subquery()),
    lock_key="the_account",
)
# However many they are: one statement ends them, and who took part is told in steps afterwards.
END_REST_OF_ACCOUNT = Statement(
    update(sessions)
    .where(*_others)
    .values(ended_at=bindparam("now", type_=Instant()), farewell=bindparam("the_farewell", type_=Text))
    .returning(sessions.c.id),
    lock_key="the_account",
)
_oldest = (
    select(sessions.c.id)
    .where(sessions.c.account_id == _account, _open)
    .order_by(sessions.c.last_seen_at.desc(), sessions.c.id.desc())
    .limit(_most_at_once)
    .offset(literal_column(str(MOST_OPEN), Integer))
)
END_OLDEST = _end(sessions.c.id.in_(_oldest.scalar_subquery()), lock_key="the_account")
UNTOLD = Statement(
    select(sessions.c.id, sessions.c.farewell).where(_untold).order_by(sessions.c.id).limit(_most_at_once)
)
TELL = Statement(
    update(sessions).where(sessions.c.id == _id, _untold).values(farewell=null()).returning(sessions),
    lock_key="the_id",
)
END_OF_MANDATE = _end(
    sessions.c.mandate_id.in_(
        select(mandates.c.id).where(or_(mandates.c.id == _mandate, mandates.c.parent_mandate_id == _mandate))
    ),
    lock_key="the_mandate",
)
# In place of the one who acts for themselves comes the one who acts for another: only by a mandate of their own.
END_TO_ACT = _end(
    sessions.c.id == _id,
    mandate_in_force(_mandate, sessions, agent_account_id=sessions.c.account_id),
)
# Beside the one who acts for themselves, who stays: what END_TO_ACT asks, and nothing ends.
BESIDE = Statement(
    select(sessions).where(
        sessions.c.id == _id,
        sessions.c.ended_at.is_(None),
        mandate_in_force(_mandate, sessions, agent_account_id=sessions.c.account_id),
    )
)
JOINED = Statement(
    select(participants)
    .where(participants.c.session_id == bindparam("the_id"))
    .order_by(participants.c.joined_at)
)
JOINED_ENDED = Statement(
    select(participants)
    .select_from(participants.join(sessions, sessions.c.id == participants.c.session_id))
    .where(sessions.c.account_id == _account, sessions.c.ended_at == bindparam("now", type_=Instant()))
)


class EndingStore:
    """One statement per method; each session that ended is returned to the one caller that ended it."""

    def end(self, session_id: str, now: float) -> Transaction[StoredSession | None]:
        """End a session; it, for the one caller that ended it."""
        return first_as(stored_session_of, (yield END(the_id=session_id, now=now)))

    def end_own(self, account_id: str, session_id: str, now: float) -> Transaction[StoredSession | None]:
        """End a session if it is the account's."""
        return first_as(
            stored_session_of, (yield END_OWN(the_id=session_id, the_account=account_id, now=now))
        )

    def end_of_account(
        self, account_id: str, kept: str | None, now: float
    ) -> Transaction[list[StoredSession]]:
        """End MOST_AT_ONCE of the sessions of an account, but for one; these."""
        call = END_OF_ACCOUNT(the_account=account_id, the_kept=kept or "", now=now)
        return [stored_session_of(row) for row in (yield call)]

    def end_rest_of_account(
        self, account_id: str, kept: str | None, farewell: str, now: float
    ) -> Transaction[int]:
        """End all sessions of an account, but for one; how many. `farewell` is kept for whoever tells the systems."""
        call = END_REST_OF_ACCOUNT(
            the_account=account_id, the_kept=kept or "", the_farewell=farewell, now=now
        )
        return len((yield call))

    def end_oldest(self, account_id: str, now: float) -> Transaction[list[StoredSession]]:
        """End what an account has beyond MOST_OPEN sessions, the longest unused first; these."""
        return [stored_session_of(row) for row in (yield END_OLDEST(the_account=account_id, now=now))]

    def untold(self) -> Transaction[list[UntoldSession]]:
        """Some sessions that ended without a word to their systems yet."""
        return [UntoldSession(row["id"], SessionEnd.from_json(row["farewell"])) for row in (yield UNTOLD())]

    def tell(self, session_id: str) -> Transaction[StoredSession | None]:
        """Take the farewell of a session; the session for the one caller that took it."""
        return first_as(stored_session_of, (yield TELL(the_id=session_id)))

    def joined_ended(self, account_id: str, now: float) -> Transaction[dict[str, list[str]]]:
        """The systems that took part in the sessions of an account that ended at this instant, by session."""
        systems: dict[str, list[str]] = {}
        for row in (yield JOINED_ENDED(the_account=account_id, now=now)):
            systems.setdefault(row["session_id"], []).append(row["client_id"])
        return systems

    def end_of_mandate(self, mandate_id: str, now: float) -> Transaction[list[StoredSession]]:
        """End the sessions that live on a mandate or on what was passed on from it; these."""
        return [stored_session_of(row) for row in (yield END_OF_MANDATE(the_mandate=mandate_id, now=now))]

    def end_to_act(self, session_id: str, mandate_id: str, now: float) -> Transaction[StoredSession | None]:
        """End a session in favour of one that acts by a mandate; None when that is not to be had."""
        return first_as(
            stored_session_of, (yield END_TO_ACT(the_id=session_id, the_mandate=mandate_id, now=now))
        )

    def beside(self, session_id: str, mandate_id: str, now: float) -> Transaction[StoredSession | None]:
        """An open session whose account holds a mandate in force; None otherwise."""
        return first_as(stored_session_of, (yield BESIDE(the_id=session_id, the_mandate=mandate_id, now=now)))

    def joined(self, session_id: str) -> Transaction[list[Participant]]:
        """The systems that take part, in the order of joining."""
        return [Participant(row["client_id"], row["joined_at"]) for row in (yield JOINED(the_id=session_id))]
