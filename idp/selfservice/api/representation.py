"""/me/mandates, /me/organizations: who may act for whom."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Path

from idp.infrastructure.database import Row
from idp.organizations.model import Refused, read
from idp.selfservice.api import models
from idp.selfservice.api.gate import Reader, Tools, Writer
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import Problem, not_found

router = APIRouter(tags=["representation"])


@router.get("/mandates")
async def mandates(person: Reader, tools: Tools) -> models.Mandates:
    """What the person holds, has given, and may accept or decline."""
    account_id = person.account_id
    return models.Mandates(
        held=_shown(await tools.mandates.of_agent(account_id)),
        given=_shown(await tools.mandates.of_person(account_id)),
        invitations=_shown(await tools.mandates.invitations(account_id)),
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
    change = getattr(tools.mandates, decision.decision)
    try:
        done = await change(person.account_id, mandate_id, person.caller.address)
    except Refused as error:
        raise Problem(409, "refused", error.reason.value) from error
    if not done:
        raise Problem(409, "refused", "the mandate is not in a state for that, or it is not yours to decide")


@router.get("/organizations")
async def organizations(person: Reader, tools: Tools) -> list[models.Organization]:
    """The legal persons that the person represents or acts for."""
    return [
        models.Organization(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            unified_social_credit_code=row["unified_social_credit_code"],
            state=row["state"],
            mandate_id=row["mandate_id"],
            relation=row["relation"],
            mandate_state=row["mandate_state"],
            in_force=bool(row["in_force"]),
        )
        for row in await tools.organizations.of_account(person.account_id)
    ]


def _shown(rows: Iterable[Row]) -> list[models.Mandate]:
    return [
        models.Mandate(
            id=row["id"],
            relation=row["relation"],
            role=row["role"],
            state=row["state"],
            principal=row["principal_organization_name"] or row["principal_person_name"],
            unified_social_credit_code=row["principal_code"],
            agent=row["agent_person_name"] or row["agent_organization_name"] or row["invitee_name"],
            systems=list(read(row["systems"])),
            items=list(read(row["items"])),
            valid_from=at(row["valid_from"]),
            valid_until=at_or_none(row["valid_until"]),
            created_at=at(row["created_at"]),
        )
        for row in rows
    ]
