"""Runs a profile against answers that were recorded, without the platform and without a network."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from idp.federation.exchange.call import Credentials
from idp.federation.exchange.engine import Engine
from idp.federation.model import Exchange, Failure, UserType
from idp.federation.profiles.model import Profile
from idp.infrastructure.http_client import Answer, BadAnswer, HttpClient
from idp.infrastructure.sources import system_sources

RECORDED = "recorded"
"""The folder beside the profiles: NAME.json holds logins at a simulated platform, with secrets made for that."""
_KEPT_BACK = frozenset({"token", "answer_digest"})
"""Of an identity: not recorded, since they are new each time."""
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class Recording:
    """Logins as they went over the wire, the secrets that signed them, and when it was."""

    at: float
    secrets: Mapping[str, str]
    logins: list[dict[str, Any]]


def read_recording(folder: Path, name: str) -> Recording | None:
    """What was recorded of a platform; None where nothing was."""
    path = folder / RECORDED / f"{name}.json"
    if not path.is_file():
        return None
    content = json.loads(path.read_text("utf-8"))
    return Recording(content["at"], content["secrets"], content["logins"])


async def rehearse(profile: Profile, recording: Recording) -> list[str]:
    """Do every recorded login again; what came out differently, each with its place. Says no value."""
    problems: list[str] = []
    for login in recording.logins:
        problems += [f"{login['kind']}: {problem}" for problem in await _again(profile, recording, login)]
    return problems


async def _again(profile: Profile, recording: Recording, login: dict[str, Any]) -> list[str]:
    http = _Replies(login["calls"])
    engine = Engine(http, system_sources(lambda: recording.at), _forget)
    brought = {
        **login["callback"],
        "callback": "https://rehearsal.invalid/callback",
        "code_verifier": "rehearsal",
    }
    found = await engine.complete(profile, _credentials(profile, recording), UserType(login["kind"]), brought)
    if isinstance(found, Failure):
        return [f"{found.step}: {found.reason.value} {found.safe_detail}".rstrip()]
    expected = {name: value for name, value in login["identity"].items() if name not in _KEPT_BACK}
    said = json.loads(json.dumps(asdict(found)))
    return [f"{name} came out differently" for name in sorted(expected) if said[name] != expected[name]]


def _credentials(profile: Profile, recording: Recording) -> Credentials:
    """The recorded secrets; a private key is never recorded, so that one of our own signs."""
    lacking = [name for name in profile.secrets.required if name not in recording.secrets]
    return Credentials({**recording.secrets, **{name: _private_key() for name in lacking}})


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    der = serialization.Encoding.DER, serialization.PrivateFormat.PKCS8
    return base64.b64encode(key.private_bytes(*der, serialization.NoEncryption())).decode()


async def _forget(exchange: Exchange) -> None:
    """A rehearsal leaves no line."""


class _Replies(HttpClient):
    """Answers with what was recorded, one after the other; whoever asks for something else gets nothing."""

    def __init__(self, calls: list[dict[str, Any]]) -> None:
        self._waiting = list(calls)

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], content: bytes, seconds: float
    ) -> Answer:
        """See `HttpClient.call`. The recording's host may have been another, with a path in front."""
        if not self._waiting:
            raise BadAnswer("one call more than was recorded")
        expected = self._waiting.pop(0)
        if method != expected["method"] or not expected["path"].endswith(urlsplit(url).path):
            raise BadAnswer(f"recorded was {expected['method']} {expected['path']}")
        return Answer(expected["status"], json.dumps(expected["reply"]).encode())
