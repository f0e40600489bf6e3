"""The key ring of a worker: signs, publishes the JWKS, verifies what we signed, rotates."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.keys import jws as signing
from idp.keys.model import Algorithm, KeyPeriod, StoredKey, signing_key
from idp.keys.store import KeyStore

OVERLAP_SECONDS = 86_400
"""How long a replaced key stays published: longer than any token it signed lives."""
LEAD_SECONDS = 10
"""A new key is published this long before it signs, so that every worker serves it before any uses it."""
_CHOICE_SECONDS = 1.0
_REMEMBER_SECONDS = 10.0
_REMEMBER_MOST = 4096


class UnknownKey(Exception):
    """There is no such signing key, or it was revoked before."""


class UntrustedToken(Exception):
    """A token that we did not sign, or whose type, time or issuer is wrong."""


class RevokedKey(UntrustedToken):
    """The signature is right, and the key in strangers' hands: the claims may be theirs."""

    def __init__(self, claims: dict[str, Any]) -> None:
        super().__init__("signed with a key that was revoked")
        self.claims = claims


class KeyRing:
    """Keys in memory, parsed once; `load` follows the database."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = KeyStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._periods: list[KeyPeriod] = []
        self._signers: dict[str, signing.JwsSigner] = {}
        self._current: dict[Algorithm, tuple[signing.JwsSigner, float]] = {}
        self._jwks: dict[str, dict[str, Any]] = {}
        self._verified: OrderedDict[bytes, tuple[dict[str, Any], float]] = OrderedDict()

    async def load(self) -> None:
        """Read the keys; makes nothing."""
        keys = await self._database.read(self._store.all)
        signers = dict(self._signers)
        for key in keys:
            if key.period.kid not in signers:
                signers[key.period.kid] = self._signer(key)
        self._signers = signers
        self._jwks = {key.period.kid: orjson.loads(key.public_jwk) for key in keys}
        self._periods = [key.period for key in keys]
        self._verified.clear()
        self._current.clear()

    def sign(self, algorithm: Algorithm, typ: str, claims: dict[str, Any]) -> str:
        """A JWT signed with the current key of an algorithm; raises LookupError when there is none."""
        now = self._sources.now()
        signer, chosen_at = self._current.get(algorithm, (None, 0.0))
        if signer is None or not chosen_at <= now < chosen_at + _CHOICE_SECONDS:
            period = signing_key(self._periods, algorithm, now)
            if period is None:
                raise LookupError(f"no {algorithm} signing key; run: idp migrate")
            signer = self._signers[period.kid]
            self._current[algorithm] = signer, now
        return signer.sign(typ, claims)

    def jwks(self) -> bytes:
        """The JWK Set (RFC 7517 §5) of every published key."""
        now = self._sources.now()
        return orjson.dumps({"keys": [self._jwks[p.kid] for p in self._periods if p.published(now)]})

    def periods(self) -> list[KeyPeriod]:
        """Every key's period, oldest first."""
        return list(self._periods)

    def verify(self, token: str, typ: str, *, expired_too: bool = False) -> dict[str, Any]:
        """The claims of a token of ours; raises InvalidToken, and RevokedKey where its key is not believed any more.

        The key decides the algorithm, never the token (RFC 8725 §3.1), and `typ` must match (§3.11).
        """
        digest = hashlib.sha256(f"{typ} {token}".encode()).digest()
        now = self._sources.now()
        remembered = self._verified.get(digest)
        if remembered is not None and remembered[1] > now:
            return remembered[0]
        claims = self._verify(token, typ, retired_too=expired_too)
        expires_at = claims.get("exp")
        if not isinstance(expires_at, int | float) or (expires_at <= now and not expired_too):
            raise UntrustedToken("expired")
        if expires_at > now:
            self._remember(digest, claims, min(expires_at, now + _REMEMBER_SECONDS))
        return claims

    def _verify(self, token: str, typ: str, *, retired_too: bool) -> dict[str, Any]:
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
            key = self._jwks[header["kid"]]
            period = next(period for period in self._periods if period.kid == header["kid"])
            if not (retired_too or period.revoked or period.published(self._sources.now())):
                raise UntrustedToken("signed with a key that has retired")
            if header.get("typ") != typ:
                raise UntrustedToken("another type of token")
            keys = KeySet.import_key_set({"keys": [key]})
            payload = jws.deserialize_compact(token, keys, algorithms=[key["alg"]]).payload
            claims = orjson.loads(payload)
        except (JoseError, KeyError, TypeError, ValueError) as error:
            raise UntrustedToken(type(error).__name__) from error
        if not isinstance(claims, dict):
            raise UntrustedToken("not an object")
        if period.revoked:
            raise RevokedKey(claims)
        return claims

    def _remember(self, digest: bytes, claims: dict[str, Any], until: float) -> None:
        self._verified[digest] = (claims, until)
        if len(self._verified) > _REMEMBER_MOST:
            self._verified.popitem(last=False)

    def _signer(self, key: StoredKey) -> signing.JwsSigner:
        private_key = signing.from_der(self._store.private_key(key))
        return signing.JwsSigner(key.period.kid, key.period.algorithm, private_key)

    async def ensure(self) -> None:
        """Make the first key of each algorithm that has none."""
        await self.load()
        for algorithm in Algorithm:
            if not any(p.algorithm is algorithm and p.retires_at is None for p in self._periods):
                await self.rotate(algorithm, lead=0)

    async def rotate(self, algorithm: Algorithm, lead: float = LEAD_SECONDS) -> KeyPeriod:
        """Publish a new key, let it sign after `lead` seconds, and retire the others after the overlap."""
        new = self._made(algorithm, lead)
        end = new.period.signs_from + OVERLAP_SECONDS

        def work() -> Transaction[None]:
            yield from self._publish(new)
            for kid in (yield from self._store.retire_others(algorithm, new.period.kid, end)):
                yield self._audit.record(
                    AuditEvent(event=EventType.KEY_RETIRED, detail={"kid": kid, "at": end})
                )

        await self._database.write(work)
        await self.load()
        return new.period

    async def revoke(self, kid: str, actor: str) -> KeyPeriod | None:
        """Believe nothing any more that a key signed, nor will sign; raises UnknownKey.

        Its successor, which signs at once; None where the key was neither signing nor about to.
        """
        await self.load()
        period = next((each for each in self._periods if each.kid == kid and not each.revoked), None)
        if period is None:
            raise UnknownKey(kid)
        signing_now = signing_key(self._periods, period.algorithm, self._sources.now())
        needed = period.retires_at is None or period == signing_now
        new = self._made(period.algorithm, lead=0) if needed else None
        detail = {"kid": kid, "alg": period.algorithm.value}

        def work() -> Transaction[bool]:
            if not (yield from self._store.revoke(kid, self._sources.now())):
                return False
            yield self._audit.record(AuditEvent(event=EventType.KEY_REVOKED, actor=actor, detail=detail))
            if new is not None:
                yield from self._publish(new)
            return True

        if not await self._database.write(work):
            raise UnknownKey(kid)
        await self.load()
        return None if new is None else new.period

    def _made(self, algorithm: Algorithm, lead: float) -> "_NewKey":
        key = signing.generate(algorithm)
        jwk = signing.public_jwk(key, algorithm)
        now = self._sources.now()
        period = KeyPeriod(jwk["kid"], algorithm, now + lead, None)
        return _NewKey(period, signing.to_der(key), orjson.dumps(jwk), now)

    def _publish(self, new: "_NewKey") -> Transaction[None]:
        yield from self._store.add(new.period, new.private_key, new.public_jwk, new.made_at)
        detail = {"kid": new.period.kid, "alg": new.period.algorithm.value}
        yield self._audit.record(AuditEvent(event=EventType.KEY_CREATED, detail=detail))


@dataclass(frozen=True, slots=True)
class _NewKey:
    """A key that was made and is not yet in the database."""

    period: KeyPeriod
    private_key: bytes = field(repr=False)
    public_jwk: bytes
    made_at: float
