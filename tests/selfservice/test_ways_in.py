"""docs/security.md, "Ways in, and who may touch them": each cell of its table, through the interface, as it says.

What is refused leaves the account as it was; an act of the interface that the table does not name fails a test.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pyotp import TOTP

from tests.authentication.test_qr import begin, go_on
from tests.selfservice.api_paths import GIVING, SECURITY, WRITES
from tests.selfservice.calling import call, token_of
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.messages import last_code
from tests.support.visits import account_id, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio

DOCUMENT = Path(__file__).parents[2] / "docs" / "security.md"
HEADING = "### Ways in, and who may touch them"
NEW_PASSWORD = "kestrel-44-lantern"
_numbers = count(13700000001)
PROTECTED = (
    "SELECT password_hash, phone_index, phone_verified_at, email, login_choices, state, closes_at, security_version"
    " FROM accounts WHERE id = ?",
    "SELECT id, kind FROM authenticators WHERE account_id = ? ORDER BY id",
    "SELECT id, state FROM mandates WHERE principal_account_id = ? ORDER BY id",
    "SELECT id FROM sessions WHERE account_id = ? AND ended_at IS NULL ORDER BY id",
)
Ask = Callable[[str, str, Any], Awaitable[httpx2.Response]]


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
ACTORS: dict[str, tuple[str, float, str]] = {
    "owner, both factors": ("pwd otp mfa", 0, ""),
    "password alone": ("pwd", 0, ""),
    "phone alone": ("sms", 0, ""),
    "picture alone": ("qr", 0, ""),
    "a platform alone": ("upstream", 0, ""),
    "owner, an hour ago": ("pwd otp mfa", 3600, ""),
    "app that may read": ("pwd otp mfa", 0, "openid account"),
}


def _table() -> dict[str, dict[str, str]]:
    text = DOCUMENT.read_text(encoding="utf-8").partition(HEADING)[2]
    text = text.partition("\n#")[0]  # the next section has a table of its own
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    columns = [cell.strip() for cell in lines[0]]
    rows = [[cell.strip() for cell in line] for line in lines[2:]]
    return {row[0]: dict(zip(columns[1:], row[1:], strict=True)) for row in rows}


CELLS = [(act, actor, allowed) for act, row in _table().items() for actor, allowed in row.items()]


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    async with provider(tmp_path_factory.mktemp("provider"), message_sink=True) as running:
        yield running


def test_the_table_names_every_act_and_everybody() -> None:
    assert _table().keys() == ACTS.keys()
    assert all(row.keys() == ACTORS.keys() for row in _table().values())
    tried = {path for _, paths in ACTS.values() for path in paths}
    assert {write[1] for write in (*SECURITY, *GIVING)} <= tried
    assert tried <= {write[1] for write in WRITES}


@pytest.mark.parametrize(("act", "actor", "allowed"), CELLS)
async def test_each_cell(house: Provider, act: str, actor: str, allowed: str) -> None:
    methods, ago, scope = ACTORS[actor]
    phone = str(next(_numbers))
    certificate = {"certificate_type": "414", "certificate_number": f"E{phone[-8:]}"}
    username = await person(house, phone=phone, phone_verified=True, level=2, **certificate)
    secret = await house.enrol_totp(username)
    owner = await account_id(house, username)
    async with signed_in(house, username, ("pwd", "otp", "mfa")) as someone:
        token = await (token_of(house, someone, scope) if scope else token_of(house, someone))
    # As a token that was given before the account was protected, or that something else went wrong with.
    await sql(house, "UPDATE grants SET amr = ? WHERE account_id = ?", methods, owner)
    house.clock.forward(ago)
    if ago:
        await sql(house, "UPDATE sessions SET last_seen_at = ? WHERE account_id = ?", house.clock.now, owner)
    before = [await sql(house, query, owner) for query in PROTECTED]
    answer = await ACTS[act][0](Actor(house, username, secret, token))
    after = [await sql(house, query, owner) for query in PROTECTED]
    refused = answer.status_code in (401, 403) or (act.startswith("let") and answer.status_code == 404)
    assert ("no" if refused else "yes") == allowed, answer.text
    if refused:
        assert after == before
    elif answer.status_code < 300 and act not in ("take a copy of the data", "add a passkey"):
        assert after != before
