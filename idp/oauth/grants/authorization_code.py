"""The authorization code grant (RFC 6749 §4.1.3) with PKCE (RFC 7636); a replay revokes what the code gave."""

from idp.audit.model import AuditEvent, EventType
from idp.infrastructure.database import Transaction
from idp.oauth.codes import Codes, Replayed
from idp.oauth.grants.interface import GrantContext, TokenRequest
from idp.oauth.model import Code, Grant, Subject
from idp.oauth.protocol import pkce
from idp.oauth.protocol.errors import InvalidGrant
from idp.oauth.tokens import TokenResponse
from idp.relying_parties.model import GrantType

_NOBODY = Subject("", "", 0.0, (), 0)


class AuthorizationCode:
    """See `GrantHandler`."""

    grant_type = GrantType.AUTHORIZATION_CODE

    async def offered(self, request: TokenRequest, context: GrantContext) -> None:
        """Nothing: what was agreed to stands in the code (RFC 6749 §4.1.3 knows no scope)."""

    async def authorize(self, request: TokenRequest, context: GrantContext) -> TokenResponse:
        """Redeem the code once. Whoever presents it wrongly has spent it: a stolen code is worth one guess."""
        text = request.parameters.require("code")
        codes = Codes(context.foundation, context.lifetimes.code)
        grant_id = codes.grant_id(text)
        try:
            code = await codes.redeem(text)
        except Replayed as replay:
            await self._revoke(request, context, grant_id)
            raise InvalidGrant("the code was used before") from replay
        if code is None:
            # A replay long after: the code is forgotten, what it gave is not.
            await self._revoke_if_there(request, context, grant_id)
            raise InvalidGrant("the code is unknown or has expired")
        _check(code, request)
        return await self._grant(code, grant_id, request, context)

    async def _grant(
        self, code: Code, grant_id: str, request: TokenRequest, context: GrantContext
    ) -> TokenResponse:
        now = context.foundation.sources.now()
        grant = Grant(
            id=grant_id,
            client_id=code.client_id,
            scopes=code.scopes,
            subject=code.subject,
            generation=0,
            rotated_at=now,
            expires_at=now + context.lifetimes.refresh_absolute,
            revoked=False,
        )
        detail = {"grant": self.grant_type.value, "grant_id": grant_id, "jti": request.jti}
        line = AuditEvent(
            event=EventType.TOKEN_ISSUED,
            account_id=code.subject.account_id,
            client_id=code.client_id,
            session_id=code.subject.session_id,
            address=request.address,
            detail=detail,
            principal=code.subject.principal_id,
        )

        def work() -> Transaction[Grant | None]:
            added = yield from context.store.add_grant(grant, request.client.minimum_level, now)
            if added is None and (yield from self._overtaken(grant, context)):
                added = grant
            if added is not None:
                yield context.audit.record(line)
            return added

        added = await context.foundation.database.write(work)
        if added is None:
            await self._revoke_if_there(request, context, grant_id)
            raise InvalidGrant("the session of the code has ended, or the code was used before")
        return context.tokens.for_grant(request.client, added, code.scopes, request.jti, code.nonce)

    def _overtaken(self, grant: Grant, context: GrantContext) -> Transaction[bool]:
        """Whether a replay's revocation got here first: the one redemption succeeds, its tokens are dead already."""
        found = yield from context.store.grant(grant.id, grant.rotated_at)
        return found is not None and found[0].subject.account_id == _NOBODY.account_id

    async def _revoke(self, request: TokenRequest, context: GrantContext, grant_id: str) -> None:
        """Revoke the grant even if the one who redeems the code has not stored it yet."""
        now = context.foundation.sources.now()
        tomb = Grant(grant_id, request.client.client_id, (), _NOBODY, 0, now, now, revoked=True)
        line = AuditEvent(
            event=EventType.CODE_REPLAYED,
            client_id=request.client.client_id,
            address=request.address,
            detail={"grant_id": grant_id},
        )

        def work() -> Transaction[None]:
            if (yield from context.store.tombstone(tomb, now)):  # what comes again changes nothing: a refusal
                yield context.audit.record(line)

        await context.foundation.database.write(work)

    async def _revoke_if_there(self, request: TokenRequest, context: GrantContext, grant_id: str) -> None:
        now = context.foundation.sources.now()

        def work() -> Transaction[None]:
            revoked = yield from context.store.revoke(grant_id, now)
            if revoked is not None:
                yield context.audit.record(
                    AuditEvent(
                        event=EventType.CODE_REPLAYED,
                        account_id=revoked.account_id,
                        client_id=revoked.client_id,
                        session_id=revoked.session_id,
                        address=request.address,
                        detail={"grant_id": grant_id, "presented_by": request.client.client_id},
                        principal=revoked.principal_id,
                    )
                )

        await context.foundation.database.write(work)


def _check(code: Code, request: TokenRequest) -> None:
    """The code belongs to this client, this redirect URI and this verifier; the answer does not say which is wrong."""
    parameters = request.parameters
    verifier = parameters.get("code_verifier")
    wrong = {
        "another client": code.client_id != request.client.client_id,
        "another redirect_uri": parameters.get("redirect_uri") != code.redirect_uri,
        # A verifier where there was no challenge is a downgrade (RFC 9700 §2.1.1).
        "code_verifier": (verifier is None) != (code.code_challenge is None)
        or (verifier is not None and not pkce.verify(verifier, code.code_challenge or "")),
    }
    for what, is_wrong in wrong.items():
        if is_wrong:
            raise InvalidGrant(
                "the code was issued for another client, redirect_uri or verifier", detail=what
            )


GRANT = AuthorizationCode()
