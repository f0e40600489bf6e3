"""A small provider for the tests of the SDK: says yes at once, and misbehaves on demand."""

import base64
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx2
from anyio.lowlevel import checkpoint
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from clients.sdk.core.authorization import code_challenge
from tests.clients.making import CLIENT_ID, ISSUER, Clock, SigningKey, discovery, id_claims, logout_claims

SECRET = "zcs_of-the-test"
LIFETIME = 300


@dataclass
class FakeProvider:
    """What it answers is decided by its fields; what it was asked is in `requests`."""

    clock: Clock
    key: SigningKey = field(default_factory=SigningKey)
    sid: str = "session-1"
    level: int = 2
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "person-1", "name": "张三"})
    error: str | None = None
    error_at_token: tuple[int, str] | None = None
    changed_answer: dict[str, str] = field(default_factory=dict)
    changed_claims: dict[str, Any] = field(default_factory=dict)
    changed_token: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _refresh: str = ""

    def asked(self, path: str) -> list[dict[str, str]]:
        """The parameters of the requests to a path."""
        return [parameters for at, parameters in self.requests if at == path]

    def logout_token(self, **changes: Any) -> str:
        """A logout token as this provider sends it."""
        now = int(self.clock())
        claims = logout_claims(iat=now, exp=now + 120, jti=secrets.token_hex(8), sid=self.sid)
        return self.key.sign({k: v for k, v in (claims | changes).items() if v is not None}, typ="logout+jwt")

    def transport(self) -> httpx2.AsyncBaseTransport:
        """The way to it for a client in this process."""
        return _Line(self)

    def app(self) -> Starlette:
        """The provider as an application."""
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/jwks", self._jwks),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/userinfo", self._userinfo),
            Route("/end_session", self._end_session),
        ]
        return Starlette(routes=routes)

    async def _discovery(self, _: Request) -> Response:
        self.requests.append(("/.well-known/openid-configuration", {}))
        return JSONResponse(discovery())

    async def _jwks(self, _: Request) -> Response:
        self.requests.append(("/jwks", {}))
        return JSONResponse({"keys": [self.key.public()]})

    async def _authorize(self, request: Request) -> Response:
        given = dict(request.query_params)
        self.requests.append(("/authorize", given))
        answer = {"state": given["state"], "iss": ISSUER}
        if self.error is not None:
            answer["error"] = self.error
        else:
            answer["code"] = "zac_" + secrets.token_hex(8)
            self._codes[answer["code"]] = given
        return RedirectResponse(f"{given['redirect_uri']}?{urlencode(answer | self.changed_answer)}", 303)

    async def _token(self, request: Request) -> Response:
        given = dict(parse_qsl((await request.body()).decode()))
        self.requests.append(("/token", given))
        await checkpoint()  # whoever else is under way gets a turn, as over a network
        if self.error_at_token is not None:
            status, error = self.error_at_token
            return JSONResponse({"error": error}, status)
        basic = base64.b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if given["grant_type"] == "refresh_token":
            return self._refreshed(given)
        begun = self._codes.pop(given["code"], None)
        if (
            begun is None
            or code_challenge(given["code_verifier"]) != begun["code_challenge"]
            or given["redirect_uri"] != begun["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._answer(nonce=begun["nonce"])

    def _refreshed(self, given: dict[str, str]) -> Response:
        if given["refresh_token"] != self._refresh:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._answer()

    def _answer(self, **claims: Any) -> Response:
        now = int(self.clock())
        self._refresh = "zrt_" + secrets.token_hex(8)
        told = {"sub": self.person["sub"], "sid": self.sid, "acr": f"urn:zhanhe:acr:level:{self.level}"}
        said = id_claims(**({"iat": now, "exp": now + LIFETIME, "nonce": None} | told | claims))
        answer = {
            "access_token": "access_" + secrets.token_hex(8),
            "token_type": "Bearer",
            "expires_in": LIFETIME,
            "refresh_token": self._refresh,
            "id_token": self.key.sign(said | self.changed_claims),
        }
        return JSONResponse({k: v for k, v in (answer | self.changed_token).items() if v is not None})

    async def _userinfo(self, request: Request) -> Response:
        self.requests.append(("/userinfo", {"authorization": request.headers.get("authorization", "")}))
        return JSONResponse(self.person)

    async def _end_session(self, request: Request) -> Response:
        given = dict(request.query_params)
        self.requests.append(("/end_session", given))
        if not given.get("id_token_hint"):
            return PlainTextResponse("who?", 400)
        query = urlencode({"state": given["state"]})
        return RedirectResponse(f"{given['post_logout_redirect_uri']}?{query}", 303)


class _Line(httpx2.AsyncBaseTransport):
    """A line to the provider that breaks when it is down."""

    def __init__(self, provider: FakeProvider) -> None:
        self._provider = provider
        self._transport = httpx2.ASGITransport(provider.app())

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._provider.down:
            raise httpx2.ConnectError("connection refused")
        return await self._transport.handle_async_request(request)
