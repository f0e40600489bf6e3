"""The client credentials grant (RFC 6749 §4.4): a system speaks for itself."""

from idp.audit.model import AuditEvent, EventType
from idp.oauth.grants.interface import GrantContext, OfferedScopes, TokenRequest
from idp.oauth.tokens import TokenResponse
from idp.relying_parties.model import GrantType
from idp.relying_parties.scopes import OF_PERSONS


class ClientCredentials:
    """See `GrantHandler`."""

    grant_type = GrantType.CLIENT_CREDENTIALS

    async def offered(self, request: TokenRequest, context: GrantContext) -> OfferedScopes:
        """Only scopes that are not about a person."""
        own = request.client.scopes.difference(OF_PERSONS)
        return OfferedScopes(tuple(own), own)

    async def authorize(self, request: TokenRequest, context: GrantContext) -> TokenResponse:
        """All of them, where the request names none."""
        client = request.client
        wanted = request.scopes or tuple(sorted(client.scopes.difference(OF_PERSONS)))
        line = AuditEvent(
            event=EventType.TOKEN_ISSUED,
            client_id=client.client_id,
            address=request.address,
            detail={"grant": self.grant_type.value, "jti": request.jti, "scope": " ".join(wanted)},
        )
        await context.foundation.database.add(context.audit.record(line))
        return context.tokens.for_client(client, wanted, request.jti)


GRANT = ClientCredentials()
