"""The login by a code that a phone gets, and the registration that it leads to."""

from itertools import count
from typing import Any

from idp.authentication.phone.registration import TERMS_VERSION
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider
from tests.support.messages import last_code
from tests.support.visits import page, sql

LOGIN = "/login/sms"
_phones = count(13800000001)


def new_phone() -> str:
    """A number of the test's own."""
    return str(next(_phones))


async def proved(town: Provider, someone: Browserless, phone: str, path: str = LOGIN) -> Page:
    """The page after the right code."""
    form = page(await someone.open(path)).form_with("phone")
    assert form is not None
    asked = page(await someone.submit(form, phone=phone))
    form = asked.form_with("code")
    assert form is not None, asked.text
    return page(await someone.submit(form, code=await last_code(town, phone)))


async def registered(town: Provider, someone: Browserless, phone: str, **fields: str) -> Page:
    """The page after a registration."""
    form = (await proved(town, someone, phone)).form_with("new_password")
    assert form is not None
    return page(await someone.submit(form, terms=TERMS_VERSION, **fields))


async def holders(town: Provider, phone: str) -> list[dict[str, Any]]:
    """The accounts that have proved a phone."""
    index = town.worker.base.vault.blind_index("accounts.phone", phone)
    return await sql(
        town, "select * from accounts where phone_index = ? and phone_verified_at is not null", index
    )
