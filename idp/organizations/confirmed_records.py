"""The records that come of what a registry vouched for."""

from idp.organizations.model import LegalPersonKind, LegalPersonState, MandateState, Relation, Role, Scope
from idp.organizations.protocol import credit_code
from idp.organizations.records import LegalPerson, StoredMandate
from idp.organizations.registries.interface import Confirmed


def new_legal_person(organization_id: str, confirmed: Confirmed, now: float) -> LegalPerson:
    """A legal person, without representative."""
    return LegalPerson(
        id=organization_id,
        name=confirmed.name,
        kind=LegalPersonKind(credit_code.kind_of(confirmed.code)),
        unified_social_credit_code=confirmed.code,
        state=LegalPersonState.ACTIVE,
        method=method_of(confirmed),
        evidence_reference=confirmed.evidence,
        created_at=now,
        updated_at=now,
    )


def new_mandate(
    mandate_id: str, now: float, organization_id: str, account_id: str, confirmed: Confirmed, scope: Scope
) -> StoredMandate:
    """An active mandate of an agent."""
    return StoredMandate(
        id=mandate_id,
        relation=Relation.AGENT,
        role=Role.AGENT,
        state=MandateState.ACTIVE,
        granted_by=method_of(confirmed),
        evidence_reference=confirmed.evidence,
        valid_from=now,
        created_at=now,
        valid_until=scope.valid_until,
        systems=scope.systems,
        items=scope.items,
        principal_legal_person_id=organization_id,
        agent_account_id=account_id,
        decided_at=now,
    )


def method_of(confirmed: Confirmed) -> str:
    """The registry, as a word."""
    return confirmed.evidence.partition(":")[0]
