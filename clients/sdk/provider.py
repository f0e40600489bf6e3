"""Talks to the provider through Authlib's asynchronous client; every failure becomes one of our errors."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from clients.sdk.cached import Cached
from clients.sdk.core.errors import InvalidToken, Refused, Unavailable, UnknownKey
from clients.sdk.core.jwt import Keys, read_keys
from clients.sdk.core.metadata import Metadata, Registration, discovery_url, read_metadata
from clients.sdk.sources import Sources

TIMEOUT_SECONDS = 10.0
_NOT_NOW = ("temporarily_unavailable", "server_error", "slow_down")

T = TypeVar("T")


class _Shared(httpx2.AsyncBaseTransport):
    """A transport whose connections outlive the client that uses them."""

    def __init__(self, transport: httpx2.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        return await self._transport.handle_async_request(request)


class Provider:
    """The provider as one system sees it."""

    def __init__(
        self,
        registration: Registration,
        client_secret: str,
        sources: Sources,
        *,
        ca_file: str | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._registration = registration
        self._client_secret = client_secret
        self._transport = transport or httpx2.AsyncHTTPTransport(
            verify=ssl.create_default_context(cafile=ca_file), trust_env=False
        )
        self._metadata = Cached(self._fetch_metadata, sources.now)
        self._keys = Cached(self._fetch_keys, sources.now)

    async def metadata(self) -> Metadata:
        """Endpoints and abilities; raises Unavailable."""
        return await self._metadata.get()

    async def confirmed_metadata(self) -> Metadata:
        """The same from a provider that answered just now: a browser should not be sent to a dead one."""
        return await self._metadata.confirmed()

    async def with_keys(self, check: Callable[[Keys], T]) -> T:
        """The result of a check that needs the provider's keys, with fresh ones if it misses one."""
        try:
            return check(await self._keys.get())
        except UnknownKey:
            return check(await self._keys.newer())

    async def exchange(self, code: str, code_verifier: str) -> Mapping[str, Any]:
        """The token answer for a code; raises Refused, Unavailable."""
        endpoint = (await self.metadata()).token_endpoint
        with _answer():
            async with self._client() as client:
                return dict(
                    await client.fetch_token(
                        endpoint,
                        grant_type="authorization_code",
                        code=code,
                        code_verifier=code_verifier,
                        redirect_uri=self._registration.redirect_uri,
                    )
                )

    async def refresh(self, refresh_token: str) -> Mapping[str, Any]:
        """The token answer for a refresh token; raises Refused, Unavailable."""
        endpoint = (await self.metadata()).token_endpoint
        with _answer():
            async with self._client() as client:
                return dict(await client.refresh_token(endpoint, refresh_token=refresh_token))

    async def userinfo(self, access_token: str, subject: str) -> Mapping[str, Any]:
        """The claims about the person (Core §5.3), empty without such an endpoint; or InvalidToken."""
        endpoint = (await self.metadata()).userinfo_endpoint
        if endpoint is None:
            return {}
        with _answer():
            async with self._client({"access_token": access_token, "token_type": "Bearer"}) as client:
                answer = await client.get(endpoint, headers={"accept": "application/json"})
                answer.raise_for_status()
                claims = _object(answer.json())
        if claims.get("sub") != subject:
            raise InvalidToken("userinfo is about somebody else")  # Core §5.3.2
        return claims

    async def aclose(self) -> None:
        """Let the connections go."""
        await self._transport.aclose()

    def _client(self, token: dict[str, str] | None = None) -> Any:
        # A client per call: Authlib's remembers the last token, and that must not reach another session.
        return AsyncOAuth2Client(
            self._registration.client_id,
            self._client_secret,
            token=token,
            transport=_Shared(self._transport),
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )

    async def _fetch_metadata(self) -> Metadata:
        issuer = self._registration.issuer
        return read_metadata(await self._document(discovery_url(issuer)), issuer)

    async def _fetch_keys(self) -> Keys:
        return read_keys(await self._document((await self.metadata()).jwks_uri))

    async def _document(self, url: str) -> dict[str, Any]:
        with _answer():
            async with self._client() as client:
                answer = await client.request(
                    "GET", url, withhold_token=True, headers={"accept": "application/json"}
                )
                if answer.status_code != httpx2.codes.OK:
                    raise Unavailable(f"status {answer.status_code}")
                return _object(answer.json())


def _object(document: object) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise Unavailable("the answer is no JSON object")
    return document


@contextmanager
def _answer() -> Iterator[None]:
    """Turn what a client can raise into our errors, without bodies, which may hold secrets."""
    try:
        yield
    except OAuthError as error:
        if error.error in _NOT_NOW:
            raise Unavailable(str(error.error)) from None
        raise Refused(str(error.error), str(error.description or "")) from None
    except httpx2.HTTPStatusError as error:
        status = error.response.status_code
        if status in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
            raise Refused("invalid_token", f"status {status}") from None
        raise Unavailable(f"status {status}") from None
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise Unavailable(type(error).__name__) from None
    except ValueError:
        raise Unavailable("the answer cannot be read") from None
