"""/me/mandates: who may act for whom."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path

from idp.organizations.inviting import Invitation
from idp.organizations.model import Scope
from idp.organizations.records import NamedMandate
from idp.selfservice.api import representation_models as models
from idp.selfservice.api.gate import Giver, Reader, Tools, Writer, strong
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import Problem, not_found
from idp.selfservice.representation.views import GIVING, last_instant

router = APIRouter(tags=["representation"])


@router.get("/mandates")
async def mandates(person: Reader, tools: Tools) -> models.Mandates:
    """What the person holds, has given, and may accept or decline."""
    account_id = person.account_id
    return models.Mandates(
        held=shown(await tools.mandates.of_agent(account_id)),
        given=shown(await tools.mandates.of_person(account_id)),
        invitations=shown(await tools.mandates.invitations(account_id)),
    )


@router.post("/mandates/{mandate_id}/decision", status_code=204)
async def decide(
    mandate_id: Annotated[str, Path(max_length=100)],
    decision: models.Decision,
    person: Writer,
    tools: Tools,
) -> None:
    """Accept, decline, suspend, resume, renew, revoke or resign."""
    if await tools.mandates.visible(person.account_id, mandate_id) is None:
        raise not_found("mandate")
    if decision.decision in GIVING:
        await strong(tools, person)
    change = getattr(tools.mandates, decision.decision)
    if not await change(person.account_id, mandate_id, person.caller.address):
        raise Problem(409, "refused", "the mandate is not in a state for that, or it is not yours to decide")


@router.post("/mandates/helpers", status_code=201)
async def invite_helper(helper: models.Helper, person: Giver, tools: Tools) -> models.Granted:
    """Ask a relative or friend to act for oneself."""
    asked = invitation(models.Agent(**helper.model_dump()))
    made = await tools.mandates.invite_helper(person.account_id, asked, person.caller.address)
    return models.Granted(mandate_id=made)


@router.post("/mandates/minors", status_code=201)
async def register_minor(minor: models.Minor, person: Writer, tools: Tools) -> models.Granted:
    """Open an account for a child, as its guardian."""
    made = await tools.guardians.register_minor(
        person.account_id,
        minor.name,
        minor.certificate_type,
        minor.certificate_number,
        person.caller.address,
    )
    return models.Granted(mandate_id=made)


def invitation(agent: models.Agent) -> Invitation:
    """What is asked for, in the words of the service; raises Refused."""
    until = last_instant(agent.valid_until.isoformat()) if agent.valid_until else None
    scope = Scope(agent.systems, agent.items, until)
    return Invitation(agent.name, agent.phone, agent.unified_social_credit_code, agent.role, scope)


def shown(found: Iterable[NamedMandate]) -> list[models.Mandate]:
    """Mandates as the interface says them."""
    return [
        models.Mandate(
            id=one.id,
            relation=one.relation,
            role=one.role,
            state=one.state,
            principal=one.principal_name,
            unified_social_credit_code=one.principal_code,
            agent=one.agent_name,
            systems=list(one.systems),
            items=list(one.items),
            valid_from=at(one.valid_from),
            valid_until=at_or_none(one.valid_until),
            created_at=at(one.created_at),
        )
        for one in found
    ]
