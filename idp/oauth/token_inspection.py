"""What holders of tokens ask: userinfo, introspection (RFC 7662), revocation (RFC 7009)."""

from typing import Any

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.keys.service import KeyRing
from idp.keys.service import UntrustedToken as NotOurs
from idp.oauth import refresh_tokens
from idp.oauth.model import TokenHolder
from idp.oauth.protocol import acr
from idp.oauth.protocol.acting import acting_claims
from idp.oauth.protocol.errors import InsufficientScope, InvalidToken
from idp.oauth.store import OAuthStore
from idp.oauth.tokens import ACCESS_TOKEN, GRANT_CLAIM
from idp.oauth.userinfo_claims import Release
from idp.relying_parties import scopes
from idp.relying_parties.model import Client
from idp.relying_parties.service import Registry
from idp.sessions.model import SessionLifetimes

INACTIVE: dict[str, Any] = {"active": False}


class TokenInspection:
    """Judges tokens that come back."""

    def __init__(
        self,
        issuer: str,
        foundation: Foundation,
        keys: KeyRing,
        registry: Registry,
        sessions: SessionLifetimes,
        refresh_idle: int,
    ) -> None:
        self._issuer = issuer
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._keys = keys
        self._registry = registry
        self._release = Release(foundation)
        self._audit = AuditStore(foundation.sources)
        self._store = OAuthStore(sessions)
        self._refresh_idle = refresh_idle

    async def userinfo(self, token: str) -> dict[str, Any]:
        """The claims that the token's scopes release; raises InvalidToken, InsufficientScope."""
        claims = self._claims(token)
        if claims is None or self._issuer not in _audiences(claims):
            raise InvalidToken("the access token is invalid or expired")
        granted = frozenset(claims["scope"].split())
        if scopes.OPENID not in granted or GRANT_CLAIM not in claims:
            raise InsufficientScope("the access token lacks the scope openid")
        holder = await self._holder(claims)
        if holder is None:
            raise InvalidToken("the access token was revoked, or what it rests on has ended")
        return await self._release.claims(holder, claims, granted)

    async def holder(self, token: str) -> tuple[TokenHolder, dict[str, Any]]:
        """The person whose token this is, and its claims; raises InvalidToken."""
        claims = self._claims(token)
        if claims is None or self._issuer not in _audiences(claims) or GRANT_CLAIM not in claims:
            raise InvalidToken("the access token is invalid or expired")
        holder = await self._holder(claims)
        if holder is None:
            raise InvalidToken("the access token was revoked or its session has ended")
        return holder, claims

    async def introspect(self, client: Client, token: str) -> dict[str, Any]:
        """RFC 7662 §2.2, to the token's own client, its audience, or a resource server; to others it is inactive."""
        claims = self._claims(token)
        if claims is not None:
            return await self._introspect_access(client, claims)
        return await self._introspect_refresh(client, token)

    async def revoke(self, client: Client, token: str, address: str) -> None:
        """RFC 7009 §2.1: a token of another client, or one that we do not know, is left alone without a word."""
        claims = self._claims(token)
        if claims is not None and claims["client_id"] == client.client_id:
            line = AuditEvent(
                event=EventType.TOKEN_REVOKED,
                account_id=claims["sub"] if GRANT_CLAIM in claims else None,
                client_id=client.client_id,
                session_id=claims.get("sid"),
                address=address,
                detail={"jti": claims["jti"]},
                principal=claims.get("principal", {}).get("id"),
            )
            await self._database.write(lambda: self._revoke_access(claims, line))
        refresh = refresh_tokens.read(self._vault, token)
        if refresh is not None:
            grant_id = refresh.grant_id
            await self._database.write(lambda: self._revoke_grant(grant_id, client, address))

    def _claims(self, token: str) -> dict[str, Any] | None:
        try:
            return self._keys.verify(token, ACCESS_TOKEN)
        except NotOurs:
            return None

    async def _holder(self, claims: dict[str, Any]) -> TokenHolder | None:
        client = self._registry.find(claims["client_id"])
        if client is None:
            return None
        grant_id, jti, now = claims[GRANT_CLAIM], claims["jti"], self._sources.now()
        holder = await self._database.read(lambda: self._store.token_holder(grant_id, jti, now))
        return holder if holder is not None and holder.level >= client.minimum_level else None

    async def _introspect_access(self, client: Client, claims: dict[str, Any]) -> dict[str, Any]:
        allowed = client.client_id in {claims["client_id"], *_audiences(claims)} or client.resource_server
        if not allowed or self._registry.find(claims["client_id"]) is None:
            return INACTIVE
        if GRANT_CLAIM in claims:
            holder = await self._holder(claims)
            if holder is None:
                return INACTIVE
            told = min(holder.level, acr.LEVELS.index(claims["acr"]))
            about = {"username": holder.username, "acr": acr.of_level(told)}
        else:
            if await self._database.read(lambda: self._store.token_revoked(claims["jti"])):
                return INACTIVE
            about = {}
        shown = {name: value for name, value in claims.items() if name != GRANT_CLAIM}
        return {"active": True, "token_type": "Bearer", **shown, **about}

    async def _introspect_refresh(self, client: Client, token: str) -> dict[str, Any]:
        refresh = refresh_tokens.read(self._vault, token)
        if refresh is None:
            return INACTIVE
        now = self._sources.now()
        found = await self._database.read(lambda: self._store.grant(refresh.grant_id, now))
        if found is None:
            return INACTIVE
        grant, lives = found
        idle = now - grant.rotated_at >= self._refresh_idle
        if not lives or idle or grant.generation != refresh.generation or grant.client_id != client.client_id:
            return INACTIVE
        if grant.subject.level < client.minimum_level:
            return INACTIVE
        return {
            "active": True,
            "client_id": grant.client_id,
            "sub": grant.subject.account_id,
            "scope": " ".join(grant.scopes),
            "exp": int(grant.expires_at),
            "iss": self._issuer,
            **acting_claims(grant.subject.account_id, grant.subject.represented),
        }

    def _revoke_access(self, claims: dict[str, Any], line: AuditEvent) -> Transaction[None]:
        yield from self._store.sweep(self._sources.now())
        if (yield from self._store.revoke_token(claims["jti"], claims["exp"])):
            yield self._audit.record(line)

    def _revoke_grant(self, grant_id: str, client: Client, address: str) -> Transaction[None]:
        now = self._sources.now()
        found = yield from self._store.grant(grant_id, now)
        if found is None or found[0].client_id != client.client_id:
            return
        revoked = yield from self._store.revoke(grant_id, now)
        if revoked is not None:
            yield self._audit.record(
                AuditEvent(
                    event=EventType.TOKEN_REVOKED,
                    account_id=revoked.account_id,
                    client_id=revoked.client_id,
                    session_id=revoked.session_id,
                    address=address,
                    detail={"grant_id": grant_id},
                    principal=revoked.principal_id,
                )
            )


def _audiences(claims: dict[str, Any]) -> set[str]:
    audience = claims.get("aud", ())
    return {audience} if isinstance(audience, str) else set(audience)
