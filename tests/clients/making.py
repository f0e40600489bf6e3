"""Factories for the tests of the SDK: a clock held still, keys, and tokens as a provider would sign them."""

import secrets
from typing import Any

from joserfc import jwk, jwt
from joserfc.jws import JWSRegistry

from clients.sdk.core.jwt import Keys, read_keys
from clients.sdk.core.logout import EVENT
from clients.sdk.core.metadata import Metadata, Registration, read_metadata
from clients.sdk.core.session import Session
from clients.sdk.core.tokens import Identity, Tokens
from clients.sdk.sources import Sources

ISSUER = "http://127.0.0.1:8100"
SYSTEM = "http://127.0.0.1:8101"
CLIENT_ID = "credit-client"
NOW = 1_800_000_000
NONCE = "nonce-of-this-login"


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.time = float(NOW)

    def __call__(self) -> float:
        return self.time

    def pass_by(self, seconds: float) -> None:
        self.time += seconds


def sources(clock: Clock) -> Sources:
    return Sources(now=clock, new_token=secrets.token_urlsafe)


class SigningKey:
    """A provider's key."""

    def __init__(self, algorithm: str = "ES256", kid: str = "key-1") -> None:
        self.algorithm, self.kid = algorithm, kid
        self.private = _new_key(algorithm)

    def sign(self, claims: dict[str, Any], typ: str | None = "JWT", **header: Any) -> str:
        registry = JWSRegistry(algorithms=[self.algorithm], strict_check_header=False)
        if self.algorithm == "EdDSA":
            registry.get_alg = lambda name: JWSRegistry.algorithms[name]  # type: ignore[method-assign]
        given = {"alg": self.algorithm, "kid": self.kid} | ({"typ": typ} if typ else {}) | header
        return jwt.encode(given, claims, self.private, registry=registry, default_type=None)

    def public(self) -> dict[str, Any]:
        return {**self.private.as_dict(private=False), "kid": self.kid, "use": "sig", "alg": self.algorithm}


def _new_key(algorithm: str) -> jwk.Key:
    if algorithm == "RS256":
        return jwk.RSAKey.generate_key(2048)
    return jwk.OKPKey.generate_key("Ed25519") if algorithm == "EdDSA" else jwk.ECKey.generate_key("P-256")


def key_set(*keys: SigningKey) -> Keys:
    return read_keys({"keys": [key.public() for key in keys]})


def registration(**changes: Any) -> Registration:
    given = {
        "issuer": ISSUER,
        "client_id": CLIENT_ID,
        "redirect_uri": f"{SYSTEM}/callback",
        "post_logout_redirect_uri": f"{SYSTEM}/",
        "scope": "openid profile",
    }
    return Registration(**(given | changes))


def discovery(**changes: Any) -> dict[str, Any]:
    return {
        "issuer": ISSUER,
        "authorization_endpoint": f"{ISSUER}/authorize",
        "token_endpoint": f"{ISSUER}/token",
        "jwks_uri": f"{ISSUER}/jwks",
        "userinfo_endpoint": f"{ISSUER}/userinfo",
        "end_session_endpoint": f"{ISSUER}/end_session",
        "authorization_response_iss_parameter_supported": True,
    } | changes


def metadata(**changes: Any) -> Metadata:
    return read_metadata(discovery(**changes), ISSUER)


def id_claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "sub": "person-1",
        "aud": CLIENT_ID,
        "iat": NOW,
        "exp": NOW + 300,
        "auth_time": NOW - 5,
        "nonce": NONCE,
        "acr": "urn:zhanhe:acr:level:2",
        "amr": ["pwd"],
        "sid": "session-1",
    }
    return _changed(claims, changes)


def access_claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "sub": "person-1",
        "aud": ISSUER,
        "iat": NOW,
        "exp": NOW + 300,
        "client_id": CLIENT_ID,
        "scope": "openid",
        "jti": "token-1",
    }
    return _changed(claims, changes)


def logout_claims(**changes: Any) -> dict[str, Any]:
    claims = {
        "iss": ISSUER,
        "aud": CLIENT_ID,
        "iat": NOW,
        "exp": NOW + 120,
        "jti": "notice-1",
        "sub": "person-1",
        "sid": "session-1",
        "events": {EVENT: {}},
    }
    return _changed(claims, changes)


def tokens(id_token: str | None = None, **changes: Any) -> Tokens:
    given = {
        "access_token": "access-1",
        "refresh_token": "refresh-1",
        "id_token": id_token,
        "expires_at": NOW + 300,
        "refresh_at": NOW + 240,
    }
    return Tokens(**(given | changes))


def session(*, subject: str = "person-1", sid: str | None = "session-1", issued_at: int = NOW) -> Session:
    identity = Identity(subject, sid, "urn:zhanhe:acr:level:2", NOW, issued_at, {})
    return Session(identity, tokens("id-token"), {"name": "张三"}, "csrf-1", 0, NOW)


def _changed(claims: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """With changes; None takes a claim away."""
    return {name: value for name, value in (claims | changes).items() if value is not None}
