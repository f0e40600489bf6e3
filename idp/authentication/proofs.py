"""A phone that was just proved by a code: noted for some minutes, for one browser, until the next step uses it up."""

from dataclasses import dataclass, field
from typing import Any

from idp.authentication.phone_codes import Purpose
from idp.infrastructure.database import Row
from idp.infrastructure.foundation import Foundation

KIND = "phone_proof"
SECONDS = 1800
"""Nobody is hurried through a form (WCAG 2.2.1)."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The phone, what its code was for, the account that is recovered with it if one is known, and when that was so."""

    purpose: Purpose
    phone: str = field(repr=False)
    account_id: str | None = None
    at: float = 0.0

    def is_outdated(self, account: Row) -> bool:
        """Whether the account has changed since: secured, frozen, recovered. What was proved before that is over."""
        return bool(account["updated_at"] > self.at)


class Proofs:
    """Puts, finds and takes proofs; the token is for a cookie."""

    def __init__(self, foundation: Foundation) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources

    async def put(self, proof: Proof, browser: str) -> str:
        """Note a proof; the token that finds it in this browser."""
        token = self._sources.new_token(24)
        content = {
            "purpose": proof.purpose.value,
            "phone": proof.phone,
            "account_id": proof.account_id,
            "at": proof.at or self._sources.now(),
        }
        sealed = self._vault.seal(KIND, content)
        await self._key_value.put(KIND, self._key(token, browser), sealed.encode(), SECONDS)
        return token

    async def find(self, purpose: Purpose, token: str | None, browser: str) -> Proof | None:
        """The proof of a token, if it is of this purpose."""
        value = await self._key_value.get(KIND, self._key(token or "", browser))
        return None if value is None else self._read(purpose, value)

    async def take(self, purpose: Purpose, token: str | None, browser: str) -> Proof | None:
        """The same, for one caller only."""
        value = await self._key_value.take(KIND, self._key(token or "", browser))
        return None if value is None else self._read(purpose, value)

    def _read(self, purpose: Purpose, value: bytes) -> Proof | None:
        content: dict[str, Any] = self._vault.unseal(KIND, value.decode())
        if content["purpose"] != purpose.value:
            return None
        return Proof(purpose, content["phone"], content["account_id"], content["at"])

    def _key(self, token: str, browser: str) -> str:
        return self._vault.token_hash(KIND, f"{browser}:{token}").hex()
