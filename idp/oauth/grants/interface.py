"""What a grant must offer; the pipeline in service.py does what all grants share, so that none can forget it."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from idp.audit.store import AuditStore
from idp.infrastructure.foundation import Foundation
from idp.oauth.model import Lifetimes
from idp.oauth.protocol.parameters import Parameters
from idp.oauth.store import OAuthStore
from idp.oauth.tokens import Answer, Mint
from idp.relying_parties.model import Client, GrantType


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """An authenticated request to the token endpoint; `jti` is the id of the access token it may lead to."""

    client: Client
    parameters: Parameters
    address: str
    jti: str


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a grant works with."""

    foundation: Foundation
    store: OAuthStore
    audit: AuditStore
    mint: Mint
    lifetimes: Lifetimes


@runtime_checkable
class Grant(Protocol):
    """One grant_type of the token endpoint."""

    grant_type: GrantType

    async def authorize(self, request: TokenRequest, workshop: Workshop) -> Answer:
        """Answer the request, everything it changes and its audit line stored; raises OAuthError."""
        ...
