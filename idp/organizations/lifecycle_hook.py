"""What becomes of mandates, legal persons and staff roles when an account changes its fate."""

from collections.abc import Callable, Sequence
from typing import Any

from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.hooks import AccountLifecycleHook, Obstacle
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.sources import Sources
from idp.organizations.lifecycle_hook_store import AGENT, PRINCIPAL, MandateLifecycleHookStore

Ended = Callable[[str, str], Transaction[None]]
"""`Sessions.end_acting`: end what lives on a mandate."""


class MandateLifecycleHook(AccountLifecycleHook):
    """The part of the organizations room."""

    def __init__(self, sources: Sources, ended: Ended) -> None:
        self._sources = sources
        self._audit = AuditStore(sources)
        self._store = MandateLifecycleHookStore()
        self._ended = ended

    def obstacles(self, account_id: str) -> Transaction[list[Obstacle]]:
        """See `AccountLifecycleHook.obstacles`."""
        found = []
        for stands, obstacle in (
            (self._store.represents, Obstacle.REPRESENTATIVE),
            (self._store.guards, Obstacle.GUARDIAN),
            (self._store.is_staff, Obstacle.STAFF),
        ):
            if (yield from stands(account_id)):
                found.append(obstacle)
        return found

    def close_to(self, account_id: str) -> Transaction[list[str]]:
        """See `AccountLifecycleHook.close_to`."""
        return (yield from self._store.close_to(account_id))

    def agents_of_firms(self, account_id: str) -> Transaction[list[str]]:
        """See `AccountLifecycleHook.agents_of_firms`."""
        return (yield from self._store.agents_of_firms(account_id))

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """Mandates of and for the person end, those of firms that were represented rest, roles are withdrawn."""
        now = self._sources.now()
        ended = yield from self._store.end(account_id, reason, now)
        yield from self._tell(EventType.MANDATE_REVOKED, account_id, ended, reason)
        yield from self._end_below(account_id, ended, reason, now)
        resting = yield from self._store.suspend_represented(account_id, reason)
        yield from self._tell(EventType.MANDATE_SUSPENDED, account_id, resting, reason)
        yield self._store.unrepresent(account_id)  # whoever comes next is not held against who is gone
        for role, division in (yield from self._store.drop_roles(account_id)):
            detail = {"role": role, "division": division, "reason": reason}
            yield self._audit.record(
                AuditEvent(event=EventType.ROLE_WITHDRAWN, account_id=account_id, detail=detail)
            )

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """What was granted lately rests until the person has looked at it; invitations are taken back."""
        now = self._sources.now()
        resting = yield from self._store.suspend_late(account_id, since, "secured")
        yield from self._tell(EventType.MANDATE_SUSPENDED, account_id, resting, "secured")
        invited = yield from self._store.withdraw_late(account_id, since, "secured", now)
        yield from self._tell(EventType.MANDATE_REVOKED, account_id, invited, "secured")
        return {"mandates": len(resting) + len(invited)}

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """Who may act for the person by another's word rests; what the person sees in an own session stays."""
        return {} if shown.session_id is not None else (yield from self.secure(account_id, 0.0))

    def unidentified(self, account_id: str) -> Transaction[None]:
        """Whoever is not who was meant acts for nobody, and nobody for them by that name."""
        resting = yield from self._store.suspend_of_person(account_id, "unidentified")
        yield from self._tell(EventType.MANDATE_SUSPENDED, account_id, resting, "unidentified")
        resting = yield from self._store.suspend_represented(account_id, "unidentified")
        yield from self._tell(EventType.MANDATE_SUSPENDED, account_id, resting, "unidentified")
        # Whoever accepted it would act by the name of somebody else.
        now = self._sources.now()
        invited = yield from self._store.withdraw_late(account_id, 0.0, "unidentified", now)
        yield from self._tell(EventType.MANDATE_REVOKED, account_id, invited, "unidentified")
        yield self._store.unrepresent(account_id)

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """Who acts for the person just now begins anew, under the id of the account that remains."""
        moved: dict[str, Any] = {}
        for side in (AGENT, PRINCIPAL):
            moved[side] = yield from self._store.move(side, account_id, into)
            for mandate_id in moved[side]:
                yield from self._ended(mandate_id, "merged")
        moved["legal_persons"] = yield from self._store.move_represented(account_id, into)
        return moved

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """See `AccountLifecycleHook.give_back`."""
        for side in (AGENT, PRINCIPAL):
            for mandate_id in moved[side]:
                yield self._store.give_back(side, mandate_id, account_id, into)
                yield from self._ended(mandate_id, "merge undone")
        for legal_person_id in moved["legal_persons"]:
            yield self._store.give_back_represented(legal_person_id, account_id, into)

    def _end_below(self, account_id: str, ended: Sequence[str], reason: str, now: float) -> Transaction[None]:
        """What was passed on from a mandate ends with it."""
        waiting = list(ended)
        while waiting:
            below = yield from self._store.end_below(waiting.pop(), reason, now)
            yield from self._tell(EventType.MANDATE_REVOKED, account_id, below, reason)
            waiting += below

    def _tell(
        self, event: EventType, account_id: str, mandates: Sequence[str], reason: str
    ) -> Transaction[None]:
        for mandate_id in mandates:
            yield from self._ended(mandate_id, reason)
            detail = {"mandate": mandate_id, "reason": reason}
            yield self._audit.record(AuditEvent(event=event, account_id=account_id, detail=detail))
