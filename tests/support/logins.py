"""The login form, the second step and the way out, as a browser without a screen fills them."""

import httpx2
import pyotp

from idp.sessions.model import Session
from idp.sessions.service import Caller
from tests.support.browserless import Browserless, Callback, Form, Page
from tests.support.inprocess import PASSWORD, Provider
from tests.support.visits import ADDRESS, SESSION_COOKIE, page, signed_in

LEVEL_3 = "urn:zhanhe:acr:level:3"


async def attempt(
    someone: Browserless,
    username: str,
    password: str = PASSWORD,
    headers: dict[str, str] | None = None,
    **changes: str,
) -> httpx2.Response:
    """A filled login form."""
    form = page(await someone.open("/login")).form_with("password")
    assert form is not None
    data = {**form.fields, "username": username, "password": password, **changes}
    return await someone.client.post("/login", data=data, headers=headers)


async def is_in(someone: Browserless) -> bool:
    """Whether the user centre knows the browser."""
    return "/end_session" in (await someone.client.get("/")).text


def is_inside(someone: Browserless) -> bool:
    """Whether the browser has a session."""
    return any(cookie.name.endswith("-session") for cookie in someone.client.cookies.jar)


async def enter(someone: Browserless, shown: Page, username: str) -> Page | Callback:
    """Fill the login form that is shown, with PASSWORD."""
    form = shown.form_with("password")
    assert form is not None
    return await someone.submit(form, username=username, password=PASSWORD)


async def answer_with(someone: Browserless, otp: str, **changes: str) -> httpx2.Response:
    """Answer the second step."""
    form = await otp_form(someone)
    return await someone.client.post("/login/otp", data={**form.fields, "otp": otp, **changes})


async def otp_form(someone: Browserless) -> Form:
    """The form of the second step."""
    form = page(await someone.open("/login/otp")).form_with("otp")
    assert form is not None
    return form


def at(house: Provider, totp: pyotp.TOTP, offset: int = 0) -> str:
    """The code of a moment: now, or so many seconds from now."""
    return totp.at(int(house.clock.now) + offset)


async def answered(house: Provider, someone: Browserless, totp: pyotp.TOTP, **fields: str) -> httpx2.Response:
    """Answer the second step with the code of now."""
    form = await otp_form(someone)
    return await someone.client.post("/login/otp", data={**form.fields, "otp": at(house, totp), **fields})


async def log_out(someone: Browserless) -> None:
    """Log out, and be out."""
    await someone.log_out("/end_session")
    assert not await is_in(someone)


async def codes_of(house: Provider, username: str) -> list[str]:
    """New recovery codes of somebody with a second factor."""
    async with signed_in(house, username, ("pwd", "otp", "mfa")) as someone:
        session = await house.worker.sessions.find(someone.client.cookies[SESSION_COOKIE])
    assert isinstance(session, Session)
    return await house.worker.factors.make_recovery_codes(session, Caller(ADDRESS))


async def asked_for_more(someone: Browserless, path: str) -> Page:
    """The page that asks for more, which is where a change leads to."""
    shown = page(await someone.open(path))
    assert "再确认一次身份" in shown.text, shown.text
    return shown
