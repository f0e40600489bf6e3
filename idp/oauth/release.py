"""What userinfo tells: claims by scope, for whom somebody acts, and how it is known who they are."""

from typing import Any

from idp.accounts import store as fields
from idp.accounts.real_name_store import RealNameStore
from idp.accounts.store import AccountStore
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.foundation import Foundation
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

    async def claims(self, account: Row, token: dict[str, Any], granted: frozenset[str]) -> dict[str, Any]:
        """The claims of an account for an access token's claims and the scopes that it was granted."""
        claims = self._by_scope(account, granted)
        if PRINCIPAL in token:
            claims |= {ACT: token[ACT], PRINCIPAL: token[PRINCIPAL]}
        if scopes.REAL_NAME not in granted:
            return claims
        principal = claims.get(PRINCIPAL)
        represented = principal["id"] if principal and principal["kind"] != LEGAL_PERSON else None
        record, person = await self._database.read(lambda: self._known(account["id"], represented))
        certificate = self._certificate(account)
        claims |= certificate
        # A record that says more than the account has by now proves nothing any more.
        if record is not None and record["level"] <= account["real_name_level"]:
            verified = verified_claims({"name": account["name"], **certificate}, record, real_name=True)
            claims |= {"verified_claims": verified} if verified else {}
        if principal is not None and person is not None:
            claims[PRINCIPAL] = principal | self._certificate(person)
        return claims

    def _known(self, account_id: str, represented: str | None) -> Transaction[tuple[Row | None, Row | None]]:
        """The record that carries the account's level, and the account of the person for whom somebody acts."""
        record = yield from self._real_names.strongest(account_id, self._sources.now())
        person = (yield from self._accounts.by_id(represented)) if represented else None
        return record, person

    def _certificate(self, account: Row) -> dict[str, Any]:
        number = self._accounts.reveal(account, fields.CERTIFICATE)
        claims = {"certificate_type": account["certificate_type"], "certificate_number": number}
        return {name: value for name, value in claims.items() if value is not None}

    def _by_scope(self, account: Row, granted: frozenset[str]) -> dict[str, Any]:
        """OpenID Connect Core §5.4."""
        claims: dict[str, Any] = {"sub": account["id"]}
        if scopes.PROFILE in granted:
            claims |= {
                "name": account["name"],
                "preferred_username": account["username"],
                "updated_at": int(account["updated_at"]),
                "locale": account["language"],
                "zoneinfo": ZONE,
            }
        if scopes.EMAIL in granted and (email := self._accounts.reveal(account, fields.EMAIL)) is not None:
            claims |= {"email": email, "email_verified": False}
        if scopes.PHONE in granted and (phone := self._accounts.reveal(account, fields.PHONE)) is not None:
            claims |= {
                "phone_number": phone,
                "phone_number_verified": account["phone_verified_at"] is not None,
            }
        if scopes.ADDRESS in granted:
            formatted = self._accounts.reveal(account, fields.ADDRESS)
            claims["address"] = {"formatted": formatted} if formatted else None
        if scopes.REAL_NAME in granted:
            claims["real_name_level"] = account["real_name_level"]
        return {name: value for name, value in claims.items() if value is not None}
