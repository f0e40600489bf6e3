"""Reading a signed JWT (RFC 7519) with one of the provider's public keys, and nothing else."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey
from joserfc.jwt import JWTClaimsRegistry
from joserfc.util import json_b64decode

from clients.sdk.core.errors import InvalidToken, Unavailable, UnknownKey
from clients.sdk.core.metadata import Registration

MOST_CHARACTERS = 16_384
PublicKey = ECKey | OKPKey | RSAKey
Keys = Mapping[str, PublicKey]


class _Registry(jws.JWSRegistry):
    """Only the named algorithms; joserfc warns of "EdDSA" since RFC 9864, OpenID Connect uses it."""

    def get_alg(self, name: str) -> JWSAlgModel:
        if name not in (self.allowed or ()) or name not in self.algorithms:
            raise UnsupportedAlgorithmError("the algorithm is not allowed")
        return self.algorithms[name]


def read_keys(document: Mapping[str, Any]) -> Keys:
    """The signature keys of a JWK Set by kid; what is not understood is passed over (RFC 7517 §5)."""
    keys: dict[str, PublicKey] = {}
    entries = document.get("keys")
    for entry in entries if isinstance(entries, list) else []:
        try:
            key = JWKRegistry.import_key(entry)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
        kid = entry.get("kid")
        # a symmetric key in a public place is no key: with it anybody could sign
        if isinstance(kid, str) and not isinstance(key, OctKey) and entry.get("use", "sig") == "sig":
            keys[kid] = key
    if not keys:
        raise Unavailable("the key set holds no usable key")
    return keys


def verify(token: str, keys: Keys, algorithms: Collection[str], types: Collection[str]) -> dict[str, Any]:
    """The claims of a token of one of these types, signed by one of these keys; raises InvalidToken."""
    header = _header(token)
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if algorithm not in algorithms:
        raise InvalidToken("alg is not one of ours")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in types:
        raise InvalidToken("typ is another kind of token's")  # RFC 8725 §3.11
    if "crit" in header:
        raise InvalidToken("crit names what is not understood")
    if not isinstance(kid, str):
        raise InvalidToken("kid is missing")
    if kid not in keys:
        raise UnknownKey("kid names no key of the provider's")
    key = keys[kid]
    if key.get("alg") not in (None, algorithm):
        raise InvalidToken("alg is not the key's")
    registry = _Registry(algorithms=list(algorithms), strict_check_header=False)
    try:
        claims = json.loads(jws.deserialize_compact(token, key, registry=registry).payload or b"")
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise InvalidToken(f"signature: {type(error).__name__}") from None
    if not isinstance(claims, dict):
        raise InvalidToken("claims are no JSON object")
    return claims


def check_claims(claims: dict[str, Any], registration: Registration, audience: str, now: float) -> None:
    """Issuer, audience and times (RFC 7519 §4.1); raises InvalidToken."""
    registry = JWTClaimsRegistry(
        now=int(now),
        leeway=registration.clock_skew,
        iss={"essential": True, "value": registration.issuer},
        aud={"essential": True, "value": audience},
        exp={"essential": True},
        iat={"essential": True},
    )
    try:
        registry.validate(claims)
    except JoseError as error:
        raise InvalidToken(error.description) from None


def text_claim(claims: Mapping[str, Any], name: str, *, required: bool = False) -> str | None:
    """A claim that must be non-empty text if it is there."""
    value = claims.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or not value:
        raise InvalidToken(f"{name} is missing or not text")
    return value


def _header(token: str) -> dict[str, Any]:
    if len(token) > MOST_CHARACTERS or not token.isascii() or token.count(".") != 2:
        raise InvalidToken("not a compact JWS")
    try:
        header = json_b64decode(token.partition(".")[0].encode())
    except (ValueError, TypeError, RecursionError):
        raise InvalidToken("the header cannot be read") from None
    if not isinstance(header, dict):
        raise InvalidToken("the header is no JSON object")
    return header
