"""What belongs to every end of a session: word to the systems that take part, a line in the record."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import orjson

from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.sources import Sources
from idp.relying_parties.service import Registry
from idp.sessions.ending_store import EndingStore
from idp.sessions.logout import KIND, payload
from idp.sessions.store import principal_of


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Why sessions ended, from which network address, and who did it where it was not their owner."""

    reason: str
    address: str | None = None
    actor: str | None = None

    def to_json(self) -> str:
        """As it is kept with a session until its systems are told."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_json(cls, text: str) -> "SessionEnd":
        """What `to_json` made."""
        return cls(**orjson.loads(text))


class Endings:
    """Adds to the transaction that ends sessions; whoever commits it calls `Outbox.kick`."""

    def __init__(self, sources: Sources, registry: Registry, outbox: Outbox, store: EndingStore) -> None:
        self._audit = AuditStore(sources)
        self._registry = registry
        self._outbox = outbox
        self._store = store

    def follow(
        self, rows: Sequence[Row], reason: str, address: str | None = None, actor: str | None = None
    ) -> Transaction[None]:
        """What follows of the end of these few sessions (rows of the session table, as the ending returned them)."""
        for row in rows:
            systems = [joined["client_id"] for joined in (yield from self._store.joined(row["id"]))]
            yield from self.tell(row, systems, SessionEnd(reason, address, actor))

    def follow_all(
        self, account_id: str, rows: Sequence[Row], farewell: SessionEnd, now: float
    ) -> Transaction[None]:
        """The same for sessions of one account that ended together, `now`: their systems are looked up once."""
        joined = (yield from self._store.joined_ended(account_id, now)) if rows else {}
        for row in rows:
            yield from self.tell(row, joined.get(row["id"], []), farewell)

    def tell(self, row: Row, systems: Sequence[str], farewell: SessionEnd) -> Transaction[None]:
        """What follows of one session's end (its row, as the ending returned it) for the systems that took part."""
        principal = principal_of(row)
        principal_id = principal.id if principal else None
        for client_id in systems:
            client = self._registry.find(client_id)
            if client is not None and client.backchannel_logout_uri is not None:
                content = payload(client.client_id, row["account_id"], row["id"], principal_id)
                yield self._outbox.message(KIND, client.client_id, row["id"], content)
        detail = {"reason": farewell.reason}
        line = Line(
            Event.SESSION_ENDED,
            row["account_id"],
            None,
            row["id"],
            farewell.address,
            farewell.actor,
            detail,
            principal_id,
        )
        yield self._audit.record(line)
