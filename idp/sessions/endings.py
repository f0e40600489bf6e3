"""What belongs to every end of a session: word to the systems that take part, a line in the record."""

from collections.abc import Mapping, Sequence

from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.sources import Sources
from idp.relying_parties.service import Registry
from idp.sessions import audit_events
from idp.sessions.ending_store import EndingStore
from idp.sessions.logout import KIND, payload
from idp.sessions.model import SessionEnd, StoredSession


class Endings:
    """Adds to the transaction that ends sessions; whoever commits it calls `Outbox.kick`."""

    def __init__(self, sources: Sources, registry: Registry, outbox: Outbox, store: EndingStore) -> None:
        self._audit = AuditStore(sources)
        self._registry = registry
        self._outbox = outbox
        self._store = store

    def follow(self, ended: Sequence[StoredSession], farewell: SessionEnd) -> Transaction[None]:
        """What follows of the end of these few sessions."""
        for session in ended:
            systems = [each.client_id for each in (yield from self._store.joined(session.id))]
            yield from self.tell([(session, farewell)], {session.id: systems})

    def follow_all(
        self, account_id: str, ended: Sequence[StoredSession], farewell: SessionEnd, now: float
    ) -> Transaction[None]:
        """The same for sessions of one account that ended together, `now`: their systems are looked up once."""
        joined = (yield from self._store.joined_ended(account_id, now)) if ended else {}
        yield from self.tell([(session, farewell) for session in ended], joined)

    def tell(
        self, ended: Sequence[tuple[StoredSession, SessionEnd]], systems: Mapping[str, Sequence[str]]
    ) -> Transaction[None]:
        """What follows of the end of sessions, by the systems that took part in each: all notices, then all lines, so
        that the rows of each table are added together.
        """
        for session, _ in ended:
            for client_id in systems.get(session.id, ()):
                yield from self._notify(session, client_id)
        for session, farewell in ended:
            yield self._audit.record(audit_events.ended(session, farewell))

    def _notify(self, session: StoredSession, client_id: str) -> Transaction[None]:
        client = self._registry.find(client_id)
        if client is not None and client.backchannel_logout_uri is not None:
            principal_id = session.principal.id if session.principal else None
            content = payload(client.client_id, session.account_id, session.id, principal_id)
            yield self._outbox.message(KIND, client.client_id, session.id, content)
