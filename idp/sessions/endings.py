"""What belongs to every end of a session: word to the systems that take part, a line in the record."""

from collections.abc import Sequence

from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.sources import Sources
from idp.relying_parties.service import Registry
from idp.sessions.logout import KIND, payload
from idp.sessions.store import SessionStore, principal_of


class Endings:
    """Adds to the transaction that ends sessions; whoever commits it calls `Outbox.kick`."""

    def __init__(self, sources: Sources, registry: Registry, outbox: Outbox, store: SessionStore) -> None:
        self._audit = AuditStore(sources)
        self._registry = registry
        self._outbox = outbox
        self._store = store

    def follow(
        self, rows: Sequence[Row], reason: str, address: str | None = None, actor: str | None = None
    ) -> Transaction[None]:
        """What follows of the end of these sessions (rows of the session table, as the ending returned them)."""
        for row in rows:
            principal = principal_of(row)
            principal_id = principal.id if principal else None
            for joined in (yield from self._store.joined(row["id"])):
                client = self._registry.find(joined["client_id"])
                if client is not None and client.backchannel_logout_uri is not None:
                    content = payload(client.client_id, row["account_id"], row["id"], principal_id)
                    yield self._outbox.message(KIND, client.client_id, row["id"], content)
            line = Line(
                Event.SESSION_ENDED,
                row["account_id"],
                None,
                row["id"],
                address,
                actor,
                {"reason": reason},
                principal_id,
            )
            yield self._audit.record(line)
