"""The refresh grant (RFC 6749 §6) with rotation: one successor, a short grace for tabs, reuse ends the family."""

from idp.audit.model import Event, Line
from idp.infrastructure.database import Transaction
from idp.oauth import refresh_tokens
from idp.oauth.grants.interface import TokenRequest, Workshop
from idp.oauth.model import Grant
from idp.oauth.protocol import scopes
from idp.oauth.protocol.errors import InvalidGrant
from idp.oauth.refresh_tokens import RefreshToken
from idp.oauth.tokens import Answer
from idp.relying_parties.model import Client, GrantType

_REFUSAL = "the refresh token is invalid, expired or revoked"
BELOW_MINIMUM = "level"
"""In the record: the account has fallen below the level that the client demands."""


class Refresh:
    """See `Grant`."""

    grant_type = GrantType.REFRESH_TOKEN

    async def authorize(self, request: TokenRequest, workshop: Workshop) -> Answer:
        """Rotate and mint; the refusal of a reused token commits the revocation of its family."""
        token = refresh_tokens.read(workshop.foundation.vault, request.parameters.require("refresh_token"))
        if token is None:
            raise InvalidGrant(_REFUSAL, detail="not made by us")
        asked = request.parameters.get("scope")
        if asked is not None:
            await _check_scope(token, asked, request.client, workshop)
        grant = await workshop.foundation.database.write(lambda: _rotate(token, request, workshop))
        if grant is None:
            raise InvalidGrant(_REFUSAL)
        narrowed = _narrowed(asked, grant, request.client)
        return workshop.mint.for_grant(request.client, grant, narrowed, request.jti)


def _narrowed(asked: str | None, grant: Grant, client: Client) -> tuple[str, ...]:
    return scopes.narrowed(asked, grant.scopes, client.scopes, strict=client.excess_scope == "refused")


async def _check_scope(token: RefreshToken, asked: str, client: Client, workshop: Workshop) -> None:
    """Refuse a wrong scope before the rotation, so that the mistake costs the client nothing."""
    now = workshop.foundation.sources.now()
    found = await workshop.foundation.database.read(lambda: workshop.store.grant(token.grant_id, now))
    if found is not None:
        _narrowed(asked, found[0], client)


def _rotate(token: RefreshToken, request: TokenRequest, workshop: Workshop) -> Transaction[Grant | None]:
    """The grant in the generation to answer with; None is a refusal, already recorded."""
    now = workshop.foundation.sources.now()
    client = request.client
    detail = {"grant_id": token.grant_id, "generation": token.generation, "jti": request.jti}
    grant = yield from workshop.store.rotate(token, client, now, workshop.lifetimes.refresh_idle)
    event = Event.TOKEN_REFRESHED
    if grant is None:
        grant, event = yield from _second_time(token, request, workshop)
    subject = grant.subject if grant else None
    if event is Event.TOKEN_REFUSED and grant is None and client.public:
        return (
            None  # whoever found an old token proves nothing by it: the refusal is counted (`TokenService`)
        )
    if grant is not None and grant.subject.level < client.minimum_level:
        grant, event = None, Event.TOKEN_REFUSED
        detail |= {"reason": BELOW_MINIMUM}
    yield workshop.audit.record(
        Line(
            event,
            subject.account_id if subject else None,
            client.client_id,
            subject.session_id if subject else None,
            request.address,
            detail=detail,
            principal=subject.principal_id if subject else None,
        )
    )
    return grant


def _second_time(
    token: RefreshToken, request: TokenRequest, workshop: Workshop
) -> Transaction[tuple[Grant | None, Event]]:
    """A token that was not rotated: the same successor within the grace, else the end of the family.

    The current one of a grant that lives comes back where its level alone stands in the way; the caller refuses it.
    """
    now = workshop.foundation.sources.now()
    found = yield from workshop.store.grant(token.grant_id, now)
    if found is None or found[0].client_id != request.client.client_id:
        return None, Event.TOKEN_REFUSED
    grant, lives = found
    in_grace = now - grant.rotated_at <= workshop.lifetimes.refresh_grace
    if lives and in_grace and grant.generation == token.generation + 1:
        return grant, Event.TOKEN_REFRESHED
    below = grant.subject.level < request.client.minimum_level
    if lives and below and grant.generation == token.generation:
        return grant, Event.TOKEN_REFUSED
    if grant.generation > token.generation and (yield from workshop.store.revoke(grant.id, now)):
        return None, Event.TOKEN_REUSED
    return None, Event.TOKEN_REFUSED


GRANT = Refresh()
