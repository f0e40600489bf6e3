"""The token endpoint's pipeline: authenticate the client, pick the grant, let it answer, record a refusal."""

from collections.abc import Sequence

import structlog
from starlette.requests import Request

from idp.audit.model import Event, Line
from idp.oauth.client_authentication import ClientAuthenticator
from idp.oauth.grants.interface import Grant, TokenRequest, Workshop
from idp.oauth.protocol.errors import InvalidClient, OAuthError, UnauthorizedClient, UnsupportedGrantType
from idp.oauth.protocol.parameters import Parameters
from idp.oauth.tokens import Answer
from idp.relying_parties.model import GrantType

log = structlog.get_logger(__name__)


class TokenService:
    """What all grants share, so that none can forget it."""

    def __init__(
        self, authenticator: ClientAuthenticator, workshop: Workshop, grants: Sequence[Grant]
    ) -> None:
        self._authenticator = authenticator
        self._workshop = workshop
        self._grants = {grant.grant_type.value: grant for grant in grants}

    @property
    def grant_types(self) -> list[str]:
        """The grants on offer, for discovery."""
        return sorted(self._grants)

    async def exchange(self, request: Request, parameters: Parameters, address: str) -> Answer:
        """Answer a token request; raises OAuthError, recorded."""
        client_id = None
        try:
            parameters.check()
            client = await self._authenticator.authenticate(request, parameters)
            client_id = client.client_id
            grant = self._grants.get(parameters.require("grant_type"))
            if grant is None:
                raise UnsupportedGrantType("grant_type is not supported")
            if not client.may(GrantType(grant.grant_type)):
                raise UnauthorizedClient("this client is not registered for this grant")
            jti = self._workshop.foundation.sources.new_id()
            return await grant.authorize(TokenRequest(client, parameters, address, jti), self._workshop)
        except OAuthError as error:
            await self.note_refusal(error, client_id, address)
            raise

    async def note_refusal(self, error: OAuthError, client_id: str | None, address: str) -> None:
        """Record a refusal; `client_id` only once it is proven, so that nobody writes another's name."""
        event = Event.CLIENT_REFUSED if isinstance(error, InvalidClient) else Event.TOKEN_REFUSED
        detail = {"error": error.code, "reason": error.detail}
        line = Line(event, client_id=client_id, address=address, detail=detail)
        await self._workshop.foundation.database.add(self._workshop.audit.record(line))
        log.info("token request refused", error=error.code, reason=error.detail, client_id=client_id)
