"""The one statement that reads where a person stands toward a client, and the table of consents."""

from sqlalchemy import Column, ForeignKey, Table, Text, and_, bindparam, exists, select
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.authenticator_store import RECOVERY_CODE
from idp.accounts.store import accounts, authenticators
from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.sessions.model import SessionLifetimes
from idp.sessions.store import (
    SESSION_COLUMNS,
    alive_session,
    limits,
    participants,
    session_of,
    sessions,
)
from idp.sign_on.model import SignOnState

consents = Table(
    "consents",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("client_id", Text, ForeignKey("clients.client_id"), primary_key=True),
    Column("scope", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
)

SIGN_ON = Statement(
    select(
        *SESSION_COLUMNS,
        consents.c.scope.label("consented_scope"),
        participants.c.joined_at,
        exists(
            select(authenticators.c.id).where(
                authenticators.c.account_id == accounts.c.id,
                authenticators.c.kind != RECOVERY_CODE,  # they stand in for a second factor, they are none
            )
        )
        .correlate(accounts)
        .label("second_factor"),
    )
    .select_from(
        sessions.join(accounts, accounts.c.id == sessions.c.account_id)
        .outerjoin(
            consents,
            and_(
                consents.c.account_id == sessions.c.account_id,
                consents.c.client_id == bindparam("the_client"),
            ),
        )
        .outerjoin(
            participants,
            and_(
                participants.c.session_id == sessions.c.id,
                participants.c.client_id == bindparam("the_client"),
            ),
        )
    )
    .where(sessions.c.token_hash == bindparam("the_token"), *alive_session())
)
CONSENT = Statement(
    insert(consents).on_conflict_do_update(
        index_elements=["account_id", "client_id"],
        set_={"scope": insert(consents).excluded.scope, "granted_at": insert(consents).excluded.granted_at},
    ),
    lock_key="account_id",
)


class SignOnStore:
    """One statement per method."""

    def __init__(self, session_lifetimes: SessionLifetimes) -> None:
        self._lifetimes = session_lifetimes

    def state(self, token_hash: bytes, client_id: str, now: float) -> Transaction[SignOnState | None]:
        """The live session of a cookie, with its account's consent to a client and whether that client joined."""
        parameters = {"the_token": token_hash, "the_client": client_id}
        return _state_of(first((yield SIGN_ON(**parameters, **limits(self._lifetimes, now)))))

    def consent(self, account_id: str, client_id: str, scope: str, now: float) -> Call:
        """The call that notes what a person agreed to give a client."""
        return CONSENT(account_id=account_id, client_id=client_id, scope=scope, granted_at=now)


def _state_of(row: Row | None) -> SignOnState | None:
    if row is None:
        return None
    return SignOnState(
        session=session_of(row),
        consented=frozenset((row["consented_scope"] or "").split()),
        joined=row["joined_at"] is not None,
        second_factor=bool(row["second_factor"]),
    )
