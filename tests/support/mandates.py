"""Companies and mandates put straight into the tables, for tests of what lives on them."""

from itertools import count

from sqlalchemy import bindparam, insert, update

from idp.infrastructure.database import Statement
from idp.infrastructure.database.interface import fetch
from idp.organizations.model import LEGAL_PERSON, PERSON, Principal
from idp.organizations.store import legal_persons, mandates
from tests.support.inprocess import Provider

COMPANY = "湛河示例科技有限公司"
CODE = "91410411MA0000007X"
_ADD_COMPANY = Statement(insert(legal_persons))
_ADD_MANDATE = Statement(insert(mandates))
_SET_STATE = Statement(
    update(mandates)
    .where(mandates.c.id == bindparam("the_id"))
    .values(state=bindparam("new_state"))
    .returning(mandates.c.id)
)
_numbers = count(1)


async def company(house: Provider, representative: str, name: str = COMPANY) -> str:
    """A legal person; its id."""
    now, number = house.clock.now, next(_numbers)
    company_id = f"company-{number}"
    call = _ADD_COMPANY(
        id=company_id,
        name=name,
        kind="2",
        unified_social_credit_code=f"{CODE}{number}",
        state="active",
        representative_account_id=representative,
        represented_since=now,
        method="test",
        evidence_reference="test",
        created_at=now,
        updated_at=now,
    )
    await house.worker.base.database.add(call)
    return company_id


async def mandate(house: Provider, agent: str | None, **changes: object) -> Principal:
    """An active mandate of an account, for `company` or for `person`; the principal that it makes."""
    now, mandate_id = house.clock.now, f"mandate-{next(_numbers)}"
    company_id, person_id = changes.pop("company", None), changes.pop("person", None)
    row: dict[str, object] = {
        "id": mandate_id,
        "relation": "agent",
        "principal_legal_person_id": company_id,
        "principal_account_id": person_id,
        "agent_legal_person_id": None,
        "agent_account_id": agent,
        "parent_mandate_id": None,
        "invitee_name": None,
        "invitee_phone": None,
        "invitee_phone_index": None,
        "role": "agent",
        "systems": "",
        "items": "",
        "valid_from": now - 60,
        "valid_until": None,
        "state": "active",
        "granted_by": "test",
        "evidence_reference": "test",
        "created_at": now,
        "decided_at": now,
        "ended_at": None,
        "end_reason": None,
        "suspended_by_rank": None,
        **changes,
    }
    await house.worker.base.database.add(_ADD_MANDATE(**row))
    valid_until = row["valid_until"]
    return Principal(
        LEGAL_PERSON if company_id else PERSON,
        str(company_id or person_id),
        COMPANY,
        CODE if company_id else None,
        str(row["relation"]),
        mandate_id,
        tuple(str(row["systems"]).split()),
        tuple(str(row["items"]).split()),
        valid_until if isinstance(valid_until, float) else None,
    )


async def revoke(house: Provider, principal: Principal, state: str = "revoked") -> None:
    """Change the mandate's state and nothing else: what lives on it must notice by itself."""
    await house.worker.base.database.write(fetch(_SET_STATE(the_id=principal.mandate_id, new_state=state)))
