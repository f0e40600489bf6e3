"""One call to a platform: made from its step, sent once, its reply deciphered and judged."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from idp.federation.exchange.outgoing import Outgoing
from idp.federation.model import Exchange, Failure, LoginFailureReason
from idp.federation.profiles.model import Decode, Encrypt, PlatformStep, Profile, Sign, Success
from idp.federation.profiles.pointers import MISSING, find, put, text
from idp.federation.profiles.templates import UnknownName, fill, fill_all
from idp.federation.signers.interface import Signer
from idp.federation.transforms.interface import Transform
from idp.infrastructure.http_client import BadAnswer, HttpClient

_ENCODERS: Mapping[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "base64": lambda data: base64.b64encode(data).decode(),
}
_DECODERS: Mapping[str, Callable[[str], bytes]] = {
    "hex": bytes.fromhex,
    "base64": lambda text: base64.b64decode(text, validate=True),
    "text": str.encode,
}
PREVIOUS = "previous_"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an installation adds to a profile: secrets, changed variables, `previous_NAME` in a rotation."""

    current: Mapping[str, str] = field(repr=False)

    @property
    def before(self) -> dict[str, str]:
        """The same with every secret that is being rotated at its old value."""
        old = {
            name.removeprefix(PREVIOUS): value
            for name, value in self.current.items()
            if name.startswith(PREVIOUS)
        }
        return {**self.current, **old}


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a call: a status and a body, or why there is none."""

    status: int = 0
    body: bytes = field(default=b"", repr=False)
    failure: Failure | None = None
    milliseconds: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply that says success: the readable document, and what the step takes from it."""

    document: Any = field(repr=False)
    extracted: dict[str, str] = field(repr=False)


class Platform:
    """A profile with its credentials and means."""

    def __init__(
        self,
        profile: Profile,
        credentials: Credentials,
        signers: Mapping[str, Signer],
        transforms: Mapping[str, Transform],
    ) -> None:
        self._profile = profile
        self._credentials = credentials
        self._signers = signers
        self._transforms = transforms

    def request(self, step: PlatformStep, values: Mapping[str, str]) -> Outgoing | Failure:
        """The finished request: filled, encrypted, signed."""
        try:
            request = Outgoing(
                step.method,
                fill(step.url, values),
                fill_all(step.query, values),
                fill_all(step.form, values),
                fill_all(step.json_body, values),
                fill_all(step.headers, values),
            )
            for one in step.encrypt:
                self._encrypt(request, one, values)
            for one_signature in step.sign:
                self._sign(request, one_signature, values)
        except UnknownName as error:
            return Failure(LoginFailureReason.CONFIGURATION, step.name, f"no value for {error}")
        except (KeyError, ValueError) as error:
            return Failure(LoginFailureReason.CONFIGURATION, step.name, type(error).__name__)
        if not self._allowed(request.url, values):
            return Failure(LoginFailureReason.CONFIGURATION, step.name, "host is not among egress_hosts")
        return request

    async def send(self, http: HttpClient, step: PlatformStep, request: Outgoing) -> Sent:
        """Send it, once."""
        headers = {"accept": "application/json", **request.headers}
        content = b""
        if request.form:
            headers["content-type"] = "application/x-www-form-urlencoded"
            content = urlencode(request.form).encode()
        elif request.json:
            headers["content-type"] = "application/json"
            content = json.dumps(request.json, ensure_ascii=False, separators=(",", ":")).encode()
        seconds = self._profile.limits.timeout_seconds
        clock = asyncio.get_running_loop().time
        begun = clock()
        try:
            answer = await http.call(
                request.method, request.full_url, headers=headers, content=content, seconds=seconds
            )
        except BadAnswer as error:
            failure = Failure(LoginFailureReason.UNAVAILABLE, step.name, str(error))
            return Sent(failure=failure, milliseconds=int((clock() - begun) * 1000))
        return Sent(answer.status, answer.body, milliseconds=int((clock() - begun) * 1000))

    def reply(self, step: PlatformStep, sent: Sent) -> Reply | Failure:
        """What was answered, or why it is of no use."""
        if sent.failure is not None:
            return sent.failure
        if sent.status >= 500:
            return Failure(LoginFailureReason.UNAVAILABLE, step.name, f"status {sent.status}", answered=True)
        try:
            document = self._decoded(step, orjson.loads(sent.body))
        except (ValueError, KeyError) as error:
            said = f"status {sent.status}, {type(error).__name__}"
            return Failure(LoginFailureReason.MALFORMED, step.name, said, answered=True)
        if not all(_holds(one, document) for one in step.success):
            return self._refusal(step, document)
        extracted = {}
        for name, pointer in step.extract.items():
            found = text(find(document, pointer))
            if not found:
                return Failure(
                    LoginFailureReason.MALFORMED, step.name, f"no {name} in the reply", answered=True
                )
            extracted[name] = found
        return Reply(document, extracted)

    def exchange(self, step: PlatformStep, request: Outgoing, sent: Sent, reply: Reply | Failure) -> Exchange:
        """The call as it may be kept."""
        parts = urlsplit(request.url)
        outcome = f"{reply.reason} {reply.safe_detail}".strip() if isinstance(reply, Failure) else "ok"
        return Exchange(
            self._profile.name, step.name, request.method, parts.netloc, parts.path, sent.status,
            sent.milliseconds, outcome, hashlib.sha256(sent.body).hexdigest(),
        )  # fmt: skip

    def _refusal(self, step: PlatformStep, document: Any) -> Failure:
        said = next(filter(None, (text(find(document, place)) for place in step.error_at)), "")
        for words, reason in step.errors.items():
            if words in said:
                return Failure(reason, step.name, words)
        return Failure(LoginFailureReason.REFUSED, step.name, said[:200])

    def _encrypt(self, request: Outgoing, one: Encrypt, values: Mapping[str, str]) -> None:
        transform = self._transforms[one.transform]
        options = fill_all(one.options, values)
        sealed = transform.encrypt(request.get(one.at).encode(), fill(one.key, values), options)
        request.set(one.at, _ENCODERS[one.output](sealed))

    def _sign(self, request: Outgoing, one: Sign, values: Mapping[str, str]) -> None:
        signer = self._signers[one.signer]
        parts = [fill(part, values) for part in one.parts]
        request.set(one.into, signer.sign(request, parts, fill_all(one.options, values)))

    def _decoded(self, step: PlatformStep, document: Any) -> Any:
        for one in step.decode:
            sealed = find(document, one.at)
            if not isinstance(sealed, str):
                if one.optional or sealed is MISSING:
                    continue  # a refusal carries no data to decipher
                raise ValueError("nothing to decode")
            if not sealed and one.optional:
                continue  # some say "data": "" then
            document = put(document, one.at, self._opened(one, sealed))
        return document

    def _opened(self, one: Decode, sealed: str) -> Any:
        """With the current secret, or during a rotation with the one before."""
        transform, data = self._transforms[one.transform], _DECODERS[one.input](sealed)
        candidates = [self._credentials.current]
        if self._credentials.before != self._credentials.current:
            candidates.append(self._credentials.before)
        for number, values in enumerate(candidates):
            try:
                options = fill_all(one.options, values)
                plain = transform.decrypt(data, fill(one.key, values), options)
                return orjson.loads(plain) if one.then == "json" else plain.decode()
            except ValueError:
                if number == len(candidates) - 1:
                    raise
        raise AssertionError("unreachable")

    def _allowed(self, url: str, values: Mapping[str, str]) -> bool:
        allowed = self._profile.limits.egress_hosts or ["{host}"]
        hosts = {urlsplit(fill(one, values)).netloc or fill(one, values) for one in allowed}
        return urlsplit(url).netloc in hosts


def _holds(condition: Success, document: Any) -> bool:
    found = find(document, condition.at)
    if condition.absent:
        return found is MISSING or found in (None, "")
    if condition.present:
        return found is not MISSING and found not in (None, "")
    wanted = [condition.equals] if condition.equals is not None else condition.one_of
    return found is not MISSING and text(found) in {text(one) for one in wanted}
