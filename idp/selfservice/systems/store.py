"""What an account has with the systems it uses: consents, grants and shared logins, and how they are withdrawn."""

from sqlalchemy import Integer, Text, and_, bindparam, case, delete, func, literal_column, select, update

from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.oauth.store import grants
from idp.selfservice.export.model import KeptConsent, LeftSession, SystemUse
from idp.sessions.store import participants, principal_of, sessions
from idp.sign_on.store import consents

_account = bindparam("the_account", type_=Text)
_client = bindparam("the_client", type_=Text)
_now = bindparam("now", type_=Instant())
_open = and_(grants.c.revoked_at.is_(None), grants.c.expires_at > _now)
_yes, _no = literal_column("1", Integer), literal_column("0", Integer)

CONSENTS = Statement(select(consents).where(consents.c.account_id == _account))
GRANTS = Statement(
    select(
        grants.c.client_id,
        grants.c.scope,
        func.min(grants.c.created_at).label("first_at"),
        func.max(grants.c.rotated_at).label("last_at"),
        func.max(case((_open, _yes), else_=_no)).label("is_open"),
    )
    .where(grants.c.account_id == _account)
    .group_by(grants.c.client_id, grants.c.scope)
)
VISITS = Statement(
    select(
        participants.c.client_id,
        literal_column("''", Text).label("scope"),
        func.min(participants.c.joined_at).label("first_at"),
        func.max(participants.c.joined_at).label("last_at"),
        func.max(case((sessions.c.ended_at.is_(None), _yes), else_=_no)).label("is_open"),
    )
    .select_from(participants.join(sessions, sessions.c.id == participants.c.session_id))
    .where(sessions.c.account_id == _account)
    .group_by(participants.c.client_id)
)
WITHDRAW = Statement(
    delete(consents)
    .where(consents.c.account_id == _account, consents.c.client_id == _client)
    .returning(consents.c.scope),
    lock_key="the_account",
)
REVOKE = Statement(
    update(grants)
    .where(grants.c.account_id == _account, grants.c.client_id == _client, grants.c.revoked_at.is_(None))
    .values(revoked_at=_now)
    .returning(grants.c.id),
    lock_key="the_account",
)
REVOKE_OFFLINE = Statement(
    update(grants)
    .where(grants.c.account_id == _account, grants.c.offline == _yes, grants.c.revoked_at.is_(None))
    .values(revoked_at=_now)
    .returning(grants.c.client_id),
    lock_key="the_account",
)
JOINED = Statement(
    select(sessions.c.id, sessions.c.principal)
    .select_from(participants.join(sessions, sessions.c.id == participants.c.session_id))
    .where(
        sessions.c.account_id == _account,
        sessions.c.ended_at.is_(None),
        participants.c.client_id == _client,
    )
)
# Whoever is no participant any more cannot redeem a code that is still under way either (oauth.store.ADD_GRANT).
LEAVE = Statement(
    delete(participants)
    .where(
        participants.c.client_id == _client,
        participants.c.session_id.in_(
            select(sessions.c.id).where(sessions.c.account_id == _account, sessions.c.ended_at.is_(None))
        ),
    )
    .returning(participants.c.session_id),
    lock_key="the_account",
)


class SystemStore:
    """One statement per method."""

    def consents(self, account_id: str) -> Transaction[list[KeptConsent]]:
        """What the person agreed to give."""
        rows = yield CONSENTS(the_account=account_id)
        return [KeptConsent(row["client_id"], tuple(row["scope"].split()), row["granted_at"]) for row in rows]

    def grants(self, account_id: str, now: float) -> Transaction[list[SystemUse]]:
        """What was given, by system and scope: since when, until when, and whether it still counts."""
        return [_use_of(row) for row in (yield GRANTS(the_account=account_id, now=now))]

    def visits(self, account_id: str) -> Transaction[list[SystemUse]]:
        """Which systems were entered, when, and whether that login is still open."""
        return [_use_of(row) for row in (yield VISITS(the_account=account_id))]

    def withdraw(self, account_id: str, client_id: str) -> Transaction[bool]:
        """Remove a consent; True for the one caller that removed it."""
        return bool((yield WITHDRAW(the_account=account_id, the_client=client_id)))

    def revoke(self, account_id: str, client_id: str, now: float) -> Transaction[int]:
        """Revoke all that was granted to a system; how many grants there were."""
        return len((yield REVOKE(the_account=account_id, the_client=client_id, now=now)))

    def revoke_offline(self, account_id: str, now: float) -> Transaction[list[str]]:
        """Revoke what systems may do without a login; the system of each grant."""
        return [row["client_id"] for row in (yield REVOKE_OFFLINE(the_account=account_id, now=now))]

    def leave(self, account_id: str, client_id: str) -> Transaction[list[LeftSession]]:
        """Take a system out of all open sessions of an account; those it was in."""
        joined = yield JOINED(the_account=account_id, the_client=client_id)
        left = {row["session_id"] for row in (yield LEAVE(the_account=account_id, the_client=client_id))}
        return [LeftSession(row["id"], principal_of(row)) for row in joined if row["id"] in left]


def _use_of(row: Row) -> SystemUse:
    return SystemUse(
        client_id=row["client_id"],
        scopes=tuple(row["scope"].split()),
        first_at=row["first_at"],
        last_at=row["last_at"],
        is_open=bool(row["is_open"]),
    )
