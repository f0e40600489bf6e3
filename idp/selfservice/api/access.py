"""/me/sessions, /me/devices, /me/systems: where the account is open, and to whom."""

from typing import Annotated

from fastapi import APIRouter, Path

from idp.selfservice.api import models
from idp.selfservice.api.gate import Reader, Tools, Writer
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import not_found
from idp.selfservice.systems.session_routes import ENDED_ALL
from idp.sessions.devices import browser_name

router = APIRouter(tags=["access"])
Id = Annotated[str, Path(max_length=100)]


@router.get("/sessions")
async def sessions(person: Reader, tools: Tools) -> list[models.Login]:
    """The live logins, the last used first."""
    return [
        models.Login(
            id=each.id,
            current=each.id == person.session.id,
            browser=browser_name(each.user_agent),
            address=each.address,
            authenticated_at=at(each.authenticated_at),
            last_seen_at=at(each.last_seen_at),
            principal=each.principal.name if each.principal else None,
            systems=[
                models.Joined(
                    client_id=client_id, name=tools.systems.name(client_id) or client_id, joined_at=at(joined)
                )
                for client_id, joined in each.systems
            ],
        )
        for each in await tools.sessions.of_account(person.account_id)
    ]


@router.delete("/sessions")
async def end_others(person: Writer, tools: Tools, offline: bool = False) -> models.Ended:
    """End every login but the one that this token came of; `offline`: and what systems may do without a login."""
    ended = await tools.sessions.end_all(
        person.account_id, keep=person.session.id, caller=person.caller, reason=ENDED_ALL
    )
    if offline:
        await tools.systems.withdraw_offline(person.owner)
    return models.Ended(ended=ended)


@router.delete("/sessions/{session_id}", status_code=204)
async def end(session_id: Id, person: Writer, tools: Tools) -> None:
    """End one login."""
    if not await tools.sessions.end_own(person.session, session_id, person.caller):
        raise not_found("session")


@router.get("/devices")
async def devices(person: Reader, tools: Tools) -> list[models.Device]:
    """The devices that the person used, latest first."""
    return [
        models.Device(
            id=device.id,
            browser=browser_name(device.user_agent),
            address=device.address,
            first_seen_at=at(device.first_seen_at),
            last_seen_at=at(device.last_seen_at),
            trusted_until=at_or_none(device.trusted_until),
        )
        for device in await tools.devices.of_account(person.account_id)
    ]


@router.delete("/devices/{device_id}", status_code=204)
async def forget(device_id: Id, person: Writer, tools: Tools) -> None:
    """Forget a device."""
    if not await tools.devices.forget(person.account_id, device_id, person.caller):
        raise not_found("device")


@router.get("/systems")
async def systems(person: Reader, tools: Tools) -> list[models.UsedSystem]:
    """The systems that the person used or agreed to, the last used first."""
    return [
        models.UsedSystem(
            client_id=each.client_id,
            name=each.name,
            uri=each.uri,
            scopes=list(each.scopes),
            consented_at=at_or_none(each.consented_at),
            first_used_at=at_or_none(each.first_used_at),
            last_used_at=at_or_none(each.last_used_at),
            active=each.active,
        )
        for each in await tools.systems.of_account(person.account_id)
    ]


@router.delete("/systems/{client_id}", status_code=204)
async def withdraw(client_id: Id, person: Writer, tools: Tools) -> None:
    """Withdraw all that a system was given, and log it out."""
    if not await tools.systems.withdraw(person.owner, client_id):
        raise not_found("system")
