"""What a grant must offer; the pipeline in service.py does what all grants share, so that none can forget it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from idp.audit.store import AuditStore
from idp.infrastructure.foundation import Foundation
from idp.oauth.model import TokenLifetimes
from idp.oauth.protocol.parameters import Parameters
from idp.oauth.store import OAuthStore
from idp.oauth.tokens import TokenIssuer, TokenResponse
from idp.relying_parties.model import Client, GrantType


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An authenticated request to the token endpoint; `jti` is the id of the access token it may lead to.

    `scopes` are those that it asks for, narrowed to what may be had; None where it asks for none in particular.
    """

    client: Client
    parameters: Parameters
    address: str
    jti: str
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class OfferedScopes:
    """What a request may choose from, and what may be named beside it and is left out (RFC 6749 §3.3)."""

    granted: tuple[str, ...]
    registered: frozenset[str]


@dataclass(frozen=True, slots=True)
class GrantContext:
    """What a grant works with."""

    foundation: Foundation
    store: OAuthStore
    audit: AuditStore
    tokens: TokenIssuer
    lifetimes: TokenLifetimes


@runtime_checkable
class GrantHandler(Protocol):
    """One grant_type of the token endpoint."""

    grant_type: GrantType

    async def offered(self, request: TokenRequest, context: GrantContext) -> OfferedScopes | None:
        """From which scopes a request with a `scope` chooses; None where it has nothing to choose."""
        ...

    async def authorize(self, request: TokenRequest, context: GrantContext) -> TokenResponse:
        """TokenResponse the request, everything it changes and its audit line stored; raises OAuthError."""
        ...
