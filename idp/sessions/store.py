"""The tables of sessions and of the systems that joined them."""

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.model import State
from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.sessions.model import Lifetimes, Session

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("amr", Text, nullable=False),
    Column("address", Text),
    Column("user_agent", Text),
    Column("device_id", Text),
    Column("mandate_id", Text, ForeignKey("mandates.id"), index=True),
    Column("principal", Text),
    Column("created_at", Instant, nullable=False),
    Column("authenticated_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

participants = Table(
    "participants",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("joined_at", Instant, nullable=False),
)

the_token = bindparam("the_token", type_=LargeBinary)
since_created = bindparam("since_created", type_=Instant())
since_seen = bindparam("since_seen", type_=Instant())


def alive_session() -> tuple[ColumnElement[bool], ...]:
    """The conditions of a live session of an active account."""
    return (
        sessions.c.ended_at.is_(None),
        sessions.c.created_at > since_created,
        sessions.c.last_seen_at > since_seen,
        accounts.c.state == bindparam("active", type_=Text),
    )


SESSION_COLUMNS = (
    sessions.c.id,
    sessions.c.account_id,
    sessions.c.amr,
    sessions.c.authenticated_at,
    sessions.c.last_seen_at,
    accounts.c.name,
    accounts.c.username,
    accounts.c.real_name_level,
)

_joined = sessions.join(accounts, accounts.c.id == sessions.c.account_id)

BEGIN = Statement(insert(sessions))
FIND = Statement(
    select(*SESSION_COLUMNS).select_from(_joined).where(sessions.c.token_hash == the_token, *alive_session())
)
TOUCH = Statement(
    update(sessions).where(sessions.c.id == bindparam("the_id")).values(last_seen_at=bindparam("now")),
    lock_key="the_id",
)
RENEW = Statement(
    update(sessions)
    .where(and_(sessions.c.id == bindparam("the_id"), sessions.c.ended_at.is_(None)))
    .values(
        token_hash=bindparam("new_hash"),
        amr=bindparam("amr"),
        authenticated_at=bindparam("now"),
        last_seen_at=bindparam("now"),
    )
    .returning(sessions.c.id),
    lock_key="the_id",
)
END = Statement(
    update(sessions)
    .where(sessions.c.id == bindparam("the_id"), sessions.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"))
    .returning(sessions.c.account_id),
    lock_key="the_id",
)
JOIN = Statement(
    insert(participants).on_conflict_do_nothing(index_elements=["session_id", "client_id"]),
    lock_key="session_id",
)
JOINED = Statement(
    select(participants)
    .where(participants.c.session_id == bindparam("the_id"))
    .order_by(participants.c.joined_at)
)


def limits(lifetimes: Lifetimes, now: float) -> dict[str, object]:
    """The parameters of `alive_session`."""
    return {
        "since_created": now - lifetimes.absolute,
        "since_seen": now - lifetimes.idle,
        "active": State.ACTIVE.value,
    }


def session_of(row: Row) -> Session:
    """The session of a row with SESSION_COLUMNS."""
    return Session(
        id=row["id"],
        account_id=row["account_id"],
        name=row["name"],
        username=row["username"],
        real_name_level=row["real_name_level"],
        authenticated_at=row["authenticated_at"],
        last_seen_at=row["last_seen_at"],
        amr=tuple(row["amr"].split()),
    )


class SessionStore:
    """One statement per method; `token_hash` is the keyed hash of the cookie's value."""

    def __init__(self, lifetimes: Lifetimes) -> None:
        self._lifetimes = lifetimes

    def begin(self, row: dict[str, object]) -> Transaction[None]:
        """Insert a session row."""
        yield BEGIN(**row)

    def find(self, token_hash: bytes, now: float) -> Transaction[Session | None]:
        """The live session of a cookie."""
        row = first((yield FIND(the_token=token_hash, **limits(self._lifetimes, now))))
        return None if row is None else session_of(row)

    def touch(self, session_id: str, now: float) -> Transaction[None]:
        """Note a sign of life."""
        yield TOUCH(the_id=session_id, now=now)

    def renew(
        self, session_id: str, token_hash: bytes, amr: tuple[str, ...], now: float
    ) -> Transaction[bool]:
        """Give a live session a new cookie and a newer, stronger login; False when it has ended meanwhile."""
        return bool((yield RENEW(the_id=session_id, new_hash=token_hash, amr=" ".join(amr), now=now)))

    def end(self, session_id: str, now: float) -> Transaction[str | None]:
        """End a session; its account for the one caller that ended it."""
        row = first((yield END(the_id=session_id, now=now)))
        return None if row is None else row["account_id"]

    def join(self, session_id: str, client_id: str, now: float) -> Call:
        """The call that notes that a client takes part in a session, once."""
        return JOIN(session_id=session_id, client_id=client_id, joined_at=now)

    def joined(self, session_id: str) -> Transaction[list[Row]]:
        """Who takes part, in the order of joining."""
        return list((yield JOINED(the_id=session_id)))
