"""The token endpoint's pipeline: authenticate the client, pick the grant, let it answer, record a refusal."""

from collections.abc import Sequence
from dataclasses import replace

import structlog
from starlette.requests import Request

from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.oauth.client_authentication import ClientAuthenticator, claimed_client
from idp.oauth.grants.interface import GrantContext, GrantHandler, TokenRequest
from idp.oauth.protocol.errors import InvalidClient, OAuthError, UnauthorizedClient, UnsupportedGrantType
from idp.oauth.protocol.parameters import Parameters
from idp.oauth.protocol.scopes import narrowed
from idp.oauth.tokens import TokenResponse
from idp.relying_parties.model import Client, GrantType

log = structlog.get_logger(__name__)


class TokenService:
    """What all grants share, so that none can forget it."""

    def __init__(
        self, authenticator: ClientAuthenticator, context: GrantContext, grants: Sequence[GrantHandler]
    ) -> None:
        self._authenticator = authenticator
        self._context = context
        self._refusals = Refusals(context.foundation)
        self._grants = {grant.grant_type.value: grant for grant in grants}

    @property
    def grant_types(self) -> list[str]:
        """The grants on offer, for discovery."""
        return sorted(self._grants)

    async def exchange(self, request: Request, parameters: Parameters, address: str) -> TokenResponse:
        """TokenResponse a token request; raises OAuthError, recorded."""
        client = None
        try:
            parameters.check()
            client = await self._authenticator.authenticate(request, parameters)
            grant = self._grants.get(parameters.require("grant_type"))
            if grant is None:
                raise UnsupportedGrantType("grant_type is not supported")
            if not client.may(GrantType(grant.grant_type)):
                raise UnauthorizedClient("this client is not registered for this grant")
            jti = self._context.foundation.sources.new_id()
            asked = TokenRequest(client, parameters, address, jti)
            return await grant.authorize(await self._narrowed(grant, asked), self._context)
        except OAuthError as error:
            await self.note_refusal(error, client, address, self.claimed(request, parameters))
            raise

    async def _narrowed(self, grant: GrantHandler, request: TokenRequest) -> TokenRequest:
        """The request with what it may have of the scopes it names, before anything is spent; raises InvalidScope."""
        text, client = request.parameters.get("scope"), request.client
        offered = None if text is None else await grant.offered(request, self._context)
        if offered is None:
            return request
        strict = client.excess_scope == "refused"
        return replace(request, scopes=narrowed(text, offered.granted, offered.registered, strict=strict))

    def claimed(self, request: Request, parameters: Parameters) -> str | None:
        """The registered client that a request says it is from, for the record of a refusal.

        What names no client of ours is left out: it may be anything, a secret in the wrong field too.
        """
        name = claimed_client(request, parameters)
        return name if name is not None and self._authenticator.knows(name) else None

    async def note_refusal(
        self, error: OAuthError, client: Client | None, address: str, claimed: str | None = None
    ) -> None:
        """Record a refusal; whom it concerns only once that is proven, and beside it what was `claimed` (unproven).

        Where nothing was proven it is counted, since anybody may send as many as they like; a public client's id
        proves nothing.
        """
        client_id = client.client_id if client else None
        event = EventType.CLIENT_REFUSED if isinstance(error, InvalidClient) else EventType.TOKEN_REFUSED
        detail = {"error": error.code, "reason": error.detail}
        if client is None and claimed is not None:
            detail["unproven_client"] = claimed
        line = AuditEvent(event=event, client_id=client_id, address=address, detail=detail)
        if client is None or client.public:
            self._refusals.note(line)
        else:
            await self._context.foundation.database.add(self._context.audit.record(line))
        log.info("token request refused", client_id=client_id, **detail)
