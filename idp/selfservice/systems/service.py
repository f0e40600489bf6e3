"""The systems that a person has used or agreed to: what each receives, and how that ends."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.relying_parties.service import Registry
from idp.selfservice.export.model import KeptConsent, LeftSession, SystemUse
from idp.selfservice.systems.store import SystemStore
from idp.sessions.logout import KIND, payload
from idp.sessions.model import Owner


@dataclass(frozen=True, slots=True)
class SystemInUse:
    """A system as the person sees it. `active`: there is something to withdraw."""

    client_id: str
    name: str
    uri: str | None
    scopes: tuple[str, ...] = ()
    consented_at: float | None = None
    first_used_at: float | None = None
    last_used_at: float | None = None
    active: bool = False


class Systems:
    """Lists and withdraws."""

    def __init__(self, foundation: Foundation, registry: Registry, outbox: Outbox) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._registry = registry
        self._outbox = outbox
        self._store = SystemStore()
        self._audit = AuditStore(foundation.sources)

    async def of_account(self, account_id: str) -> list[SystemInUse]:
        """Every system, the last used first."""

        def look() -> Transaction[list[SystemInUse]]:
            consented = yield from self._store.consents(account_id)
            granted = yield from self._store.grants(account_id, self._sources.now())
            visited = yield from self._store.visits(account_id)
            return self._merged(consented, [*granted, *visited])

        return await self._database.read(look)

    async def withdraw(self, owner: Owner, client_id: str) -> bool:
        """End what a system may have, and log it out wherever the person is in it; False when there was nothing."""
        account_id = owner.account_id
        line = AuditEvent(
            event=EventType.CONSENT_WITHDRAWN,
            account_id=account_id,
            client_id=client_id,
            session_id=owner.session_id,
            address=owner.caller.address,
        )

        def work() -> Transaction[bool]:
            withdrawn = yield from self._store.withdraw(account_id, client_id)
            revoked = yield from self._store.revoke(account_id, client_id, self._sources.now())
            left = yield from self._store.leave(account_id, client_id)
            if not (withdrawn or revoked or left):
                return False
            yield from self._log_out(account_id, client_id, left)
            yield self._audit.record(replace(line, detail={"grants": revoked, "sessions": len(left)}))
            return True

        done = await self._database.write(work)
        self._outbox.kick()
        return done

    async def withdraw_offline(self, owner: Owner) -> int:
        """End what systems may do while the person is away, and have them ask again for it; how many systems."""
        account_id, now = owner.account_id, self._sources.now()

        def work() -> Transaction[int]:
            revoked = yield from self._store.revoke_offline(account_id, now)
            for client_id in sorted(set(revoked)):
                yield from self._store.withdraw(account_id, client_id)
                detail = {"grants": revoked.count(client_id), "sessions": 0}
                line = AuditEvent(
                    event=EventType.CONSENT_WITHDRAWN,
                    account_id=account_id,
                    client_id=client_id,
                    session_id=owner.session_id,
                    address=owner.caller.address,
                )
                yield self._audit.record(replace(line, detail=detail))
            return len(set(revoked))

        return await self._database.write(work)

    def name(self, client_id: str | None) -> str | None:
        """What a system is called; its id where it is not registered any more."""
        client = self._registry.find(client_id) if client_id else None
        return client.client_name if client else client_id

    def _log_out(self, account_id: str, client_id: str, left: Iterable[LeftSession]) -> Transaction[None]:
        client = self._registry.find(client_id)
        if client is None or client.backchannel_logout_uri is None:
            return
        for session in left:
            principal = session.principal
            content = payload(client_id, account_id, session.id, principal.id if principal else None)
            yield self._outbox.message(KIND, client_id, session.id, content)

    def _merged(self, consented: Iterable[KeptConsent], used: Iterable[SystemUse]) -> list[SystemInUse]:
        found: dict[str, SystemInUse] = {}
        for consent in consented:
            system = self._system(consent.client_id)
            found[system.client_id] = replace(
                system, scopes=consent.scopes, consented_at=consent.granted_at, active=True
            )
        for use in used:
            system = found.get(use.client_id) or self._system(use.client_id)
            given = use.scopes if use.is_open or not system.active else ()
            found[system.client_id] = replace(
                system,
                scopes=tuple(dict.fromkeys((*system.scopes, *given))),
                first_used_at=min(use.first_at, system.first_used_at or use.first_at),
                last_used_at=max(use.last_at, system.last_used_at or 0.0),
                active=system.active or use.is_open,
            )
        return sorted(
            found.values(), key=lambda each: each.last_used_at or each.consented_at or 0.0, reverse=True
        )

    def _system(self, client_id: str) -> SystemInUse:
        client = self._registry.find(client_id)
        return SystemInUse(
            client_id, self.name(client_id) or client_id, client.client_uri if client else None
        )
