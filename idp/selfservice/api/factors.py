"""/me/factors, how one is added, /me/recovery-codes, /me/login-choices, /me/password: what protects the account."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Path

from idp.accounts.authenticator_store import TOTP
from idp.accounts.passwords.hashing import Overloaded
from idp.authentication.model import chosen
from idp.selfservice.api import factor_models as models
from idp.selfservice.api.gate import Reader, Strong, Tools
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import Problem, not_found

router = APIRouter(tags=["factors"])
OVERLOADED_SECONDS = 10


@router.get("/factors")
async def factors(person: Reader, tools: Tools) -> list[models.Factor]:
    """What the account has beside the password."""
    return [
        models.Factor(
            id=each.id,
            kind=each.kind,
            label=each.label,
            created_at=at(each.created_at),
            last_used_at=at_or_none(each.last_used_at),
        )
        for each in await tools.factors.of_account(person.account_id)
    ]


@router.delete("/factors/{factor_id}", status_code=204)
async def remove(factor_id: Annotated[str, Path(max_length=100)], person: Strong, tools: Tools) -> None:
    """Remove an authenticator app or a passkey; never the last that policy wants, nor the last way in."""
    if not await tools.factors.remove(person.session, factor_id, person.caller):
        raise not_found("factor")


@router.post("/totp", status_code=201)
async def begin_totp(person: Strong, tools: Tools) -> models.TotpBegun:
    """A secret for an authenticator app."""
    begun = await tools.factors.begin(person.session, TOTP)
    return models.TotpBegun(enrolment=begun.token, secret=begun.secret, uri=begun.uri)


@router.post("/totp/confirmation", status_code=204)
async def confirm_totp(proved: models.TotpProved, person: Strong, tools: Tools) -> None:
    """Add the authenticator app that shows the right code."""
    begun = await tools.factors.resume(person.session, TOTP, proved.enrolment)
    if begun is None:
        raise not_found("enrolment")
    if await tools.factors.confirm(person.session, begun, proved.otp, proved.label, person.caller) is None:
        raise Problem(403, "wrong_code", "the code is wrong")


@router.post("/passkeys", status_code=201)
async def begin_passkey(person: Strong, tools: Tools) -> models.PasskeyBegun:
    """Options for a new passkey."""
    if not tools.passkeys.available:
        raise Problem(409, "refused", "passkeys need a provider with a host name")
    asked = await tools.passkeys.offer(person.account_id, person.session.username, person.session.id)
    return models.PasskeyBegun(ceremony=asked.token, options=orjson.loads(asked.options))


@router.post("/passkeys/confirmation", status_code=204)
async def confirm_passkey(made: models.PasskeyMade, person: Strong, tools: Tools) -> None:
    """Add the passkey that was made."""
    answer = orjson.dumps(made.credential).decode()
    new = await tools.passkeys.made(made.ceremony, answer, person.session.id, person.account_id)
    if new is None:
        raise Problem(403, "not_proven", "the credential proves nothing, or the ceremony is over")
    await tools.factors.add(person.session, new, made.label, person.caller)


@router.post("/recovery-codes", status_code=201)
async def recovery_codes(person: Strong, tools: Tools) -> models.RecoveryCodes:
    """New recovery codes in place of the old."""
    return models.RecoveryCodes(codes=await tools.factors.make_recovery_codes(person.session, person.caller))


@router.get("/login-choices")
async def login_choices(person: Reader, tools: Tools) -> models.LoginChoices:
    """What the person asks for beyond policy."""
    words = await tools.factors.choices(person.account_id)
    return models.LoginChoices(choices=sorted(chosen(words)))


@router.put("/login-choices", status_code=204)
async def choose(wanted: models.LoginChoices, person: Strong, tools: Tools) -> None:
    """Set them."""
    await tools.factors.choose(person.session, frozenset(wanted.choices), person.caller)


@router.put("/password", status_code=204)
async def change_password(new: models.NewPassword, person: Strong, tools: Tools) -> None:
    """Set a new password; every other login ends."""
    try:
        refused = await tools.own_password.change(
            person.session, new.password, new.new_password, person.caller
        )
    except Overloaded as error:
        wait = str(OVERLOADED_SECONDS)
        raise Problem(429, "too_many_requests", "too many at once", retry_after=wait) from error
    if refused is None:
        return
    if refused.retry_after:
        wait = str(refused.retry_after)
        raise Problem(429, "too_many_requests", "too many attempts", retry_after=wait)
    raise Problem(403, "wrong_password", "the password in use is another one")
