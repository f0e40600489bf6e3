"""/me/upstreams, /me/qr-logins: other ways in, by a platform above us or for a computer that shows a picture."""

from typing import Annotated

from fastapi import APIRouter, Path, Request

from idp.federation.linking.account_links import LastWay
from idp.selfservice.api import models
from idp.selfservice.api.gate import Approver, Reader, Strong, Tools
from idp.selfservice.api.models import at
from idp.selfservice.api.problems import Problem, not_found
from idp.selfservice.security.platforms import platform_title
from idp.sessions.devices import browser_name

router = APIRouter(tags=["ways in"])
Id = Annotated[str, Path(max_length=100)]


@router.get("/upstreams")
async def upstreams(request: Request, person: Reader, tools: Tools) -> list[models.Link]:
    """The platforms by which the person comes in."""
    return [
        models.Link(
            id=link.id,
            platform=link.profile,
            title=platform_title(tools.site.language(request), tools.platforms, link.profile),
            linked_at=at(link.linked_at),
            last_seen_at=at(link.last_seen_at),
        )
        for link in await tools.links.of_account(person.account_id)
    ]


@router.delete("/upstreams/{link_id}", status_code=204)
async def unlink(link_id: Id, person: Strong, tools: Tools) -> None:
    """End a link, and the level that rests on it; never the last way in."""
    try:
        done = await tools.links.unlink_own(
            person.account_id, link_id, person.caller.address, proven=person.session.security_version
        )
    except LastWay as error:
        raise Problem(409, "refused", "last-way") from error
    if not done:
        raise not_found("link")


@router.post("/qr-logins/{qr_id}/scan")
async def scan(qr_id: Id, person: Approver, tools: Tools) -> models.QrLogin:
    """The picture's `id` was read: from now on only this person decides about it."""
    shown = await tools.qr_logins.scan(qr_id, person.session)
    if shown is None:
        raise not_found("login")
    return models.QrLogin(
        id=shown.id,
        choices=list(shown.choices),
        browser=browser_name(shown.user_agent),
        address=shown.address,
        begun_at=at(shown.begun_at),
    )


@router.post("/qr-logins/{qr_id}/decision")
async def decide(qr_id: Id, decision: models.QrDecision, person: Approver, tools: Tools) -> models.QrDecided:
    """Let the computer in with the number on its screen, or refuse."""
    approved = await tools.qr_logins.decide(qr_id, person.session, decision.number, person.caller)
    if approved is None:
        raise not_found("login")
    return models.QrDecided(approved=approved)
