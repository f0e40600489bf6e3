"""A signing key: its name, algorithm and the stretch of time in which it signs and is published."""

from dataclasses import dataclass, field
from enum import StrEnum


class Algorithm(StrEnum):
    """JWS algorithms we sign with (RFC 7518 §3.1, RFC 9864 keeps EdDSA as the registered name)."""

    ES256 = "ES256"
    RS256 = "RS256"
    EDDSA = "EdDSA"


@dataclass(frozen=True, slots=True)
class KeyPeriod:
    """When a key signs and is published, in Unix seconds; `retires_at` None means no end is set.

    A revoked key is in strangers' hands, or may be: nothing that it signed is believed, whenever.
    """

    kid: str
    algorithm: Algorithm
    signs_from: float
    retires_at: float | None
    revoked: bool = False

    def published(self, now: float) -> bool:
        """In the JWKS from its making until it retires: before it signs, so that every cache can know it."""
        return not self.revoked and (self.retires_at is None or self.retires_at > now)

    def signs(self, now: float) -> bool:
        """May be the signing key now."""
        return self.published(now) and self.signs_from <= now


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A signing key as it is stored: `KeyStore.private_key` opens the sealed part; the JWK is a JSON document."""

    period: KeyPeriod
    private_key: bytes = field(repr=False)
    public_jwk: bytes


def signing_key(periods: list[KeyPeriod], algorithm: Algorithm, now: float) -> KeyPeriod | None:
    """The newest key of an algorithm that signs now; of two of one moment, the one that was not replaced."""
    able = [period for period in periods if period.algorithm == algorithm and period.signs(now)]
    return max(able, key=lambda period: (period.signs_from, period.retires_at is None), default=None)
