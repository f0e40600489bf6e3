"""Back-channel logout (OpenID Connect Back-Channel Logout 1.0): the token, its delivery, its place in the record."""

from collections.abc import Mapping
from typing import Any

import orjson

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database.statement import Call
from idp.infrastructure.http_client import BadAnswer, HttpClient
from idp.infrastructure.outbox import DeliveryFailed, Outbox
from idp.infrastructure.outbox_store import OutboxMessage
from idp.infrastructure.sources import Sources
from idp.keys.model import Algorithm
from idp.keys.service import KeyRing
from idp.relying_parties.service import Registry

KIND = "backchannel_logout"
TYP = "logout+jwt"
EVENT = "http://schemas.openid.net/event/backchannel-logout"
LIFETIME_SECONDS = 120


def payload(
    client_id: str, account_id: str, session_id: str, principal_id: str | None = None
) -> dict[str, str]:
    """What the outbox keeps of a logout notice; the token itself is made fresh at each attempt."""
    kept = {"client_id": client_id, "sub": account_id, "sid": session_id}
    return kept if principal_id is None else kept | {"principal": principal_id}


class LogoutNotices:
    """Delivers logout tokens for the outbox."""

    def __init__(
        self, issuer: str, sources: Sources, keys: KeyRing, registry: Registry, http: HttpClient
    ) -> None:
        self._issuer = issuer
        self._sources = sources
        self._audit = AuditStore(sources)
        self._keys = keys
        self._registry = registry
        self._http = http

    def register(self, outbox: Outbox) -> None:
        """Take over the outbox's messages of our kind."""
        outbox.register(KIND, self.deliver, self.report)

    async def deliver(self, notice: Mapping[str, Any]) -> None:
        """Post a logout token (§2.5); 200 and 204 are arrivals, anything else raises DeliveryFailed."""
        client = self._registry.find(notice["client_id"])
        if client is None or client.backchannel_logout_uri is None:
            raise DeliveryFailed("the client no longer has a back-channel logout URI")
        algorithm = Algorithm(client.id_token_signed_response_alg)
        token = self._keys.sign(algorithm, TYP, self.claims(notice))
        try:
            status = await self._http.post_form(client.backchannel_logout_uri, {"logout_token": token})
        except BadAnswer as error:
            raise DeliveryFailed(str(error)) from error
        if status not in (200, 204):
            raise DeliveryFailed(f"status {status}")

    def claims(self, notice: Mapping[str, Any]) -> dict[str, Any]:
        """The claims of a logout token (§2.4)."""
        now = int(self._sources.now())
        return {
            "iss": self._issuer,
            "aud": notice["client_id"],
            "sub": notice["sub"],
            "sid": notice["sid"],
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
            "jti": self._sources.new_id(),
            "events": {EVENT: {}},
        }

    def report(self, message: OutboxMessage, error: str | None) -> Call:
        """The audit call for a notice that arrived, or was given up."""
        event = EventType.LOGOUT_DELIVERED if error is None else EventType.LOGOUT_UNDELIVERED
        detail = {"attempts": message.attempts} | ({"error": error} if error else {})
        principal_id = orjson.loads(message.payload).get("principal")
        line = AuditEvent(
            event=event,
            client_id=message.recipient,
            session_id=message.subject,
            detail=detail,
            principal=principal_id,
        )
        return self._audit.record(line)
