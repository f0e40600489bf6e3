"""Changes of the mandates that identity platforms vouch for."""

from sqlalchemy import bindparam, literal, null, update
from sqlalchemy.types import Text

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.organizations.model import MandateState, Scope, stored
from idp.organizations.records import StoredMandate
from idp.organizations.store import mandate_of, mandates

UPSTREAM = "upstream"
"""The registry's word in `evidence`, which is upstream:PLATFORM:DIGEST, and who granted such a mandate."""

_c = mandates.c
_organization = bindparam("the_organization", type_=Text)
_now = bindparam("now", type_=Instant())
_is_vouched = (
    _c.principal_legal_person_id == _organization,
    _c.granted_by == literal(UPSTREAM, Text),
    _c.state == literal(MandateState.ACTIVE.value, Text),
)
RENEW = Statement(
    update(mandates)
    .where(*_is_vouched, _c.agent_account_id == bindparam("the_account", type_=Text))
    .values(
        valid_until=bindparam("new_end", type_=Instant()),
        items=bindparam("new_items", type_=Text),
        evidence_reference=bindparam("the_evidence", type_=Text),
    )
    .returning(mandates),
    lock_key="the_organization",
)
END = Statement(
    update(mandates)
    .where(*_is_vouched, _c.evidence_reference.like(bindparam("the_pattern", type_=Text)))
    .values(
        state=literal(MandateState.REVOKED.value, Text),
        ended_at=_now,
        end_reason=bindparam("reason", type_=Text),
        invitee_phone=null(),
    )
    .returning(mandates),
    lock_key="the_organization",
)


class VouchedStore:
    """One statement per method."""

    def renew(self, organization_id: str, account_id: str, scope: Scope, evidence: str) -> Transaction[bool]:
        """Let an agent's mandate count for as long, and as much, as a platform says now; False where there is none."""
        call = RENEW(
            the_organization=organization_id,
            the_account=account_id,
            new_end=scope.valid_until,
            new_items=stored(scope.items),
            the_evidence=evidence,
        )
        return bool((yield call))

    def end(
        self, organization_id: str, platform: str, reason: str, now: float
    ) -> Transaction[list[StoredMandate]]:
        """End the mandates of those whom a platform had named for an organisation; these."""
        call = END(
            the_organization=organization_id,
            the_pattern=f"{UPSTREAM}:{platform}:%",
            reason=reason,
            now=now,
        )
        return [mandate_of(row) for row in (yield call)]
