"""What becomes of grants and consents when the account they belong to changes its fate."""

from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.types import Text

from idp.accounts.belongings import Belongings
from idp.accounts.control import ProvenControl
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.sources import Sources
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


class GrantBelongings(Belongings):
    """The part of the oauth room. A closed account's grants are dead by themselves; here they end for good."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """See `Belongings.end`."""
        yield REVOKE_GRANTS(the_account=account_id, now=self._sources.now())
        yield FORGET_CONSENTS(the_account=account_id)

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """See `Belongings.secure`."""
        rows = yield REVOKE_GRANTS(the_account=account_id, now=self._sources.now())
        return {"grants": len(rows)}

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """What systems may do offline by another's word ends too."""
        call = REVOKE_OTHERS(the_account=account_id, the_session=shown.session_id, now=self._sources.now())
        return {"grants": len((yield call))}

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """A consent that both gave stays as the account that remains gave it."""
        rows = yield MOVE_CONSENTS(the_account=account_id, the_other=into)
        return {"consents": [[row["client_id"], row["scope"], row["granted_at"]] for row in rows]}

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """One that was withdrawn since stays withdrawn: that was the person's own decision."""
        for client_id, scope, instant in moved["consents"]:
            yield RETURN_CONSENT(
                the_account=account_id,
                the_other=into,
                the_client=client_id,
                the_scope=scope,
                the_instant=instant,
            )
