"""Somebody who has lost a password, and the way back in."""

from itertools import count

import pyotp

from idp.accounts.authenticator_store import RECOVERY_CODE, AuthenticatorStore, NewAuthenticator
from idp.authentication.methods.recovery_code import code_key
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider
from tests.support.messages import last_code
from tests.support.visits import account_id, page, person, visitor

NEW = "horse battery 7 staple"
RECOVERY = "ABCDEFGHJKLM"
_numbers = count(1)


class Someone:
    """A verified person with a phone, a passport, a mail address and a password."""

    def __init__(self, number: int) -> None:
        self.phone = f"1380000{number:04}"
        self.certificate = f"E{number:08}"
        self.email = f"p{number}@mail.test"
        self.username = f"owner{number}"
        self.facts = {"name": "张三", "certificate_number": self.certificate}


async def owner(town: Provider, *, level: int = 2, totp: bool = False, verified: bool = True) -> Someone:
    """Their account."""
    one = Someone(next(_numbers))
    certificate = {"certificate_type": "414", "certificate_number": one.certificate} if level else {}
    await person(
        town,
        username=one.username,
        phone=one.phone,
        phone_verified=verified,
        email=one.email,
        level=level,
        **certificate,
    )
    if totp:
        one.facts["otp"] = pyotp.TOTP(await town.enrol_totp(one.username)).at(int(town.clock()))
        store = AuthenticatorStore(town.worker.base.vault)
        owner_id = await account_id(town, one.username)
        new = NewAuthenticator(RECOVERY_CODE, "", lookup=store.lookup(code_key(owner_id, RECOVERY)))
        await town.worker.base.database.write(lambda: store.add(f"r-{one.username}", owner_id, new, 0.0))
    return one


async def proved(town: Provider, someone: Browserless, phone: str) -> Page:
    """The page after the code for a forgotten password."""
    form = page(await someone.open("/recover/password")).form_with("phone")
    assert form is not None
    form = page(await someone.submit(form, phone=phone)).form_with("code")
    assert form is not None
    return page(await someone.submit(form, code=await last_code(town, phone)))


async def recovered(town: Provider, phone: str, facts: dict[str, str], password: str = NEW) -> Page:
    """What came of a whole recovery by phone."""
    async with visitor(town, f"203.0.113.{next(_numbers) % 250}") as someone:
        form = (await proved(town, someone, phone)).form_with("new_password")
        assert form is not None
        return page(await someone.submit(form, **facts, new_password=password))
