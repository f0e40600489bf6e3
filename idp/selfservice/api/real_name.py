"""/me/real-name: how real the account is, and how to raise it."""

from fastapi import APIRouter

from idp.accounts.control import ProvenControl
from idp.accounts.real_names.verification import (
    NETWORK_IDENTITY,
    Duplicate,
    NotVerifiedReason,
    Outcome,
    Throttled,
    Unavailable,
    Verified,
)
from idp.accounts.verifiers.interface import IdentityClaim
from idp.accounts.verifiers.network_identity import Mode
from idp.authentication.factors.session_control import proven_by
from idp.selfservice.api import real_name_models as models
from idp.selfservice.api.gate import Reader, Services, TokenBearer, Tools, Writer
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import Problem, not_found

router = APIRouter(prefix="/real-name", tags=["real name"])
MODES = {"face": Mode.CREDENTIAL_FACE, "password": Mode.CREDENTIAL_PASSWORD}
AWAY_SECONDS = 60
MISTAKES = (NotVerifiedReason.MISMATCH, NotVerifiedReason.TYPE, NotVerifiedReason.UNDER_FOURTEEN)
"""What was sent is wrong; everything else is a state of the account or of the app."""


@router.get("")
async def real_name(person: Reader, tools: Tools) -> models.RealName:
    """The real-name level and its record."""
    records = [
        models.RealNameRecord(
            level=each.level,
            method=each.method,
            source=each.source,
            verified_at=at(each.verified_at),
            expires_at=at_or_none(each.expires_at),
            ended_at=at_or_none(each.ended_at),
            end_reason=each.end_reason,
        )
        for each in await tools.real_names.history(person.account_id)
    ]
    account = await tools.verification.account(person.account_id)
    return models.RealName(level=account.real_name_level, records=records)


@router.get("/methods")
async def methods(person: Reader, tools: Tools) -> list[models.Way]:
    """The methods that are offered here, the lowest level first."""
    offered = sorted(tools.verification.offered.items(), key=lambda one: one[1].level)
    return [
        models.Way(method=method, level=verifier.level, certificate_types=sorted(verifier.types))
        for method, verifier in offered
    ]


@router.post("/checks")
async def check(asked: models.Checked, person: Writer, tools: Tools) -> models.RealName:
    """Have name and number checked by a method that answers at once."""
    if asked.method not in tools.verification.offered:
        raise not_found("method")
    claim = await _claim(asked, person, tools)
    shown = await _shown(person, tools)
    outcome = await tools.verification.verify(
        person.account_id, asked.method, claim, person.caller.address, shown
    )
    return await _told(outcome, person, tools)


@router.post("/app", status_code=201)
async def begin_app(asked: models.AppAsked, person: Writer, tools: Tools) -> models.AppCall:
    """Begin with the app of the national network identity."""
    if NETWORK_IDENTITY not in tools.verification.offered:
        raise not_found("method")
    claim = await _claim(asked, person, tools)
    call = await tools.verification.start(person.account_id, MODES[asked.mode], claim)
    return models.AppCall(**call)


@router.post("/app/answer")
async def finish_app(answer: models.AppAnswer, person: Writer, tools: Tools) -> models.RealName:
    """What the app brought back; good once."""
    if NETWORK_IDENTITY not in tools.verification.offered:
        raise not_found("method")
    shown = await _shown(person, tools)
    outcome = await tools.verification.finish(
        person.account_id, answer.model_dump(), person.caller.address, shown
    )
    return await _told(outcome, person, tools)


async def _shown(person: TokenBearer, tools: Services) -> ProvenControl:
    """What the login of the token has shown of the account."""
    account = await tools.verification.account(person.account_id)
    return proven_by(person.session, account, tools.sources.now())


async def _claim(asked: models.Identity, person: TokenBearer, tools: Services) -> IdentityClaim:
    """The identity on the account where one is verified, else what was sent; raises InvalidAccount."""
    account = await tools.verification.account(person.account_id)
    known = tools.verification.identity(account) if account.real_name_level else None
    return known or tools.verification.claim(asked.name, asked.certificate_type, asked.certificate_number)


async def _told(outcome: Outcome, person: TokenBearer, tools: Services) -> models.RealName:
    if isinstance(outcome, Verified):
        return await real_name(person, tools)
    if isinstance(outcome, Throttled):
        raise Problem(429, "too_many_requests", "too many attempts", retry_after=str(outcome.retry_after))
    if isinstance(outcome, Unavailable):
        raise Problem(503, "temporarily_unavailable", "the authority is away", retry_after=str(AWAY_SECONDS))
    if isinstance(outcome, Duplicate):
        raise Problem(409, "duplicate", "the person has an account already")
    raise Problem(422 if outcome.why in MISTAKES else 409, "not_verified", outcome.why.value)
