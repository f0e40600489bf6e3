"""The registry of clients: kept in memory by every worker, changed through the database."""

import hmac
from math import inf
from typing import Any

import structlog

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import DatabaseUnavailable, Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.revision_store import number
from idp.relying_parties.model import AuthMethod, Client
from idp.relying_parties.store import REVISION, ClientStore
from idp.relying_parties.stored import Registered, UnreadableClient

SECRET_PREFIX = "zcs_"  # noqa: S105
SECRET_BYTES = 32
OVERLAP_SECONDS = 7 * 86_400
LOOK_SECONDS = 0.2
_SECRET_METHODS = (AuthMethod.BASIC, AuthMethod.POST)

log = structlog.get_logger(__name__)


class UnknownClient(Exception):
    """There is no such client, or it has no secret to rotate, or it was disabled already."""


class Registry:
    """Finds and changes clients."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._store = ClientStore()
        self._audit = AuditStore(foundation.sources)
        self._registered: dict[str, Registered] = {}
        self.unreadable: tuple[str, ...] = ()
        """Ids of clients that another release has registered with what this one cannot read."""
        self._origins: frozenset[str] = frozenset()
        self._looked_at = 0.0
        self._revision = -1

    async def load(self) -> None:
        """Read every client."""

        def work() -> Transaction[tuple[int, list[Registered | UnreadableClient]]]:
            # The number first: a change in between is loaded twice rather than missed.
            return (yield from number(REVISION)), (yield from self._store.all())

        self._revision, found = await self._database.read(work)
        self._registered = {kept.client.client_id: kept for kept in found if isinstance(kept, Registered)}
        self.unreadable = tuple(kept.client_id for kept in found if isinstance(kept, UnreadableClient))
        self._say_what_is_not_known()
        self._origins = frozenset(
            origin
            for kept in self._registered.values()
            if not kept.disabled
            for origin in kept.client.origins
        )

    def _say_what_is_not_known(self) -> None:
        for client_id in self.unreadable:
            log.warning("a client of another release cannot be read", client=client_id)
        for kept in self._registered.values():
            if kept.ignored:
                log.warning("a client of another release", client=kept.client.client_id, ignored=kept.ignored)

    def find(self, client_id: str) -> Client | None:
        """The enabled client of this id."""
        registered = self._registered.get(client_id)
        return None if registered is None or registered.disabled else registered.client

    def admits_origin(self, origin: str) -> bool:
        """Whether an enabled public client is registered with an address of this origin, as a browser writes it."""
        return origin in self._origins

    def knows(self, client_id: str) -> bool:
        """Whether a client of this id was ever registered, disabled or not."""
        return client_id in self._registered

    async def learn(self, client_id: str) -> None:
        """Ask the database for a client that this worker has not heard of yet, a few times a second at most.

        Whether any was registered since is all that is asked, so that invented ids cost one row and not the registry.
        """
        now = self._sources.now()
        if client_id not in self._registered and abs(now - self._looked_at) > LOOK_SECONDS:
            self._looked_at = now
            try:
                current = await self._database.read(lambda: number(REVISION))
            except DatabaseUnavailable:
                self._looked_at = -inf  # nobody looked: the next one is not told that there is no such client
                raise
            if current != self._revision:
                await self.load()

    def all(self) -> list[Registered]:
        """Every client, disabled ones too, oldest first."""
        return list(self._registered.values())

    def secret_matches(self, client_id: str, secret: str) -> bool:
        """Compare a machine-made secret through a keyed hash, in constant time."""
        registered = self._registered.get(client_id)
        if registered is None or registered.secret_hash is None:
            return False
        presented = self._vault.token_hash("client_secret", secret)
        if hmac.compare_digest(presented, registered.secret_hash):
            return True
        previous = registered.previous_secret_hash
        in_overlap = registered.previous_secret_expires_at > self._sources.now()
        return previous is not None and in_overlap and hmac.compare_digest(presented, previous)

    async def create(self, metadata: dict[str, Any], actor: str) -> tuple[Client, str | None]:
        """Register a client; its id and secret are made here. Raises pydantic.ValidationError."""
        client = Client(client_id=self._sources.new_token(12), **metadata)
        secret = self._new_secret() if client.token_endpoint_auth_method in _SECRET_METHODS else None
        secret_hash = self._vault.token_hash("client_secret", secret) if secret else None

        def work() -> Transaction[None]:
            yield from self._store.add(client, secret_hash, self._sources.now())
            detail = {"name": client.client_name}
            yield self._audit.record(
                AuditEvent(
                    event=EventType.CLIENT_CREATED, client_id=client.client_id, actor=actor, detail=detail
                )
            )

        await self._database.write(work)
        return client, secret

    async def rotate_secret(self, client_id: str, actor: str, overlap: float = OVERLAP_SECONDS) -> str:
        """A new secret; the old one works until the overlap ends. Raises UnknownClient."""
        secret = self._new_secret()
        new_hash = self._vault.token_hash("client_secret", secret)
        line = AuditEvent(event=EventType.CLIENT_SECRET_ROTATED, client_id=client_id, actor=actor)

        def work() -> Transaction[bool]:
            done = yield from self._store.rotate_secret(client_id, new_hash, self._sources.now() + overlap)
            if done:
                yield self._audit.record(line)
            return done

        if not await self._database.write(work):
            raise UnknownClient(client_id)
        return secret

    async def disable(self, client_id: str, actor: str) -> None:
        """No login, token or introspection for this client from within a second on. Raises UnknownClient."""

        def work() -> Transaction[bool]:
            done = yield from self._store.disable(client_id, self._sources.now())
            if done:
                yield self._audit.record(
                    AuditEvent(event=EventType.CLIENT_DISABLED, client_id=client_id, actor=actor)
                )
            return done

        if not await self._database.write(work):
            raise UnknownClient(client_id)

    def _new_secret(self) -> str:
        return SECRET_PREFIX + self._sources.new_token(SECRET_BYTES)
