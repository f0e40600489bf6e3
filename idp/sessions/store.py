"""The tables of sessions and of the systems that joined them."""

from collections.abc import Sequence
from itertools import groupby

from sqlalchemy import (
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.model import AccountKind, AccountState
from idp.accounts.store import VERSION, accounts
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.organizations.model import Principal
from idp.sessions.liveness import mandate_lives
from idp.sessions.model import OpenSession, Session, SessionLifetimes, StoredSession

MOST_OPEN = 100
"""Sessions of one account at a time: the one that was used longest ago makes room."""
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
    Column("chosen_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("authenticated_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("farewell", Text),
)
_open = sessions.c.ended_at.is_(None)
_over = sessions.c.ended_at.is_not(None)
# What the sweepers look for, so that they need not read what lives or is over.
Index("ix_sessions_open_last_seen_at", sessions.c.last_seen_at, postgresql_where=_open, sqlite_where=_open)
Index("ix_sessions_open_created_at", sessions.c.created_at, postgresql_where=_open, sqlite_where=_open)
_acting = and_(_open, sessions.c.mandate_id.is_not(None))
Index("ix_sessions_open_acting", sessions.c.id, postgresql_where=_acting, sqlite_where=_acting)
Index("ix_sessions_ended_at", sessions.c.ended_at, postgresql_where=_over, sqlite_where=_over)

_untold = sessions.c.farewell.is_not(None)
Index("ix_sessions_farewell", sessions.c.id, postgresql_where=_untold, sqlite_where=_untold)

participants = Table(
    "participants",
    metadata,
    Column("session_id", Text, ForeignKey("sessions.id"), primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("joined_at", Instant, nullable=False),
)

_is_person = accounts.c.kind == literal(AccountKind.PERSON.value)
the_token = bindparam("the_token", type_=LargeBinary)
since_created = bindparam("since_created", type_=Instant())
since_seen = bindparam("since_seen", type_=Instant())


def alive_session() -> tuple[ColumnElement[bool], ...]:
    """The conditions of a live session of an active account, and of a mandate in force where it needs one."""
    return (
        _open,
        sessions.c.created_at > since_created,
        sessions.c.last_seen_at > since_seen,
        accounts.c.state == bindparam("active", type_=Text),
        mandate_lives(sessions),
        or_(
            _is_person, sessions.c.mandate_id.is_not(None)
        ),  # an organisation's login is never there for itself
    )


SESSION_COLUMNS = (
    sessions.c.id,
    sessions.c.account_id,
    sessions.c.amr,
    sessions.c.authenticated_at,
    sessions.c.last_seen_at,
    sessions.c.mandate_id,
    sessions.c.principal,
    sessions.c.chosen_at,
    accounts.c.name,
    accounts.c.username,
    accounts.c.real_name_level,
    accounts.c.certificate_index.is_not(None).label("certified"),
    accounts.c.kind,
    accounts.c.security_version,
)
# The account is still as it was when the proof was judged that a session is to rest on.
_as_proven = (accounts.c.state == literal(AccountState.ACTIVE.value), accounts.c.security_version == VERSION)

_joined = sessions.join(accounts, accounts.c.id == sessions.c.account_id)

_others = sessions.alias("others")
_open_beside = (
    select(func.count())
    .select_from(_others)
    .where(
        _others.c.account_id == bindparam("account_id", type_=Text),
        _others.c.ended_at.is_(None),
        _others.c.id != bindparam("id", type_=Text),
    )
    .scalar_subquery()
    .label("open_beside")
)
# Holds the account until the end of the transaction: of a login and a change of what protects the account at the same
# moment, either the login comes to nothing, or the change finds its session and ends it.
BEGIN = Statement(
    insert(sessions)
    .from_select(
        sessions.columns.keys(),
        select(*(bindparam(column.name, type_=column.type) for column in sessions.columns))
        .select_from(accounts)
        .where(accounts.c.id == bindparam("account_id", type_=Text), *_as_proven)
        .with_for_update(read=True),
    )
    .returning(_open_beside),
    lock_key="account_id",
)
HOLD = Statement(
    select(accounts.c.id)
    .where(accounts.c.id == bindparam("account_id", type_=Text), *_as_proven)
    .with_for_update(read=True),
    lock_key="account_id",
)
FIND = Statement(
    select(*SESSION_COLUMNS).select_from(_joined).where(sessions.c.token_hash == the_token, *alive_session())
)
TOUCH = Statement(
    update(sessions).where(sessions.c.id == bindparam("the_id")).values(last_seen_at=bindparam("now")),
    lock_key="the_id",
)
RENEW = Statement(
    update(sessions)
    .where(
        sessions.c.id == bindparam("the_id"),
        _open,
        exists(select(accounts.c.id).where(accounts.c.id == sessions.c.account_id, *_as_proven)),
    )
    .values(
        token_hash=bindparam("new_hash"),
        amr=bindparam("amr"),
        authenticated_at=bindparam("authenticated_at"),
        last_seen_at=bindparam("now"),
    )
    .returning(sessions.c.id),
    lock_key="the_id",
)
CHOSEN = Statement(
    update(sessions).where(sessions.c.id == bindparam("the_id"), _open).values(chosen_at=bindparam("now")),
    lock_key="the_id",
)
_account = bindparam("the_account", type_=Text)
JOIN = Statement(
    insert(participants).on_conflict_do_nothing(index_elements=["session_id", "client_id"]),
    lock_key="session_id",
)

LIVE_OF_ACCOUNT = Statement(
    select(sessions, participants.c.client_id, participants.c.joined_at)
    .select_from(_joined.outerjoin(participants, participants.c.session_id == sessions.c.id))
    .where(
        sessions.c.id.in_(
            select(sessions.c.id)
            .where(sessions.c.account_id == _account, _open)
            .order_by(sessions.c.last_seen_at.desc())
            .limit(literal_column(str(MOST_OPEN), Integer))
            .scalar_subquery()
        ),
        *alive_session(),
    )
    .order_by(sessions.c.last_seen_at.desc(), sessions.c.id, participants.c.joined_at)
)


def limits(lifetimes: SessionLifetimes, now: float) -> dict[str, object]:
    """The parameters of `alive_session`."""
    return {
        "since_created": now - lifetimes.absolute,
        "since_seen": now - lifetimes.idle,
        "now": now,
        "active": AccountState.ACTIVE.value,
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
        mandate_id=row["mandate_id"],
        principal=principal_of(row),
        chosen_at=row["chosen_at"],
        certified=bool(row["certified"]),
        security_version=row["security_version"],
        kind=AccountKind(row["kind"]),
    )


def principal_of(row: Row) -> Principal | None:
    """For whom the person of a session or grant acts."""
    return None if row["principal"] is None else Principal.from_json(row["principal"])


def stored_session_of(row: Row) -> StoredSession:
    """The session of a row with all columns of `sessions`."""
    return StoredSession(
        id=row["id"],
        token_hash=row["token_hash"],
        account_id=row["account_id"],
        amr=tuple(row["amr"].split()),
        address=row["address"],
        user_agent=row["user_agent"],
        device_id=row["device_id"],
        mandate_id=row["mandate_id"],
        principal=principal_of(row),
        chosen_at=row["chosen_at"],
        created_at=row["created_at"],
        authenticated_at=row["authenticated_at"],
        last_seen_at=row["last_seen_at"],
        ended_at=row["ended_at"],
    )


class SessionStore:
    """One statement per method; `token_hash` is the keyed hash of the cookie's value."""

    def __init__(self, lifetimes: SessionLifetimes) -> None:
        self._lifetimes = lifetimes

    def begin(self, session: StoredSession, proven: int) -> Transaction[int | None]:
        """Add an open session; how many its account has with it.

        None where the account is not as it was proved to be (`security_version`).
        """
        begun = yield BEGIN(
            id=session.id,
            token_hash=session.token_hash,
            account_id=session.account_id,
            amr=" ".join(session.amr),
            address=session.address,
            user_agent=session.user_agent,
            device_id=session.device_id,
            mandate_id=session.mandate_id,
            principal=None if session.principal is None else session.principal.to_json(),
            chosen_at=session.chosen_at,
            created_at=session.created_at,
            authenticated_at=session.authenticated_at,
            last_seen_at=session.last_seen_at,
            ended_at=None,
            farewell=None,
            proven=proven,
        )
        return begun[0]["open_beside"] + 1 if begun else None

    def hold(self, account_id: str, proven: int) -> Transaction[bool]:
        """Keep an account as it is until the end of the transaction; False where it is not as it was."""
        return bool((yield HOLD(account_id=account_id, proven=proven)))

    def find(self, token_hash: bytes, now: float) -> Transaction[Session | None]:
        """The live session of a cookie."""
        row = first((yield FIND(the_token=token_hash, **limits(self._lifetimes, now))))
        return None if row is None else session_of(row)

    def touch(self, session_id: str, now: float) -> Transaction[None]:
        """Note a sign of life."""
        yield TOUCH(the_id=session_id, now=now)

    def renew(
        self, session_id: str, proven: int, token_hash: bytes, amr: tuple[str, ...], at: tuple[float, float]
    ) -> Transaction[bool]:
        """Give a live session a new cookie and a stronger login; `at` is when that was, and now.

        False when it has ended meanwhile, or its account is not as it was proved to be (`security_version`).
        """
        authenticated_at, now = at
        renewed = yield RENEW(
            the_id=session_id,
            proven=proven,
            new_hash=token_hash,
            amr=" ".join(amr),
            authenticated_at=authenticated_at,
            now=now,
        )
        return bool(renewed)

    def chosen(self, session_id: str, now: float) -> Transaction[None]:
        """Note that the person stays with whom the session acts for."""
        yield CHOSEN(the_id=session_id, now=now)

    def of_account(self, account_id: str, now: float) -> Transaction[list[OpenSession]]:
        """The live sessions of an account, the last used first."""
        rows = yield LIVE_OF_ACCOUNT(the_account=account_id, **limits(self._lifetimes, now))
        return [_open_session(list(group)) for _, group in groupby(rows, lambda row: str(row["id"]))]

    def join(self, session_id: str, client_id: str, now: float) -> Call:
        """The call that notes that a client takes part in a session, once."""
        return JOIN(session_id=session_id, client_id=client_id, joined_at=now)


def _open_session(rows: Sequence[Row]) -> OpenSession:
    row = rows[0]
    return OpenSession(
        id=row["id"],
        address=row["address"] or "",
        user_agent=row["user_agent"] or "",
        device_id=row["device_id"],
        created_at=row["created_at"],
        authenticated_at=row["authenticated_at"],
        last_seen_at=row["last_seen_at"],
        amr=tuple(row["amr"].split()),
        principal=principal_of(row),
        systems=tuple(
            (each["client_id"], each["joined_at"]) for each in rows if each["client_id"] is not None
        ),
    )
