"""Every act of the table of ways in, as an app does it."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import httpx2
from pyotp import TOTP

from tests.selfservice.calling import call
from tests.support.inprocess import PASSWORD, Provider
from tests.support.messages import last_code
from tests.support.qr_login import begin, go_on
from tests.support.visits import account_id, sql, visitor

NEW_PASSWORD = "kestrel-44-lantern"


_numbers = count(13700000001)


class Actor:
    """Somebody with a token of an account that has a certificate, a phone, a password and a second factor."""

    def __init__(self, house: Provider, username: str, secret: str, token: str) -> None:
        self.house, self.username, self.secret, self.token = house, username, secret, token

    async def __call__(self, method: str, path: str, body: Any = None) -> httpx2.Response:
        return await call(self.house, self.token, method, path, body)


async def set_password(actor: Actor) -> httpx2.Response:
    return await actor("PUT", "/password", {"password": PASSWORD, "new_password": NEW_PASSWORD})


async def add_authenticator(actor: Actor) -> httpx2.Response:
    begun = await actor("POST", "/totp")
    if begun.status_code != 201:
        return begun
    enrolment = begun.json()
    otp = TOTP(enrolment["secret"]).at(actor.house.clock.now)
    return await actor("POST", "/totp/confirmation", {"enrolment": enrolment["enrolment"], "otp": otp})


async def add_passkey(actor: Actor) -> httpx2.Response:
    return await actor("POST", "/passkeys")


async def make_codes(actor: Actor) -> httpx2.Response:
    return await actor("POST", "/recovery-codes")


async def remove_factor(actor: Actor) -> httpx2.Response:
    owner = await account_id(actor.house, actor.username)
    [factor] = await sql(actor.house, "SELECT id FROM authenticators WHERE account_id = ?", owner)
    return await actor("DELETE", f"/factors/{factor['id']}")


async def change_phone(actor: Actor) -> httpx2.Response:
    new = str(next(_numbers))
    sent = await actor("POST", "/phone/code", {"phone": new})
    if sent.status_code != 204:
        return sent
    return await actor("PUT", "/phone", {"phone": new, "code": await last_code(actor.house, new)})


async def change_mail(actor: Actor) -> httpx2.Response:
    return await actor("PUT", "/contact", {"email": "after@example.cn"})


async def choose_logins(actor: Actor) -> httpx2.Response:
    return await actor("PUT", "/login-choices", {"choices": ["always"]})


async def invite_helper(actor: Actor) -> httpx2.Response:
    return await actor("POST", "/mandates/helpers", {"name": "李四", "phone": str(next(_numbers))})


async def give_up(actor: Actor) -> httpx2.Response:
    return await actor("POST", "/cancellation", {"username": actor.username})


async def end_link(actor: Actor) -> httpx2.Response:
    return await actor("DELETE", "/upstreams/none")


async def let_in(actor: Actor) -> httpx2.Response:
    async with visitor(actor.house, "203.0.113.50") as computer:
        qr_id, number = await begin(computer)
        scanned = await actor("POST", f"/qr-logins/{qr_id}/scan")
        if scanned.status_code != 200:
            return scanned
        decided = await actor("POST", f"/qr-logins/{qr_id}/decision", {"number": number})
        # A weak login stands in for a first factor at most: the computer is then asked for the second one.
        into = await go_on(computer)
        return (
            httpx2.Response(403, text=into.headers["location"])
            if "/login/otp" in into.headers["location"]
            else decided
        )


async def take_copy(actor: Actor) -> httpx2.Response:
    return await actor("POST", "/export")


ACTS: dict[str, tuple[Callable[[Actor], Awaitable[httpx2.Response]], tuple[str, ...]]] = {
    "set a password": (set_password, ("/password",)),
    "add an authenticator app": (add_authenticator, ("/totp", "/totp/confirmation")),
    "add a passkey": (add_passkey, ("/passkeys", "/passkeys/confirmation")),
    "make recovery codes": (make_codes, ("/recovery-codes",)),
    "remove a factor": (remove_factor, ("/factors/x",)),
    "change the phone": (change_phone, ("/phone/code", "/phone")),
    "change the mail": (change_mail, ("/contact",)),
    "choose how to log in": (choose_logins, ("/login-choices",)),
    "end a link to a platform": (end_link, ("/upstreams/x",)),
    "let a computer in by a picture": (let_in, ("/qr-logins/x/scan", "/qr-logins/x/decision")),
    "give somebody power to act": (invite_helper, ("/mandates/helpers", "/organizations/x/mandates")),
    "take a copy of the data": (take_copy, ("/export",)),
    "give the account up": (give_up, ("/cancellation",)),
}
