"""The outgoing HTTP client: short timeouts, no redirects, bounded answers, nothing taken from the environment."""

import asyncio
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import httpx2

TIMEOUT_SECONDS = 5.0
MOST_BYTES = 256 * 1024
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class BadAnswer(Exception):
    """The other side did not answer, or not in the expected way; the text is safe to log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side answered, whatever its status."""

    status: int
    body: bytes = field(repr=False)


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whom to believe; reading what the system trusts takes tens of milliseconds, and every client trusts the same."""
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context


class HttpClient:
    """What the product needs of HTTP: post a form, fetch a small JSON document, call an interface of others.

    Nothing leaves without TLS but to this machine, or to hosts that the installation names.
    """

    def __init__(self, ca_file: Path | None = None, unencrypted_hosts: Collection[str] = ()) -> None:
        self._unencrypted = LOOPBACK.union(unencrypted_hosts)
        self._client = httpx2.AsyncClient(
            verify=_trust(ca_file), timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False
        )

    async def post_form(self, url: str, form: dict[str, str]) -> int:
        """Post a form; the status code. Raises BadAnswer."""
        self._require_tls(url)
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._client.stream("POST", url, data=form) as response,
            ):
                return response.status_code
        except (httpx2.HTTPError, OSError) as error:
            raise BadAnswer(type(error).__name__) from error

    async def get_json(self, url: str) -> bytes:
        """The body of a small document answered with 200. Raises BadAnswer."""
        self._require_tls(url)
        try:
            async with (
                asyncio.timeout(TIMEOUT_SECONDS),
                self._client.stream("GET", url, headers={"accept": "application/json"}) as response,
            ):
                if response.status_code != 200:
                    raise BadAnswer(f"status {response.status_code}")
                return await _bounded(response)
        except (httpx2.HTTPError, OSError) as error:
            raise BadAnswer(type(error).__name__) from error

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        """Make one request, which may take `seconds` in all, and never a second one. Raises BadAnswer."""
        self._require_tls(url)
        try:
            async with (
                asyncio.timeout(seconds),
                self._client.stream(
                    method, url, headers=dict(headers), content=content, timeout=seconds
                ) as response,
            ):
                return Answer(response.status_code, await _bounded(response))
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:  # TimeoutError is an OSError
            raise BadAnswer(type(error).__name__) from error

    def _require_tls(self, url: str) -> None:
        try:
            parts = urlsplit(url)
        except ValueError as error:
            raise BadAnswer("InvalidURL") from error
        if parts.scheme != "https" and parts.hostname not in self._unencrypted:
            raise BadAnswer("an address without TLS, which IDP_UNENCRYPTED_HOSTS does not name")

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.aclose()


async def _bounded(response: httpx2.Response) -> bytes:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MOST_BYTES:
            raise BadAnswer("answer too long")
    return body
