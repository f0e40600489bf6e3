"""Asks authorities who know people: one signed request, answered in time or not at all, and never made twice.

From public client code of the national platform's gateway: the four headers, what their signature covers, the answer
`{code, message, data}` with code 200. Ours is the second signature, over the body, which the first leaves out; a
gateway that does not know the header ignores it. What is asked and answered inside is each verifier's own assumption.
"""

import hashlib
import hmac
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

from idp.infrastructure.http_client import BadAnswer, HttpClient
from idp.infrastructure.sources import Sources
from idp.infrastructure.vault import Vault

SECONDS = 8.0
DONE = (200, "200")

log = structlog.get_logger(__name__)


class AuthorityUnavailable(Exception):
    """The authority gave no answer that can be used: nothing is known, and nothing has changed."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where an authority is, and who we are to it."""

    url: str
    app_id: str
    secret: str = field(repr=False)
    org_id: str = ""


class Authority:
    """One authority's interface."""

    def __init__(self, name: str, access: Access, http: HttpClient, vault: Vault, sources: Sources) -> None:
        self.name = name
        self.access = access
        self._http = http
        self._vault = vault
        self._sources = sources

    async def ask(self, service: str, path: str, document: dict[str, Any]) -> dict[str, Any]:
        """The `data` of the answer; raises AuthorityUnavailable."""
        body = orjson.dumps(document)
        headers = {"content-type": "application/json", "accept": "application/json"}
        headers |= self._signed(service, body)
        url = self.access.url.rstrip("/") + path
        try:
            answer = await self._http.call("POST", url, headers=headers, content=body, seconds=SECONDS)
            if answer.status != 200:
                raise BadAnswer(f"status {answer.status}")
            said = orjson.loads(answer.body)
            if (
                not isinstance(said, dict)
                or said.get("code") not in DONE
                or not isinstance(said.get("data"), dict)
            ):
                raise BadAnswer("not an answer to the question")
        except (BadAnswer, ValueError) as error:
            # A parser's message quotes what it read, which may be of a person.
            reason = str(error) if isinstance(error, BadAnswer) else "not JSON"
            log.warning("an authority gave no answer", authority=self.name, reason=reason)
            raise AuthorityUnavailable(self.name) from None
        data: dict[str, Any] = said["data"]
        return data

    def digest(self, identifier: str) -> str:
        """What is kept of an identifier that the authority gave: whether it is the same, not what it is."""
        return self._vault.token_hash(f"authority:{self.name}", identifier).hex()

    def _signed(self, service: str, body: bytes) -> dict[str, str]:
        rid, rtime = self.access.app_id, str(int(self._sources.now() * 1000))
        return {
            "gjzwfwpt_rid": rid,
            "gjzwfwpt_sid": service,
            "gjzwfwpt_rtime": rtime,
            "gjzwfwpt_sign": self._mac(f"{service}{rid}{rtime}"),
            "x-body-sign": self._mac(f"{service}{rid}{rtime}{hashlib.sha256(body).hexdigest()}"),
        }

    def _mac(self, text: str) -> str:
        return b64encode(hmac.digest(self.access.secret.encode(), text.encode(), "sha256")).decode()
