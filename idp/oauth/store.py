"""The tables of grants, consents and revoked tokens; single use is always one statement."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.model import AccountKind, AccountState
from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first, first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.sweeping import delete_some
from idp.oauth.grant_store import columns, grant_of, revoked_of
from idp.oauth.model import Grant, RevokedGrant, TokenHolder
from idp.oauth.refresh_tokens import RefreshToken
from idp.relying_parties.model import Client
from idp.sessions.liveness import mandate_lives
from idp.sessions.model import SessionLifetimes
from idp.sessions.store import participants, sessions

grants = Table(
    "grants",
    metadata,
    Column("id", Text, primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), nullable=False, index=True),
    Column("account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("session_id", Text, ForeignKey("sessions.id"), index=True),
    Column("mandate_id", Text, ForeignKey("mandates.id"), index=True),
    Column("principal", Text),
    Column("scope", Text, nullable=False),
    Column("offline", Integer, nullable=False),
    Column("amr", Text, nullable=False),
    Column("level", Integer, nullable=False),
    Column("authenticated_at", Instant, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("rotated_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)
# What a replay leaves where the code's grant never came to be.
_tombstones = grants.c.session_id.is_(None)
Index("ix_grants_tombstones", grants.c.revoked_at, postgresql_where=_tombstones, sqlite_where=_tombstones)

revoked_tokens = Table(
    "revoked_tokens",
    metadata,
    Column("jti", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
)

_id = bindparam("the_id", type_=Text)
_now = bindparam("now", type_=Instant())
_one = literal_column("1", Integer)
_jti = bindparam("the_jti", type_=Text)

# A grant lives on its session unless it is offline, and on its account and its mandate always.
_session_lives = exists(
    select(sessions.c.id)
    .where(
        sessions.c.id == grants.c.session_id,
        sessions.c.ended_at.is_(None),
        sessions.c.created_at > bindparam("since_created", type_=Instant()),
    )
    .correlate(grants)
)
_account_lives = exists(
    select(accounts.c.id)
    .where(accounts.c.id == grants.c.account_id, accounts.c.state == bindparam("active", type_=Text))
    .correlate(grants)
)
_grant_lives = and_(
    grants.c.revoked_at.is_(None),
    grants.c.expires_at > _now,
    or_(grants.c.offline == _one, _session_lives),
    _account_lives,
    mandate_lives(grants),
)

# Levels are judged at each use, as mandates are: what was proved once may have been taken back since.
_account_level = (
    select(accounts.c.real_name_level)
    .where(accounts.c.id == grants.c.account_id)
    .correlate(grants)
    .scalar_subquery()
    .label("account_level")
)
_minimum = bindparam("minimum_level", type_=Integer)
_level_suffices = and_(
    grants.c.level >= _minimum,
    exists(
        select(accounts.c.id)
        .where(accounts.c.id == grants.c.account_id, accounts.c.real_name_level >= _minimum)
        .correlate(grants)
    ),
)

# Whoever logged out, was frozen, lost the mandate or put the client out since the code was issued must not be let in;
# and a grant is added only once.
ADD_GRANT = Statement(
    insert(grants)
    .from_select(
        list(grants.c.keys()),
        select(*(bindparam(column.name, type_=column.type) for column in grants.c)).where(
            exists(
                select(sessions.c.id)
                .select_from(
                    sessions.join(accounts, accounts.c.id == sessions.c.account_id).join(
                        participants, participants.c.session_id == sessions.c.id
                    )
                )
                .where(
                    sessions.c.id == bindparam("session_id", type_=Text),
                    participants.c.client_id == bindparam("client_id", type_=Text),
                    sessions.c.ended_at.is_(None),
                    accounts.c.state == bindparam("active", type_=Text),
                    accounts.c.real_name_level >= bindparam("minimum_level", type_=Integer),
                    mandate_lives(sessions),
                )
            )
        ),
    )
    .on_conflict_do_nothing(index_elements=["id"])
    .returning(
        grants,
        select(accounts.c.real_name_level)
        .where(accounts.c.id == bindparam("account_id", type_=Text))
        .scalar_subquery()
        .label("account_level"),
    ),
    lock_key="id",
)
TOMBSTONE = Statement(
    insert(grants)
    .on_conflict_do_update(
        index_elements=["id"],
        set_={"revoked_at": insert(grants).excluded.revoked_at},
        where=grants.c.revoked_at.is_(None),
    )
    .returning(grants.c.id),
    lock_key="id",
)
ROTATE = Statement(
    update(grants)
    .where(
        grants.c.id == _id,
        grants.c.client_id == bindparam("the_client"),
        grants.c.generation == bindparam("the_generation", type_=Integer),
        grants.c.rotated_at > bindparam("since_rotated", type_=Instant()),
        _grant_lives,
        _level_suffices,
    )
    .values(generation=grants.c.generation + _one, rotated_at=_now)
    .returning(grants, _account_level),
    lock_key="the_id",
)
GRANT = Statement(select(grants, _account_level, _grant_lives.label("lives")).where(grants.c.id == _id))
REVOKE = Statement(
    update(grants)
    .where(grants.c.id == _id, grants.c.revoked_at.is_(None))
    .values(revoked_at=_now)
    .returning(grants.c.client_id, grants.c.account_id, grants.c.session_id, grants.c.principal),
    lock_key="the_id",
)
REVOKE_TOKEN = Statement(
    insert(revoked_tokens).on_conflict_do_nothing(index_elements=["jti"]).returning(revoked_tokens.c.jti),
    lock_key="jti",
)
SWEEP_TOKENS = delete_some(
    revoked_tokens, revoked_tokens.c.expires_at <= _now, oldest=revoked_tokens.c.expires_at
)
TOKEN_REVOKED = Statement(select(revoked_tokens.c.jti).where(revoked_tokens.c.jti == _jti))
TOKEN_STATE = Statement(
    select(
        accounts.c.id,
        accounts.c.username,
        accounts.c.name,
        accounts.c.kind,
        accounts.c.certificate_type,
        accounts.c.certificate_number,
        accounts.c.phone,
        accounts.c.phone_verified_at,
        accounts.c.email,
        accounts.c.address,
        accounts.c.real_name_level,
        accounts.c.language,
        accounts.c.security_version,
        accounts.c.updated_at,
        grants.c.amr,
        grants.c.level,
    )
    .select_from(grants.join(accounts, accounts.c.id == grants.c.account_id))
    .where(
        grants.c.id == _id,
        _grant_lives,
        ~exists(select(revoked_tokens.c.jti).where(revoked_tokens.c.jti == _jti)),
    )
)


def _holder_of(row: Row) -> TokenHolder:
    return TokenHolder(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        kind=AccountKind(row["kind"]),
        certificate_type=row["certificate_type"],
        certificate_number=row["certificate_number"],
        phone=row["phone"],
        phone_verified_at=row["phone_verified_at"],
        email=row["email"],
        address=row["address"],
        real_name_level=row["real_name_level"],
        language=row["language"],
        security_version=row["security_version"],
        updated_at=row["updated_at"],
        amr=tuple(row["amr"].split()),
        level_at_issue=row["level"],
    )


class OAuthStore:
    """One statement per method, or per call for the transactions of others."""

    def __init__(self, session_lifetimes: SessionLifetimes) -> None:
        self._sessions = session_lifetimes

    def add_grant(self, grant: Grant, minimum_level: int, now: float) -> Transaction[Grant | None]:
        """Add a grant; it, at the level that its account has now.

        None when its session or account has ended, the account fell below the client's level, or it is there already.
        """
        row = first(
            (
                yield ADD_GRANT(
                    **columns(grant, now),
                    revoked_at=None,
                    now=now,
                    active=AccountState.ACTIVE.value,
                    minimum_level=minimum_level,
                )
            )
        )
        return None if row is None else grant_of(row)

    def tombstone(self, grant: Grant, now: float) -> Transaction[bool]:
        """Revoke a grant whether or not it is there yet; True for the one caller that did it."""
        return bool((yield TOMBSTONE(**columns(grant, now), revoked_at=now)))

    def rotate(self, token: RefreshToken, client: Client, now: float, idle: int) -> Transaction[Grant | None]:
        """Move a live grant to its next generation: for the one caller that comes with the current one.

        None too where the account has fallen below the level that the client demands.
        """
        row = first(
            (
                yield ROTATE(
                    the_id=token.grant_id,
                    the_client=client.client_id,
                    the_generation=token.generation,
                    minimum_level=client.minimum_level,
                    since_rotated=now - idle,
                    **self._alive(now),
                )
            )
        )
        return None if row is None else grant_of(row)

    def grant(self, grant_id: str, now: float) -> Transaction[tuple[Grant, bool] | None]:
        """A grant and whether it lives."""
        row = first((yield GRANT(the_id=grant_id, **self._alive(now))))
        return None if row is None else (grant_of(row), bool(row["lives"]))

    def revoke(self, grant_id: str, now: float) -> Transaction[RevokedGrant | None]:
        """Revoke a grant; whose it was, for the one caller that did it."""
        return first_as(revoked_of, (yield REVOKE(the_id=grant_id, now=now)))

    def revoke_token(self, jti: str, expires_at: float) -> Transaction[bool]:
        """Put an access token on the list until it would have expired; True for the one caller that did it."""
        return bool((yield REVOKE_TOKEN(jti=jti, expires_at=expires_at)))

    def sweep(self, now: float) -> Transaction[int]:
        """Forget some revoked access tokens that have expired; how many."""
        return len((yield SWEEP_TOKENS(now=now)))

    def token_holder(self, grant_id: str, jti: str, now: float) -> Transaction[TokenHolder | None]:
        """Whose access token it is, if token, grant, session and account all live."""
        return first_as(_holder_of, (yield TOKEN_STATE(the_id=grant_id, the_jti=jti, **self._alive(now))))

    def token_revoked(self, jti: str) -> Transaction[bool]:
        """Whether an access token without a person behind it was revoked."""
        return bool((yield TOKEN_REVOKED(the_jti=jti)))

    def _alive(self, now: float) -> dict[str, object]:
        return {
            "now": now,
            "since_created": now - self._sessions.absolute,
            "active": AccountState.ACTIVE.value,
        }
