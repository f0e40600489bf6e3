"""/me/events, /me/export, /me/cancellation: what happened to the account, a copy of it, and its end."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from idp.infrastructure import typed
from idp.selfservice.api import models
from idp.selfservice.api.gate import Reader, Strong, Tools, Writer
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import Problem, not_found
from idp.selfservice.export.service import DAY, TooOften, as_json

router = APIRouter(tags=["account"])
COPY: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {"schema": {"type": "object"}}}, "description": "Everything."}
}


@router.get("/events")
async def events(
    request: Request,
    person: Reader,
    tools: Tools,
    before: Annotated[str | None, Query(max_length=64, pattern="^[0-9a-f-]+$")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> models.Happenings:
    """What happened, latest first."""
    say = partial(tools.site.translate, request)
    found, last = await tools.events.of_account(person.account_id, say, before, limit)
    shown = [
        models.Happening(
            id=each.id,
            at=at(each.at),
            event=each.event.value,
            title=each.title,
            system=each.system,
            address=each.address,
            notes=list(each.notes),
            alarming=each.alarming,
        )
        for each in found
    ]
    return models.Happenings(events=shown, before=last)


@router.post("/export", response_class=Response, responses=COPY)
async def export(request: Request, person: Strong, tools: Tools) -> Response:
    """A copy of everything that is kept about the person."""
    try:
        copy = await tools.export.of_account(person.owner, partial(tools.site.translate, request))
    except TooOften as error:
        raise Problem(429, "too_many_requests", "enough for one day", retry_after=str(DAY)) from error
    return Response(as_json(copy), media_type="application/json")


@router.get("/cancellation")
async def cancellation(person: Reader, tools: Tools) -> models.Cancellation:
    """Whether the account is being given up, and what stands against it."""
    profile = await tools.profiles.of_account(person.account_id)
    obstacles = await tools.lifecycle.obstacles(person.account_id)
    return models.Cancellation(
        closes_at=at_or_none(profile.closes_at),
        cooling_days=tools.cooling_days,
        obstacles=[each.value for each in obstacles],
    )


@router.post("/cancellation")
async def give_up(confirmation: models.Confirmation, person: Strong, tools: Tools) -> models.Cancellation:
    """Begin the cooling period."""
    if typed.username(confirmation.username) != person.session.username:
        raise Problem(422, "invalid_request", "username is not the own one")
    found = await tools.lifecycle.request_cancellation(person.account_id, person.account_id)
    if found:
        raise Problem(409, "obstacles", " ".join(each.value for each in found))
    return await cancellation(person, tools)


@router.delete("/cancellation", status_code=204)
async def keep(person: Writer, tools: Tools) -> None:
    """Keep the account after all."""
    if not await tools.lifecycle.undo_cancellation(person.account_id, person.account_id):
        raise not_found("cancellation")
