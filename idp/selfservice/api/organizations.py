"""/me/organizations, /me/licences: legal persons, how one is bound, and who is asked to act for it."""

from typing import Annotated

from fastapi import APIRouter, Path

from idp.organizations.registries.interface import PictureState
from idp.selfservice.api import representation_models as models
from idp.selfservice.api.gate import Giver, Reader, Services, Tools, Writer
from idp.selfservice.api.problems import not_found
from idp.selfservice.api.representation import invitation, shown

router = APIRouter(tags=["organizations"])
ORGANIZATIONS, LICENCES = "/organizations", "/licences"
Id = Annotated[str, Path(max_length=100)]


@router.get(ORGANIZATIONS)
async def organizations(person: Reader, tools: Tools) -> list[models.Organization]:
    """The legal persons that the person represents or acts for."""
    return [
        models.Organization(
            id=own.organization.id,
            name=own.organization.name,
            kind=own.organization.kind,
            unified_social_credit_code=own.organization.unified_social_credit_code,
            state=own.organization.state,
            mandate_id=own.mandate_id,
            relation=own.relation,
            mandate_state=own.mandate_state,
            in_force=own.in_force,
        )
        for own in await tools.organizations.of_account(person.account_id)
    ]


@router.post(ORGANIZATIONS, status_code=201)
async def bind(licence: models.Licence, person: Writer, tools: Tools) -> models.Bound:
    """Become the representative of a legal person, if the register says so."""
    code, name = licence.unified_social_credit_code, licence.name
    return models.Bound(
        id=await tools.organizations.bind(person.account_id, code, name, person.caller.address)
    )


@router.post(LICENCES, status_code=201)
async def begin_licence(person: Writer, tools: Tools) -> models.LicencePicture:
    """A picture for the app of the electronic business licence."""
    started = await tools.organizations.start_licence(person.account_id)
    return models.LicencePicture(content=started.content, ticket=started.ticket, expires_in=started.seconds)


@router.post(f"{LICENCES}/state")
async def licence(asked: models.LicenceTicket, person: Writer, tools: Tools) -> models.LicenceState:
    """What became of the picture; a confirmed one binds the legal person, once."""
    outcome = await tools.organizations.licence(person.account_id, asked.ticket, person.caller.address)
    if isinstance(outcome, PictureState):
        return models.LicenceState.model_validate({"state": outcome.lower(), "organization_id": None})
    return models.LicenceState(state="bound", organization_id=outcome)


@router.delete(ORGANIZATIONS + "/{organization_id}", status_code=204)
async def step_down(organization_id: Id, person: Writer, tools: Tools) -> None:
    """No longer be its representative."""
    if not await tools.organizations.step_down(person.account_id, organization_id, person.caller.address):
        raise not_found("organization")


@router.get(ORGANIZATIONS + "/{organization_id}/mandates")
async def mandates(organization_id: Id, person: Reader, tools: Tools) -> models.OrganizationMandates:
    """Everybody who acts for it, for those who manage it."""
    await _managed(tools, person.account_id, organization_id)
    return models.OrganizationMandates(
        agents=shown(await tools.organizations.agents(organization_id)),
        held=shown(await tools.organizations.held(organization_id)),
        passed_on=shown(await tools.organizations.passed_on(organization_id)),
    )


@router.post(ORGANIZATIONS + "/{organization_id}/mandates", status_code=201)
async def invite(organization_id: Id, agent: models.Agent, person: Giver, tools: Tools) -> models.Granted:
    """Ask somebody to act for it, or by a mandate that it holds."""
    await _managed(tools, person.account_id, organization_id)
    asked, actor, address = invitation(agent), person.account_id, person.caller.address
    if agent.through:
        made = await tools.mandates.pass_on(actor, agent.through, organization_id, asked, address)
    else:
        made = await tools.mandates.invite(actor, organization_id, asked, address)
    return models.Granted(mandate_id=made)


async def _managed(tools: Services, account_id: str, organization_id: str) -> None:
    """Nothing, where the person manages the legal person; raises Problem."""
    if await tools.organizations.managed(account_id, organization_id) is None:
        raise not_found("organization")
