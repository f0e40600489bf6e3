"""/me: the own record, how to be reached, and what is wrong with it."""

from fastapi import APIRouter

from idp.accounts.contacts.phones import checked_phone
from idp.accounts.real_names.corrections import DAY, BadText, TooMany
from idp.authentication.phone.codes import Asker, Purpose
from idp.selfservice.api import models
from idp.selfservice.api.gate import Reader, Strong, Tools, Writer
from idp.selfservice.api.models import at, at_or_none
from idp.selfservice.api.problems import Problem
from idp.selfservice.profile.service import BadAddress, BadEmail

router = APIRouter(tags=["person"])


@router.get("")
async def show(person: Reader, tools: Tools) -> models.Person:
    """The own record."""
    profile = await tools.profiles.of_session(person.session)
    return models.Person(
        id=profile.account_id,
        name=profile.name,
        username=profile.username,
        real_name_level=profile.level,
        certificate_type=profile.certificate_type,
        certificate_masked=profile.certificate_masked,
        phone_masked=profile.phone_masked,
        phone_verified=profile.phone_verified,
        email=profile.email,
        address=profile.address,
        language=profile.language,
        elder_mode=profile.elder,
        created_at=at(profile.created_at),
        closes_at=at_or_none(profile.closes_at),
        attention=[matter.value for matter in await tools.attention.of_session(person.session)],
    )


@router.put("/contact", status_code=204)
async def change_contact(contact: models.Contact, person: Strong, tools: Tools) -> None:
    """Set mail and postal address."""
    try:
        await tools.profiles.change_contact(person.owner, contact.email, contact.address)
    except (BadEmail, BadAddress) as error:
        field = "email" if isinstance(error, BadEmail) else "address"
        raise Problem(422, "invalid_request", f"{field} is not acceptable") from error


@router.put("/display", status_code=204)
async def change_display(display: models.Display, person: Writer, tools: Tools) -> None:
    """Set language and elder mode."""
    await tools.preferences.keep_language(person.account_id, display.language)
    await tools.preferences.keep_elder(person.account_id, display.elder_mode)


@router.post("/phone/code", status_code=204)
async def send_code(asked: models.PhoneAsked, person: Strong, tools: Tools) -> None:
    """Send a code to a new phone; the same answer whoever has it."""
    wait = await tools.phone_codes.send(
        Purpose.CHANGE_PHONE, checked_phone(asked.phone), Asker(person.caller, person.account_id)
    )
    if wait:
        raise Problem(429, "too_many_requests", "codes were sent too often", retry_after=str(wait))


@router.put("/phone", status_code=204)
async def change_phone(proved: models.PhoneProved, person: Strong, tools: Tools) -> None:
    """Change the phone to one that was proved by its code; the old one is told."""
    phone = checked_phone(proved.phone)
    if not await tools.phone_codes.check(Purpose.CHANGE_PHONE, phone, proved.code, person.account_id):
        raise Problem(403, "wrong_code", "the code is wrong or has lapsed")
    account = await tools.profiles.account(person.account_id)
    proven = person.session.security_version
    if not await tools.phones.change(account, phone, person.caller.address, proven=proven):
        raise Problem(409, "phone_taken", "another account has proved this phone")


@router.get("/corrections")
async def corrections(person: Reader, tools: Tools) -> list[models.Correction]:
    """What the person said is wrong, and what became of it."""
    return [
        models.Correction(
            id=each.id,
            wanted=each.wanted,
            state=each.state,
            asked_at=at(each.asked_at),
            answer=each.answer,
            decided_at=at_or_none(each.decided_at),
        )
        for each in await tools.corrections.of_account(person.account_id)
    ]


@router.post("/corrections", status_code=204)
async def ask(wish: models.Wish, person: Writer, tools: Tools) -> None:
    """Ask for a correction."""
    try:
        await tools.corrections.ask(person.account_id, wish.wanted, person.caller.address)
    except BadText as error:
        raise Problem(422, "invalid_request", "wanted is not acceptable") from error
    except TooMany as error:
        raise Problem(429, "too_many_requests", "enough for one day", retry_after=str(DAY)) from error
