"""Short messages through the HTTP interface of a gateway, described by a profile."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from idp.infrastructure.beijing import moment_of
from idp.infrastructure.http_client import Answer, BadAnswer, HttpClient
from idp.infrastructure.messages.interface import Message
from idp.infrastructure.messages.profile import BadGatewayProfile, GatewayProfile, GatewaySigner, fill
from idp.infrastructure.outbox import DeliveryFailed
from idp.infrastructure.sources import Sources


class Gateway:
    """Sends one message per call. Raises BadProfile when credentials are missing."""

    def __init__(
        self, profile: GatewayProfile, credentials: Mapping[str, str], http: HttpClient, sources: Sources
    ) -> None:
        missing = sorted(profile.credentials() - credentials.keys())
        if missing:
            raise BadGatewayProfile(f"{profile.title}: no value for {', '.join(missing)}")
        self._profile = profile
        self._credentials = dict(credentials)
        self._http = http
        self._sources = sources

    async def __call__(self, message: Message) -> None:
        """See `MessageChannel`."""
        profile = self._profile
        values = self._values(message)
        headers = {name: fill(text, values) for name, text in profile.headers.items()}
        if profile.sign.signer is GatewaySigner.BEARER:
            headers["authorization"] = f"Bearer {self._credentials[profile.sign.secret]}"
        fields = {name: fill(text, values) for name, text in profile.fields.items()}
        content_type, body = _body(profile.body, fields)
        url = fill(profile.url, values)
        if profile.method == "GET":
            url, body = f"{url}{'&' if '?' in url else '?'}{urlencode(fields)}", b""
        else:
            headers["content-type"] = content_type
        try:
            answer = await self._http.call(
                profile.method, url, headers=headers, content=body, seconds=profile.timeout_seconds
            )
        except BadAnswer as error:
            raise DeliveryFailed(str(error)) from error
        self._judge(answer)

    def _values(self, message: Message) -> dict[str, str]:
        now = self._sources.now()
        values = {
            **self._credentials,
            "code": "",
            "minutes": "",
            "hall": "",
            "errand": "",
            **message.values,
            "phone": message.to,
            "text": message.text,
            "id": message.id,
            "template": self._profile.templates.get(message.sort, ""),  # type: ignore[call-overload]
            "timestamp": str(int(now)),
            "timestamp_ms": str(int(now * 1000)),
            "time_text": moment_of(now).strftime(self._profile.time_format),
        }
        return values | {"signature": self._signature(values)}

    def _signature(self, values: Mapping[str, str]) -> str:
        sign = self._profile.sign
        if sign.signer not in (GatewaySigner.MD5, GatewaySigner.HMAC_SHA256):
            return ""
        text = sign.join.join(fill(part, values) for part in sign.parts).encode()
        if sign.signer is GatewaySigner.MD5:
            digest = hashlib.md5(text, usedforsecurity=False).digest()  # not ours to choose
        else:
            digest = hmac.digest(self._credentials[sign.secret].encode(), text, "sha256")
        if sign.output == "base64":
            return base64.b64encode(digest).decode()
        return digest.hex().upper() if sign.output == "HEX" else digest.hex()

    def _judge(self, answer: Answer) -> None:
        """Raise DeliveryFailed unless the gateway took the message; what it said may quote the phone."""
        success = self._profile.success
        if answer.status not in success.status:
            raise DeliveryFailed(f"status {answer.status}")
        if not success.at:
            return
        try:
            said = _at(orjson.loads(answer.body), success.at)
        except (ValueError, KeyError, IndexError, TypeError):
            raise DeliveryFailed("an answer that cannot be read") from None
        if said != success.equals:
            raise DeliveryFailed("the gateway refused")


def _body(kind: str, fields: Mapping[str, str]) -> tuple[str, bytes]:
    if kind == "form":
        return "application/x-www-form-urlencoded", urlencode(fields).encode()
    document = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
    return "application/json", base64.b64encode(document) if kind == "base64-json" else document


def _at(document: Any, path: str) -> str:
    for name in path.split("."):
        document = document[int(name)] if isinstance(document, list) else document[name]
    if isinstance(document, bool):
        return str(document).lower()
    return str(document)
