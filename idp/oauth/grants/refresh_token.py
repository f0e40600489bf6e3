"""The refresh grant (RFC 6749 §6) with rotation: one successor, a short grace for tabs, reuse ends the family."""

from idp.audit.model import AuditEvent, EventType
from idp.infrastructure.database import Transaction
from idp.oauth import refresh_tokens
from idp.oauth.grants.interface import GrantContext, OfferedScopes, TokenRequest
from idp.oauth.model import Grant
from idp.oauth.protocol.errors import InvalidGrant
from idp.oauth.refresh_tokens import RefreshToken
from idp.oauth.tokens import TokenResponse
from idp.relying_parties.model import GrantType

_REFUSAL = "the refresh token is invalid, expired or revoked"
BELOW_MINIMUM = "level"
"""In the record: the account has fallen below the level that the client demands."""


class Refresh:
    """See `GrantHandler`."""

    grant_type = GrantType.REFRESH_TOKEN

    async def offered(self, request: TokenRequest, context: GrantContext) -> OfferedScopes | None:
        """What was granted; looked at before the rotation, so that a mistake costs the client nothing."""
        token = _read(request, context)
        now = context.foundation.sources.now()
        found = await context.foundation.database.read(lambda: context.store.grant(token.grant_id, now))
        return None if found is None else OfferedScopes(found[0].scopes, request.client.scopes)

    async def authorize(self, request: TokenRequest, context: GrantContext) -> TokenResponse:
        """Rotate and tokens; the refusal of a reused token commits the revocation of its family."""
        token = _read(request, context)
        grant = await context.foundation.database.write(lambda: _rotate(token, request, context))
        if grant is None:
            raise InvalidGrant(_REFUSAL)
        return context.tokens.for_grant(request.client, grant, request.scopes or grant.scopes, request.jti)


def _read(request: TokenRequest, context: GrantContext) -> RefreshToken:
    token = refresh_tokens.read(context.foundation.vault, request.parameters.require("refresh_token"))
    if token is None:
        raise InvalidGrant(_REFUSAL, detail="not made by us")
    return token


def _rotate(token: RefreshToken, request: TokenRequest, context: GrantContext) -> Transaction[Grant | None]:
    """The grant in the generation to answer with; None is a refusal, already recorded."""
    now = context.foundation.sources.now()
    client = request.client
    detail = {"grant_id": token.grant_id, "generation": token.generation, "jti": request.jti}
    grant = yield from context.store.rotate(token, client, now, context.lifetimes.refresh_idle)
    event = EventType.TOKEN_REFRESHED
    if grant is None:
        grant, event = yield from _second_time(token, request, context)
    subject = grant.subject if grant else None
    if event is EventType.TOKEN_REFUSED and grant is None and client.public:
        return (
            None  # whoever found an old token proves nothing by it: the refusal is counted (`TokenService`)
        )
    if grant is not None and grant.subject.level < client.minimum_level:
        grant, event = None, EventType.TOKEN_REFUSED
        detail |= {"reason": BELOW_MINIMUM}
    yield context.audit.record(
        AuditEvent(
            event=event,
            account_id=subject.account_id if subject else None,
            client_id=client.client_id,
            session_id=subject.session_id if subject else None,
            address=request.address,
            detail=detail,
            principal=subject.principal_id if subject else None,
        )
    )
    return grant


def _second_time(
    token: RefreshToken, request: TokenRequest, context: GrantContext
) -> Transaction[tuple[Grant | None, EventType]]:
    """A token that was not rotated: the same successor within the grace, else the end of the family.

    The current one of a grant that lives comes back where its level alone stands in the way; the caller refuses it.
    """
    now = context.foundation.sources.now()
    found = yield from context.store.grant(token.grant_id, now)
    if found is None or found[0].client_id != request.client.client_id:
        return None, EventType.TOKEN_REFUSED
    grant, lives = found
    in_grace = now - grant.rotated_at <= context.lifetimes.refresh_grace
    if lives and in_grace and grant.generation == token.generation + 1:
        return grant, EventType.TOKEN_REFRESHED
    below = grant.subject.level < request.client.minimum_level
    if lives and below and grant.generation == token.generation:
        return grant, EventType.TOKEN_REFUSED
    if grant.generation > token.generation and (yield from context.store.revoke(grant.id, now)):
        return None, EventType.TOKEN_REUSED
    return None, EventType.TOKEN_REFUSED


GRANT = Refresh()
