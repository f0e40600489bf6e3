"""Short ways through an in-process provider: people with a session, authorization requests, codes, tokens."""

import asyncio
import base64
import hmac
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import lru_cache
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx2
from passlib.hash import argon2

from idp.accounts.model import NewAccount
from idp.accounts.service import Accounts
from idp.accounts.store import AccountStore
from idp.relying_parties.model import Client
from idp.sessions.service import Caller
from tests.support.browserless import Browserless, Callback, Form, Page
from tests.support.inprocess import ISSUER, PASSWORD, REDIRECT_URI, Provider, basic

SESSION_COOKIE = "__Host-zhanhe-session"
CSRF_COOKIE = "__Host-zhanhe-csrf"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ADDRESS = "198.51.100.7"

_numbers = count(1)


@lru_cache(maxsize=1)
def password_hash() -> str:
    """A hash of PASSWORD as a login would make it, made once: hashing is slow on purpose."""
    return str(argon2.using(type="ID", memory_cost=19_456, time_cost=2, parallelism=1).hash(PASSWORD))


async def person(house: Provider, **fields: Any) -> str:
    """A new account of level 2 with PASSWORD under a username of its own; the username."""
    username = fields.pop("username", None) or f"person{next(_numbers)}"
    defaults: dict[str, Any] = {"name": "张三", "password_hash": password_hash(), "level": 2}
    account = NewAccount(username=str(username), **(defaults | fields))
    await Accounts(house.worker.base, house.worker.hasher).open(account, "test")
    return str(username)


async def account_id(house: Provider, username: str) -> str:
    """The id of an account."""
    return str((await Accounts(house.worker.base, house.worker.hasher).find(username)).id)


async def sql(house: Provider, statement: str, *values: Any) -> list[dict[str, Any]]:
    """Do to the SQLite file what no interface of ours does; what waits to be recorded is in it."""
    await house.worker.refusals.flush()

    def run() -> list[dict[str, Any]]:
        with sqlite3.connect(
            house.worker.settings.database.removeprefix("sqlite:///"), timeout=5
        ) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values).fetchall()]

    return await asyncio.to_thread(run)


@asynccontextmanager
async def visitor(house: Provider, address: str = ADDRESS) -> AsyncIterator[Browserless]:
    """A person's browser that follows redirects and fills forms."""
    async with Browserless(ISSUER, client=house.browser(address)) as someone:
        yield someone


@asynccontextmanager
async def signed_in(
    house: Provider, username: str | None = None, amr: tuple[str, ...] = ("pwd",), **fields: Any
) -> AsyncIterator[Browserless]:
    """The browser of somebody with a session, without the cost of a password."""
    username = username or await person(house, **fields)
    async with visitor(house) as someone:
        row = await house.worker.base.database.read(
            lambda: AccountStore(house.worker.base.vault).find(username)
        )
        assert row is not None
        token = await house.worker.sessions.begin(row, amr, Caller(ADDRESS), None)
        assert token is not None
        someone.client.cookies.set(SESSION_COOKIE, token, domain="id.test", path="/")
        yield someone


def asking(client: Client, **changes: str | None) -> str:
    """The address of an authorization request in good order, but for the changes; None leaves a parameter out."""
    parameters: dict[str, str | None] = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid",
        "state": "the state",
        "nonce": "the nonce",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return "/authorize?" + urlencode({name: value for name, value in parameters.items() if value is not None})


async def code_for(someone: Browserless, client: Client, **asked: str | None) -> str:
    """A code for somebody from whom nothing is wanted any more."""
    answer = await someone.open(asking(client, **asked))
    assert isinstance(answer, Callback), answer
    return answer.parameters["code"]


async def redeem(
    house: Provider, client: Client, secret: str | None, code: str, **changes: str | None
) -> httpx2.Response:
    """A token request for a code by client_secret_basic, or as a public client without secret."""
    fields = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": REDIRECT_URI,
        "code_verifier": VERIFIER,
    }
    return await token_request(house, client, secret, **{**fields, **changes})


async def refresh(
    house: Provider, client: Client, secret: str | None, token: str, **changes: str | None
) -> httpx2.Response:
    """A refresh request."""
    return await token_request(
        house, client, secret, grant_type="refresh_token", refresh_token=token, **changes
    )


async def token_request(
    house: Provider, client: Client, secret: str | None, **fields: str | None
) -> httpx2.Response:
    """A token request; None leaves a field out."""
    data = {name: value for name, value in fields.items() if value is not None}
    if secret is None:
        return await post(house, "/token", {"client_id": client.client_id, **data})
    return await post(house, "/token", data, basic(client, secret))


async def post(
    house: Provider, path: str, data: dict[str, str], headers: dict[str, str] | None = None
) -> httpx2.Response:
    """A form posted by a machine."""
    async with house.machine() as machine:
        return await machine.post(path, data=data, headers=headers)


async def tokens(
    house: Provider, client: Client, secret: str | None, someone: Browserless, **asked: str | None
) -> dict[str, Any]:
    """A whole login of a system: the token response."""
    response = await redeem(house, client, secret, await code_for(someone, client, **asked))
    assert response.status_code == 200, response.text
    return dict(response.json())


async def userinfo(house: Provider, token: str) -> httpx2.Response:
    """A userinfo request by header."""
    async with house.machine() as machine:
        return await machine.get("/userinfo", headers={"authorization": f"Bearer {token}"})


def claims_of(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    return dict(json.loads(_decode(token.split(".")[1])))


def header_of(token: str) -> dict[str, Any]:
    """The header of a JWT, unverified."""
    return dict(json.loads(_decode(token.split(".", maxsplit=1)[0])))


def forged(header: dict[str, Any], claims: dict[str, Any], signature: str = "c2ln") -> str:
    """A JWT with a signature of nobody."""
    return f"{_encode(header)}.{_encode(claims)}.{signature}"


def hs256(header: dict[str, Any], claims: dict[str, Any], key: bytes) -> str:
    """A JWT authenticated with what everybody knows: the classic confusion of algorithms."""
    signed = f"{_encode(header | {'alg': 'HS256'})}.{_encode(claims)}"
    proof = hmac.digest(key, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(proof).decode().rstrip('=')}"


def page(answer: Page | Callback) -> Page:
    """The page, where a page is expected."""
    assert isinstance(answer, Page), answer
    return answer


def callback(answer: Page | Callback) -> Callback:
    """The answer at the client, where one is expected."""
    assert isinstance(answer, Callback), answer
    return answer


async def audit_of(house: Provider, **columns: str) -> list[str]:
    """The events whose columns hold these values, in the order in which they were written."""
    where = " and ".join(f"{name} = ?" for name in columns)
    rows = await sql(house, f"select event from audit_events where {where} order by rowid", *columns.values())  # noqa: S608
    return [row["event"] for row in rows]


def _encode(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def form(shown: Page, field: str) -> Form:
    """The form with a field."""
    found = shown.form_with(field)
    assert found is not None, shown.text
    return found
