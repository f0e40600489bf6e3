"""A phone that was just proved by a code: noted for some minutes, for one browser, until the next step uses it up."""

from dataclasses import dataclass, field
from typing import Any, Self

from idp.accounts.model import Account
from idp.authentication.phone.codes import Purpose
from idp.infrastructure.foundation import Foundation

KIND = "phone_proof"
SECONDS = 1800
"""Nobody is hurried through a form (WCAG 2.2.1)."""


@dataclass(frozen=True, slots=True)
class PhoneProof:
    """The phone, what its code was for, and the account that had the phone or is to have it, as it was then."""

    purpose: Purpose
    phone: str = field(repr=False)
    account_id: str | None = None
    security_version: int = 0

    @classmethod
    def of(cls, purpose: Purpose, phone: str, account: Account | None) -> Self:
        """A proof for an account as it was judged, or for none."""
        if account is None:
            return cls(purpose, phone)
        return cls(purpose, phone, account.id, account.security_version)

    def is_outdated(self, account: Account) -> bool:
        """Whether it is another account, or what protects it has changed since: what was proved before that is over."""
        return (account.id, account.security_version) != (self.account_id, self.security_version)


class Proofs:
    """Puts, finds and takes proofs; the token is for a cookie."""

    def __init__(self, foundation: Foundation) -> None:
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources

    async def put(self, proof: PhoneProof, browser: str) -> str:
        """Note a proof; the token that finds it in this browser."""
        token = self._sources.new_token(24)
        content = {
            "purpose": proof.purpose.value,
            "phone": proof.phone,
            "account_id": proof.account_id,
            "security_version": proof.security_version,
        }
        sealed = self._vault.seal(KIND, content)
        await self._key_value.put(KIND, self._key(token, browser), sealed.encode(), SECONDS)
        return token

    async def find(self, purpose: Purpose, token: str | None, browser: str) -> PhoneProof | None:
        """The proof of a token, if it is of this purpose."""
        value = await self._key_value.get(KIND, self._key(token or "", browser))
        return None if value is None else self._read(purpose, value)

    async def take(self, purpose: Purpose, token: str | None, browser: str) -> PhoneProof | None:
        """The same, for one caller only."""
        value = await self._key_value.take(KIND, self._key(token or "", browser))
        return None if value is None else self._read(purpose, value)

    def _read(self, purpose: Purpose, value: bytes) -> PhoneProof | None:
        content: dict[str, Any] = self._vault.unseal(KIND, value.decode())
        if content["purpose"] != purpose.value:
            return None
        return PhoneProof(purpose, content["phone"], content["account_id"], content["security_version"])

    def _key(self, token: str, browser: str) -> str:
        return self._vault.token_hash(KIND, f"{browser}:{token}").hex()
