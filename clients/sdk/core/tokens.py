"""Validation of ID tokens (OpenID Connect Core §3.1.3.7, §12.2), access tokens (RFC 9068), token answers."""

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256, sha512
from typing import Any

from clients.sdk.core.acting import Principal, read_principal
from clients.sdk.core.errors import InvalidToken, Unavailable
from clients.sdk.core.jwt import Keys, check_claims, text_claim, verify
from clients.sdk.core.levels import level_of
from clients.sdk.core.metadata import Registration

REFRESH_AHEAD_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """Who logged in, how strongly, and in which session of the provider, as an ID token told."""

    subject: str
    sid: str | None
    acr: str | None
    auth_time: int | None
    issued_at: int
    claims: Mapping[str, Any] = field(repr=False)
    principal: Principal | None = None

    @property
    def level(self) -> int:
        """The level this login reached."""
        return level_of(self.acr)


@dataclass(frozen=True, slots=True)
class Tokens:
    """A token answer (RFC 6749 §5.1) with instants instead of durations."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    id_token: str | None = field(repr=False)
    expires_at: float | None
    refresh_at: float | None


def read_tokens(answer: Mapping[str, Any], now: float) -> Tokens:
    """The tokens of a token endpoint's answer; raises Unavailable if it is not one."""
    access_token, kind = answer.get("access_token"), answer.get("token_type")
    if not isinstance(access_token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
        raise Unavailable("the token answer has no bearer token")
    lifetime = answer.get("expires_in")
    if not isinstance(lifetime, int | float) or isinstance(lifetime, bool):
        lifetime = None
    # a third of a short life, so that a token of one minute is not renewed at every request
    ahead = min(REFRESH_AHEAD_SECONDS, lifetime / 3) if lifetime is not None else 0
    return Tokens(
        access_token=access_token,
        refresh_token=_text(answer.get("refresh_token")),
        id_token=_text(answer.get("id_token")),
        expires_at=None if lifetime is None else now + lifetime,
        refresh_at=None if lifetime is None else now + lifetime - ahead,
    )


def validate_id_token(
    tokens: Tokens, registration: Registration, keys: Keys, *, nonce: str, now: float
) -> Identity:
    """The identity a login's ID token proves; raises InvalidToken."""
    claims = _id_token_claims(tokens, registration, keys, now)
    given = text_claim(claims, "nonce", required=True) or ""
    if not hmac.compare_digest(given.encode(), nonce.encode()):
        raise InvalidToken("nonce is another login's")
    return _identity(claims)


def validate_refreshed_id_token(
    tokens: Tokens, registration: Registration, keys: Keys, *, previous: Identity, now: float
) -> Identity:
    """The identity of an ID token that came with a refresh: the same person, the same login (Core §12.2)."""
    identity = _identity(_id_token_claims(tokens, registration, keys, now))
    if identity.subject != previous.subject:
        raise InvalidToken("sub changed at a refresh")
    if identity.auth_time is not None and previous.auth_time not in (None, identity.auth_time):
        raise InvalidToken("auth_time changed at a refresh")
    if identity.principal != previous.principal:
        raise InvalidToken("principal changed at a refresh")
    return identity


def validate_access_token(
    token: str, registration: Registration, keys: Keys, *, audience: str, now: float
) -> Mapping[str, Any]:
    """The claims of an access token shown to this system as a resource server (RFC 9068 §4)."""
    claims = verify(token, keys, registration.algorithms, ("at+jwt",))
    check_claims(claims, registration, audience, now)
    for name in ("sub", "client_id", "jti"):
        text_claim(claims, name, required=True)
    return claims


def _id_token_claims(tokens: Tokens, registration: Registration, keys: Keys, now: float) -> dict[str, Any]:
    if tokens.id_token is None:
        raise InvalidToken("there is no ID token")
    claims = verify(tokens.id_token, keys, registration.algorithms, ("jwt",))
    check_claims(claims, registration, registration.client_id, now)
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != registration.client_id:
        raise InvalidToken("azp is another client's")
    at_hash = text_claim(claims, "at_hash")
    if at_hash is not None and at_hash not in _at_hashes(tokens.access_token):
        raise InvalidToken("at_hash is another access token's")
    return claims


def _at_hashes(access_token: str) -> tuple[str, ...]:
    """Left halves by SHA-256 (ES256, RS256) and SHA-512 (Ed25519), Core §3.1.3.6."""
    digests = sha256(access_token.encode()).digest(), sha512(access_token.encode()).digest()
    return tuple(urlsafe_b64encode(d[: len(d) // 2]).rstrip(b"=").decode() for d in digests)


def _identity(claims: dict[str, Any]) -> Identity:
    auth_time = claims.get("auth_time")
    if auth_time is not None and (not isinstance(auth_time, int) or isinstance(auth_time, bool)):
        raise InvalidToken("auth_time is not a whole number")
    return Identity(
        subject=text_claim(claims, "sub", required=True) or "",
        sid=text_claim(claims, "sid"),
        acr=text_claim(claims, "acr"),
        auth_time=auth_time,
        issued_at=int(claims["iat"]),
        claims=claims,
        principal=read_principal(claims),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
