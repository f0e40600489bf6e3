"""The client credentials grant (RFC 6749 §4.4): a system speaks for itself."""

from idp.audit.model import Event, Line
from idp.oauth.grants.interface import TokenRequest, Workshop
from idp.oauth.protocol import scopes
from idp.oauth.tokens import Answer
from idp.relying_parties.model import GrantType
from idp.relying_parties.scopes import OF_PERSONS


class ClientCredentials:
    """See `Grant`."""

    grant_type = GrantType.CLIENT_CREDENTIALS

    async def authorize(self, request: TokenRequest, workshop: Workshop) -> Answer:
        """Only scopes that are not about a person."""
        client = request.client
        registered = client.scopes.difference(OF_PERSONS)
        text = request.parameters.get("scope")
        strict = client.excess_scope == "refused"
        wanted = scopes.requested(text, registered, "", strict=strict) if text else tuple(sorted(registered))
        line = Line(
            Event.TOKEN_ISSUED,
            client_id=client.client_id,
            address=request.address,
            detail={"grant": self.grant_type.value, "jti": request.jti, "scope": " ".join(wanted)},
        )
        await workshop.foundation.database.add(workshop.audit.record(line))
        return workshop.mint.for_client(client, wanted, request.jti)


GRANT = ClientCredentials()
