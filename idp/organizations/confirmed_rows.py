"""The rows that come of what a registry vouched for."""

from typing import Any

from idp.organizations.model import LegalPersonState, MandateState, Relation, Role, Scope, stored
from idp.organizations.protocol import credit_code
from idp.organizations.registries.interface import Confirmed


def organization_row(organization_id: str, confirmed: Confirmed, now: float) -> dict[str, Any]:
    """A legal person, without representative."""
    return {
        "id": organization_id,
        "name": confirmed.name,
        "kind": credit_code.kind_of(confirmed.code),
        "unified_social_credit_code": confirmed.code,
        "state": LegalPersonState.ACTIVE.value,
        "representative_account_id": None,
        "represented_since": None,
        "method": method_of(confirmed),
        "evidence_reference": confirmed.evidence,
        "created_at": now,
        "updated_at": now,
    }


def mandate_row(
    mandate_id: str, now: float, organization_id: str, account_id: str, confirmed: Confirmed, scope: Scope
) -> dict[str, Any]:
    """An active mandate of an agent."""
    return {
        "id": mandate_id,
        "relation": Relation.AGENT.value,
        "principal_legal_person_id": organization_id,
        "agent_account_id": account_id,
        "role": Role.AGENT.value,
        "systems": stored(scope.systems),
        "items": stored(scope.items),
        "valid_from": now,
        "valid_until": scope.valid_until,
        "state": MandateState.ACTIVE.value,
        "granted_by": method_of(confirmed),
        "evidence_reference": confirmed.evidence,
        "created_at": now,
        "decided_at": now,
    }


def method_of(confirmed: Confirmed) -> str:
    """The registry, as a word."""
    return confirmed.evidence.partition(":")[0]
