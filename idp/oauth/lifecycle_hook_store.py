"""The statements by which grants and consents follow the fate of the account they belong to."""

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.types import Text

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.oauth.store import grants
from idp.sign_on.store import consents

_account = bindparam("the_account", type_=Text)
_into = bindparam("the_other", type_=Text)
_client = bindparam("the_client", type_=Text)
_theirs = consents.alias("theirs")

REVOKE_GRANTS = Statement(
    update(grants)
    .where(grants.c.account_id == _account, grants.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now", type_=Instant()))
    .returning(grants.c.id),
    lock_key="the_account",
)
# What was granted in the session of the act was granted by whoever it is.
REVOKE_OTHERS = Statement(
    update(grants)
    .where(
        grants.c.account_id == _account,
        grants.c.revoked_at.is_(None),
        grants.c.session_id.is_distinct_from(bindparam("the_session", type_=Text)),
    )
    .values(revoked_at=bindparam("now", type_=Instant()))
    .returning(grants.c.id),
    lock_key="the_account",
)
FORGET_CONSENTS = Statement(delete(consents).where(consents.c.account_id == _account), lock_key="the_account")
MOVE_CONSENTS = Statement(
    update(consents)
    .where(
        consents.c.account_id == _account,
        consents.c.client_id.not_in(select(_theirs.c.client_id).where(_theirs.c.account_id == _into)),
    )
    .values(account_id=_into)
    .returning(consents.c.client_id, consents.c.scope, consents.c.granted_at),
    lock_key="the_account",
)
RETURN_CONSENT = Statement(
    update(consents)
    .where(consents.c.account_id == _into, consents.c.client_id == _client)
    .values(
        account_id=_account,
        scope=bindparam("the_scope", type_=Text),
        granted_at=bindparam("the_instant", type_=Instant()),
    ),
    lock_key="the_account",
)


class GrantLifecycleHookStore:
    """One statement per method."""

    def revoke_grants(self, account_id: str, now: float) -> Transaction[int]:
        """Revoke every grant of an account; how many."""
        return len((yield REVOKE_GRANTS(the_account=account_id, now=now)))

    def revoke_others(self, account_id: str, session_id: str | None, now: float) -> Transaction[int]:
        """Revoke every grant of an account but those of one session; how many."""
        return len((yield REVOKE_OTHERS(the_account=account_id, the_session=session_id, now=now)))

    def forget_consents(self, account_id: str) -> Call:
        """The call that forgets what an account agreed to."""
        return FORGET_CONSENTS(the_account=account_id)

    def move_consents(self, account_id: str, into: str) -> Transaction[list[tuple[str, str, float]]]:
        """Give consents to an account that has none for these clients: client id, scope and instant of each."""
        rows = yield MOVE_CONSENTS(the_account=account_id, the_other=into)
        return [(row["client_id"], row["scope"], row["granted_at"]) for row in rows]

    def return_consent(self, account_id: str, into: str, consent: tuple[str, str, float]) -> Call:
        """The call that returns one of these, where it was not withdrawn since."""
        client_id, scope, instant = consent
        return RETURN_CONSENT(
            the_account=account_id,
            the_other=into,
            the_client=client_id,
            the_scope=scope,
            the_instant=instant,
        )
