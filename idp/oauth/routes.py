"""The endpoints that machines call: token, userinfo, introspection, revocation, keys, metadata."""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from idp.infrastructure.web.address import Addresses
from idp.infrastructure.web.dispatch import Routes
from idp.infrastructure.web.forms import UnreadableForm, read_form
from idp.infrastructure.web.readable import reads_by_own_rule
from idp.keys.service import LEAD_SECONDS, KeyRing
from idp.oauth.client_authentication import ClientAuthenticator
from idp.oauth.discovery import metadata
from idp.oauth.protocol.errors import InvalidClient, InvalidRequest, MissingToken, OAuthError
from idp.oauth.protocol.parameters import Parameters, parse
from idp.oauth.service import TokenService
from idp.oauth.token_inspection import TokenInspection
from idp.relying_parties.model import Client

JSON = "application/json"
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
VARY = {"vary": "origin"}
"""Whatever may be kept: the answer to one origin is not the answer to another, nor to a server that names none."""
CACHED = {"cache-control": "public, max-age=300"} | VARY
# Shorter than the lead of a new key, so that no cache between us and a system hides the key that signs.
JWKS_CACHED = {"cache-control": f"public, max-age={LEAD_SECONDS // 2}"} | VARY
REALM = 'realm="zhanhe"'


class MachineEndpoints:
    """Handlers of the back channel; each parses its form, asks a service and renders the answer."""

    def __init__(
        self,
        issuer: str,
        addresses: Addresses,
        authenticator: ClientAuthenticator,
        tokens: TokenService,
        resources: TokenInspection,
        keys: KeyRing,
    ) -> None:
        self._addresses = addresses
        self._authenticator = authenticator
        self._tokens = tokens
        self._resources = resources
        self._keys = keys
        self._metadata = orjson.dumps(metadata(issuer, tokens.grant_types))

    def routes(self) -> Routes:
        """Path → method → handler."""
        return {
            "/token": {"POST": self.token},
            "/userinfo": {"GET": self.userinfo, "POST": self.userinfo},
            "/introspect": {"POST": self.introspect},
            "/revoke": {"POST": self.revoke},
            "/jwks": {"GET": self.jwks, "HEAD": self.jwks},
            "/.well-known/openid-configuration": {"GET": self.discovery, "HEAD": self.discovery},
            "/.well-known/oauth-authorization-server": {"GET": self.discovery, "HEAD": self.discovery},
        }

    @reads_by_own_rule
    async def token(self, request: Request) -> Response:
        """RFC 6749 §3.2."""
        try:
            parameters = parse(await read_form(request))
            return _Json(await self._tokens.exchange(request, parameters, self._addresses.of(request)))
        except (OAuthError, UnreadableForm) as error:
            return _error(error, request)

    @reads_by_own_rule
    async def userinfo(self, request: Request) -> Response:
        """OpenID Connect Core §5.3; the token by header, or by form body with POST, never in the URL."""
        try:
            return _Json(await self._resources.userinfo(await _bearer(request)))
        except (OAuthError, UnreadableForm) as error:
            return _bearer_error(error)

    @reads_by_own_rule
    async def introspect(self, request: Request) -> Response:
        """RFC 7662, for confidential clients only."""

        async def answer(client: Client, parameters: Parameters) -> dict[str, Any]:
            if client.public:
                raise InvalidClient("introspection needs a confidential client")
            return await self._resources.introspect(client, parameters.require("token"))

        return await self._for_client(request, answer)

    @reads_by_own_rule
    async def revoke(self, request: Request) -> Response:
        """RFC 7009: 200 whether or not there was anything to revoke."""

        async def answer(client: Client, parameters: Parameters) -> None:
            await self._resources.revoke(client, parameters.require("token"), self._addresses.of(request))

        return await self._for_client(request, answer)

    async def jwks(self, request: Request) -> Response:
        """RFC 7517 §5."""
        return Response(self._keys.jwks(), media_type="application/jwk-set+json", headers=JWKS_CACHED)

    async def discovery(self, request: Request) -> Response:
        """The metadata document."""
        return Response(self._metadata, media_type=JSON, headers=CACHED)

    async def _for_client(
        self, request: Request, answer: Callable[[Client, Parameters], Awaitable[dict[str, Any] | None]]
    ) -> Response:
        """Authenticate the client, answer it, record a refusal."""
        client, claimed = None, None
        try:
            parameters = parse(await read_form(request))
            claimed = self._tokens.claimed(request, parameters)
            parameters.check()
            client = await self._authenticator.authenticate(request, parameters)
            content = await answer(client, parameters)
        except OAuthError as error:
            await self._tokens.note_refusal(error, client, self._addresses.of(request), claimed)
            return _error(error, request)
        except UnreadableForm as error:
            return _error(error, request)
        return Response(headers=NO_STORE) if content is None else _Json(content)


async def _bearer(request: Request) -> str:
    """The access token of a request (RFC 6750 §2.1, §2.2), one way only."""
    header = request.headers.get("authorization")
    if request.method == "POST" and request.headers.get("content-type"):
        parameters = parse(await read_form(request))
        parameters.check()
        in_form = parameters.get("access_token")
        if in_form is not None and header is not None:
            raise InvalidRequest("the access token was sent in more than one way")
        if in_form is not None:
            return in_form
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise MissingToken("an access token is required")
    return token.strip()


class _Json(Response):
    """A JSON answer that nobody may keep, its headers encoded once for all."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.status_code = 200
        self.background = None
        self.body = orjson.dumps(content)
        self.raw_headers = [*_JSON_HEADERS, (b"content-length", b"%d" % len(self.body))]


_JSON_HEADERS = [
    (b"content-type", JSON.encode()),
    *((name.encode(), value.encode()) for name, value in NO_STORE.items()),
]


def _error(error: OAuthError | UnreadableForm, request: Request) -> Response:
    response = _error_body(error)
    if error.status == 401 and "authorization" in request.headers:
        response.headers["www-authenticate"] = f"Basic {REALM}"  # RFC 6749 §5.2
    return response


def _bearer_error(error: OAuthError | UnreadableForm) -> Response:
    """RFC 6750 §3: what is wrong is said in the header too."""
    response = _error_body(error)
    challenge = f"Bearer {REALM}"
    if not isinstance(error, MissingToken):
        code, description = _said(error)
        challenge += f', error="{code}", error_description="{description}"'
    response.headers["www-authenticate"] = challenge
    return response


def _error_body(error: OAuthError | UnreadableForm) -> Response:
    code, description = _said(error)
    body = orjson.dumps({"error": code, "error_description": description})
    return Response(body, status_code=error.status, media_type=JSON, headers=NO_STORE)


def _said(error: OAuthError | UnreadableForm) -> tuple[str, str]:
    return (
        (error.code, error.description) if isinstance(error, OAuthError) else ("invalid_request", str(error))
    )
