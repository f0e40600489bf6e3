"""What systems and people do, request by request, against a provider in this process or in another."""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import httpx2

from tests.support.browserless import Browserless, Callback, Page

REDIRECT_URI = "https://app.test/callback"
VERIFIER = "a-verifier-of-the-tests-that-is-long-enough-0123456789"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
OFFLINE = "openid profile offline_access"


@dataclass
class System:
    """A registered system with its HTTP client."""

    client_id: str
    secret: str = field(repr=False)
    http: httpx2.AsyncClient

    async def token(self, **form: str) -> httpx2.Response:
        """Ask the token endpoint."""
        return await self.http.post("/token", data=form, auth=(self.client_id, self.secret))

    async def redeem(self, code: str) -> httpx2.Response:
        """Redeem a code."""
        return await self.token(
            grant_type="authorization_code", code=code, redirect_uri=REDIRECT_URI, code_verifier=VERIFIER
        )

    async def refresh(self, token: str) -> httpx2.Response:
        """Use a refresh token."""
        return await self.token(grant_type="refresh_token", refresh_token=token)

    async def credentials(self) -> httpx2.Response:
        """A token for the system itself."""
        return await self.token(grant_type="client_credentials")

    async def userinfo(self, access_token: str) -> httpx2.Response:
        """Who the token is about."""
        return await self.http.get("/userinfo", headers={"authorization": f"Bearer {access_token}"})

    def authorize_url(self, scope: str = OFFLINE) -> str:
        """Where this system sends a browser."""
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": REDIRECT_URI,
            "scope": scope,
            "state": "state",
            "nonce": "nonce",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"/authorize?{urlencode(query)}"


def person(origin: str, client: httpx2.AsyncClient) -> Browserless:
    """A browser that uses the given client for its requests."""
    browser = Browserless.__new__(Browserless)
    browser.origin = origin
    browser.client = client
    return browser


async def enter(browser: Browserless, system: System, scope: str = OFFLINE) -> str:
    """Enter a system with the session there is; the code."""
    here = await browser.open(system.authorize_url(scope))
    assert isinstance(here, Callback), here
    return here.parameters["code"]


async def is_logged_in(browser: Browserless) -> bool:
    """Whether the overview page knows who this is."""
    here = await browser.open("/")
    assert isinstance(here, Page)
    assert here.status == 200, here.text[:500]
    return "/end_session" in here.text


def claims(token: str) -> dict[str, Any]:
    """The claims of a JWT, unverified."""
    body = token.split(".")[1]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return content


def header(token: str) -> dict[str, Any]:
    """The header of a JWT."""
    first = token.split(".", maxsplit=1)[0]
    content: dict[str, Any] = json.loads(base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    return content


def statuses(responses: Sequence[httpx2.Response]) -> dict[int, int]:
    """How many answers of each status."""
    found: dict[int, int] = {}
    for response in responses:
        found[response.status_code] = found.get(response.status_code, 0) + 1
    return found


def readable(answer: httpx2.Response) -> None:
    """A 503 that a person can do something with."""
    assert answer.status_code == 503, answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert "服务暂时不可用" in answer.text
    assert "Traceback" not in answer.text
