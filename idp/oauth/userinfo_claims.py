"""What userinfo tells: claims by scope, for whom somebody acts, and how it is known who they are."""

from typing import Any

from idp.accounts import store as fields
from idp.accounts.model import Account
from idp.accounts.real_names.proof import Record
from idp.accounts.real_names.store import RealNameStore
from idp.accounts.store import AccountStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.oauth.model import TokenHolder
from idp.oauth.protocol.acting import ACT, LEGAL_PERSON, PRINCIPAL
from idp.oauth.protocol.verified_claims import verified_claims
from idp.relying_parties import scopes

ZONE = "Asia/Shanghai"
"""The one time zone of the country, in which every page of ours shows times (zoneinfo, OpenID Connect Core §5.1)."""


class Release:
    """Decides what leaves; what is not asked for is not even decrypted."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._real_names = RealNameStore(foundation.vault)

    async def claims(
        self, holder: TokenHolder, token: dict[str, Any], granted: frozenset[str]
    ) -> dict[str, Any]:
        """The claims about its holder for an access token's claims and the scopes that it was granted."""
        claims = self._by_scope(holder, granted)
        if PRINCIPAL in token:
            claims |= {ACT: token[ACT], PRINCIPAL: token[PRINCIPAL]}
        if scopes.REAL_NAME not in granted:
            return claims
        principal = claims.get(PRINCIPAL)
        represented = principal["id"] if principal and principal["kind"] != LEGAL_PERSON else None
        record, person = await self._database.read(lambda: self._known(holder.id, represented))
        certificate = self._certificate(holder.certificate_type, holder.certificate_number)
        claims |= certificate
        # A record that says more than the account has by now proves nothing any more.
        if record is not None and record.level <= holder.real_name_level:
            proved = {
                "level": record.level,
                "method": record.method,
                "source": record.source,
                "verified_at": record.verified_at,
            }
            verified = verified_claims({"name": holder.name, **certificate}, proved, real_name=True)
            claims |= {"verified_claims": verified} if verified else {}
        if principal is not None and person is not None:
            claims[PRINCIPAL] = principal | self._certificate(
                person.certificate_type, person.certificate_number
            )
        return claims

    def _known(
        self, account_id: str, represented: str | None
    ) -> Transaction[tuple[Record | None, Account | None]]:
        """The record that carries the account's level, and the account of the person for whom somebody acts."""
        record = yield from self._real_names.strongest(account_id, self._sources.now())
        person = (yield from self._accounts.by_id(represented)) if represented else None
        return record, person

    def _certificate(self, type_: str | None, sealed: bytes | None) -> dict[str, Any]:
        claims = {
            "certificate_type": type_,
            "certificate_number": self._accounts.reveal(fields.CERTIFICATE, sealed),
        }
        return {name: value for name, value in claims.items() if value is not None}

    def _by_scope(self, holder: TokenHolder, granted: frozenset[str]) -> dict[str, Any]:
        """OpenID Connect Core §5.4."""
        claims: dict[str, Any] = {"sub": holder.id}
        if scopes.PROFILE in granted:
            claims |= {
                "name": holder.name,
                "preferred_username": holder.username,
                "updated_at": int(holder.updated_at),
                "locale": holder.language,
                "zoneinfo": ZONE,
            }
        if (
            scopes.EMAIL in granted
            and (email := self._accounts.reveal(fields.EMAIL, holder.email)) is not None
        ):
            claims |= {"email": email, "email_verified": False}
        if (
            scopes.PHONE in granted
            and (phone := self._accounts.reveal(fields.PHONE, holder.phone)) is not None
        ):
            claims |= {
                "phone_number": phone,
                "phone_number_verified": holder.phone_verified_at is not None,
            }
        if scopes.ADDRESS in granted:
            formatted = self._accounts.reveal(fields.ADDRESS, holder.address)
            claims["address"] = {"formatted": formatted} if formatted else None
        if scopes.REAL_NAME in granted:
            claims["real_name_level"] = holder.real_name_level
        return {name: value for name, value in claims.items() if value is not None}
