"""Runs a profile: sends the browser off, spends the ticket, asks who it is, says it in our own words."""

import asyncio
import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import idp.federation.signers
import idp.federation.transforms
from idp.federation.exchange.call import Credentials, Platform
from idp.federation.exchange.outgoing import Outgoing
from idp.federation.model import Channel, Exchange, Failure, LoginFailureReason, UpstreamIdentity, UserType
from idp.federation.profiles.mapping import identity
from idp.federation.profiles.model import PlatformStep, Profile, Redirect
from idp.federation.profiles.templates import FILTERS, fill
from idp.federation.signers.interface import Signer
from idp.federation.transforms.interface import Transform
from idp.infrastructure import plugins
from idp.infrastructure.beijing import BEIJING
from idp.infrastructure.http_client import HttpClient
from idp.infrastructure.sources import Sources

TOKEN = "token"  # noqa: S105
"""The extract that a step may leave for `hand_on`."""
MOST_CHARACTERS = 4096
"""Of a ticket; none that is known has a tenth of them."""
Record = Callable[[Exchange], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Start:
    """A login about to begin: where the browser is, as whom, where it shall return, our own state and proof."""

    channel: Channel
    user_type: UserType
    callback: str
    state: str
    code_verifier: str


class Engine:
    """Knows no platform: whatever differs stands in the profile, whatever is secret in the credentials."""

    def __init__(self, http: HttpClient, sources: Sources, record: Record) -> None:
        self._sources = sources
        self._record = record
        signers = plugins.load(idp.federation.signers, "SIGNER", Signer)  # type: ignore[type-abstract]
        transforms = plugins.load(idp.federation.transforms, "TRANSFORM", Transform)  # type: ignore[type-abstract]
        self.signers = {signer.name: signer for signer in signers}
        self.transforms = {transform.name: transform for transform in transforms}
        self._http = http

    def authorize_url(self, profile: Profile, credentials: Credentials, start: Start) -> str:
        """Where the browser is sent; raises UnknownName, KeyError for a channel the platform does not have."""
        entrance = profile.authorize.channels[start.channel]
        values = self._values(profile, credentials) | {
            "callback": start.callback,
            "state": start.state,
            "code_challenge": _challenge(start.code_verifier),
            "user_type": profile.authorize.user_types.get(start.user_type, ""),
        }
        query = {name: fill(template, values) for name, template in entrance.query.items()}
        for name, encoders in entrance.encode.items():
            for encoder in encoders:
                query[name] = FILTERS[encoder](query[name])
        return Outgoing("GET", fill(entrance.url, values), query).full_url

    async def complete(
        self, profile: Profile, credentials: Credentials, user_type: UserType, parameters: Mapping[str, str]
    ) -> UpstreamIdentity | Failure:
        """Who came back with these parameters of the callback. Makes every call at most once.

        Beside what the browser brought, `parameters` holds what the login began with: callback and code_verifier.
        """
        if error := parameters.get(profile.callback.error):
            return Failure(
                LoginFailureReason.REFUSED, "callback", hashlib.sha256(error.encode()).hexdigest()[:12]
            )
        ticket = parameters.get(profile.callback.ticket, "")
        kept = {f"callback.{name}": parameters.get(name, "") for name in profile.callback.keep}
        if not ticket or not all(map(_is_sent_on, (ticket, *kept.values()))):
            return Failure(LoginFailureReason.NO_TICKET, "callback")
        values = self._values(profile, credentials) | kept | {
            "ticket": ticket,
            "callback": parameters.get("callback", ""),
            "code_verifier": parameters.get("code_verifier", ""),
            "user_type": profile.authorize.user_types.get(user_type, ""),
        }  # fmt: skip
        steps = [step for step in profile.steps if step.when in ("always", user_type.value)]
        replies = await self._run(profile, credentials, steps, values)
        if isinstance(replies, Failure):
            return replies
        found = identity(profile, user_type, replies)
        if isinstance(found, Failure):
            return found
        return replace(found, token=values.get(TOKEN, ""), answer_digest=_digest(replies))

    async def hand_on(
        self, profile: Profile, credentials: Credentials, token: str, target_app: str
    ) -> str | Failure:
        """The address under which another application of the platform takes somebody over."""
        if profile.hand_on is None:
            return Failure(LoginFailureReason.CONFIGURATION, "hand_on", "the profile has no hand_on")
        values = self._values(profile, credentials) | {TOKEN: token, "target_app": target_app}
        replies = await self._run(profile, credentials, profile.hand_on.steps, values)
        if isinstance(replies, Failure):
            return replies
        return self._address(Redirect(url=profile.hand_on.url, query=profile.hand_on.query), values)

    def logout_url(self, profile: Profile, credentials: Credentials, back: str) -> str | None:
        """Where the browser ends its session at the platform, to come back afterwards; None when it cannot."""
        if profile.logout is None:
            return None
        return self._address(profile.logout, self._values(profile, credentials) | {"back": back})

    def trust_url(self, profile: Profile, credentials: Credentials, callback: str) -> str | None:
        """Where somebody with a session at the platform is sent to arrive here known; None without such a way."""
        if profile.trust is None:
            return None
        return self._address(profile.trust, self._values(profile, credentials) | {"callback": callback})

    def _address(self, redirect: Redirect, values: Mapping[str, str]) -> str:
        query = {name: fill(template, values) for name, template in redirect.query.items()}
        return Outgoing("GET", fill(redirect.url, values), query).full_url

    async def _run(
        self, profile: Profile, credentials: Credentials, steps: list[PlatformStep], values: dict[str, str]
    ) -> dict[str, Any] | Failure:
        """The replies of the steps, in order, until one fails; what a step extracts goes into the values."""
        platform = Platform(profile, credentials, self.signers, self.transforms)
        replies: dict[str, Any] = {}
        for step in steps:
            # Signing and deciphering by the national algorithms takes tens of milliseconds: not in the loop.
            request = await asyncio.to_thread(platform.request, step, values)
            if isinstance(request, Failure):
                return request
            sent = await platform.send(self._http, step, request)
            reply = await asyncio.to_thread(platform.reply, step, sent)
            await self._record(platform.exchange(step, request, sent, reply))
            if isinstance(reply, Failure):
                return reply
            replies[step.name] = reply.document
            values.update(reply.extracted)
        return replies

    def _values(self, profile: Profile, credentials: Credentials) -> dict[str, str]:
        now = self._sources.now()
        moment = datetime.fromtimestamp(now, UTC)
        values = dict(profile.variables) | dict(credentials.current)
        for name, template in profile.variables.items():
            if name not in credentials.current:
                values[name] = fill(template, values)
        return values | {
            "time": moment.astimezone(BEIJING).strftime("%Y%m%d%H%M%S"),
            "time_dashed": moment.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S"),
            "time_ms": str(int(now * 1000)),
            "date_gmt": format_datetime(moment, usegmt=True),
            "nonce": self._sources.new_token(12),
            "uuid": self._sources.new_id(),
        }


BUILTINS = frozenset(
    {
        "time", "time_dashed", "time_ms", "date_gmt", "nonce", "uuid", "ticket", "callback", "state", "user_type",
        "back", "target_app", "token", "code_verifier", "code_challenge",
    }
)  # fmt: skip
"""Names every profile may use."""


def _is_sent_on(text: str) -> bool:
    """Whether a platform may be asked about it: VSCHAR, of which a code is made (RFC 6749 Appendix A.11)."""
    return len(text) <= MOST_CHARACTERS and text.isascii() and text.isprintable()


def _challenge(verifier: str) -> str:
    """S256 (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _digest(replies: Mapping[str, Any]) -> str:
    """What was answered, as it may be kept: proof of sameness, no content."""
    return hashlib.sha256(quote(repr(sorted(replies.items()))).encode()).hexdigest()
