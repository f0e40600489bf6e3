"""Mandates: how somebody comes to act for somebody else, and how that ends."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TypeVar

from idp.audit.model import EventType
from idp.infrastructure.database import Statement, Transaction
from idp.organizations import mandate_store as statements
from idp.organizations.authority import MandateAuthority, authorities, decisions
from idp.organizations.inviting import Invitation, Inviting
from idp.organizations.ledger import AT_THE_COUNTER
from idp.organizations.mandate_sweep_store import MOST
from idp.organizations.model import (
    COUNTER_SECONDS,
    DAY,
    HELPER_DAYS,
    OPEN,
    RENEWAL_DAYS,
    MandateState,
    Principal,
    Relation,
    Role,
    Scope,
)
from idp.organizations.records import NamedMandate, StoredMandate

__all__ = ["EXPIRY_SECONDS", "Invitation", "Mandates"]

T = TypeVar("T")

EXPIRY_SECONDS = 30.0
SYSTEM = "system"


class Mandates(Inviting):
    """Every method that changes something tells whether it did; nothing is changed where it did not."""

    async def principals(self, account_id: str) -> list[Principal]:
        """Everybody for whom somebody may act now."""
        return await self._database.read(lambda: self._lists.principals(account_id, self._sources.now()))

    async def of_agent(self, account_id: str) -> list[NamedMandate]:
        """What somebody holds, suspended ones too."""
        return await self._database.read(lambda: self._lists.of_agent(account_id))

    async def invitations(self, account_id: str) -> list[NamedMandate]:
        """What somebody may accept or decline."""
        return await self._database.read(lambda: self._lists.invitations(account_id, self._sources.now()))

    async def of_person(self, account_id: str) -> list[NamedMandate]:
        """Who acts, or acted, for a person."""
        return await self._database.read(lambda: self._lists.of_person(account_id))

    async def visible(self, account_id: str, mandate_id: str) -> NamedMandate | None:
        """One mandate, for those whom it concerns: agent, principal, invitee, and who manages either organisation."""
        now = self._sources.now()

        def work() -> Transaction[NamedMandate | None]:
            found = yield from self._lists.one(mandate_id)
            if found is None or account_id in (found.agent_account_id, found.principal_account_id):
                return found
            for organization_id in (
                found.principal_legal_person_id,
                found.through_id,
                found.agent_legal_person_id,
            ):
                if organization_id is not None and (
                    yield from self._store.managing(account_id, organization_id, now)
                ):
                    return found
            invited = yield from self._lists.invitations(account_id, now)
            return next((one for one in invited if one.id == mandate_id), None)

        return await self._database.read(work)

    async def decisions(self, actor: str, mandates: Iterable[StoredMandate]) -> Mapping[str, frozenset[str]]:
        """What somebody may do with each of some mandates, by its id: see `idp.organizations.authority.decisions`."""
        now = self._sources.now()

        def work() -> Transaction[dict[str, frozenset[str]]]:
            found = {}
            for one in mandates:
                if one.state in OPEN:
                    found[one.id] = yield from decisions(self._store, self._lists, one, actor, now)
            return found

        return await self._database.read(work)

    async def accept(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """Take up an invitation; False where it is over, or not for this person (phone, name, real-name level)."""
        now = self._sources.now()

        def work() -> Transaction[bool]:
            accepted = None
            for statement in (statements.ACCEPT, statements.ACCEPT_FOR_ORGANIZATION):
                accepted = accepted or (
                    yield from self._decide(statement, mandate_id, actor, now, accepting=True)
                )
            if accepted is None:
                return False
            yield from self._ledger.changed(EventType.MANDATE_ACCEPTED, accepted, actor, address)
            if accepted.agent_legal_person_id is not None:
                yield from self._hand_to(accepted, actor, address)
            return True

        return await self._write(work)

    def _hand_to(self, accepted: StoredMandate, actor: str, address: str | None) -> Transaction[None]:
        """Whoever accepts for an organisation is the first of its people to act by the mandate."""
        child = replace(
            accepted,
            id=self._sources.new_id(),
            agent_legal_person_id=None,
            agent_account_id=actor,
            parent_mandate_id=accepted.id,
            role=Role.AGENT,
            granted_by=actor,
            evidence_reference="accepted",
            invitee_name=None,
            created_at=self._sources.now(),
        )
        added = yield from self._store.add(child, actor, resting_on=accepted)
        if added is not None:
            yield from self._ledger.note(EventType.MANDATE_ACCEPTED, added, actor, address)

    async def decline(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """Refuse an invitation."""
        now = self._sources.now()

        def work() -> Transaction[bool]:
            declined = yield from self._store.turn(
                statements.DECLINE, mandate_id, actor, now, reason="declined"
            )
            if declined is not None:
                yield from self._ledger.changed(EventType.MANDATE_DECLINED, declined, actor, address)
            return declined is not None

        return await self._write(work)

    async def suspend(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """Let a mandate rest; what lives on it ends."""
        return await self._close(statements.SUSPEND, "suspended", mandate_id, actor, address)

    async def resume(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """Let a mandate that rests count again."""
        now = self._sources.now()

        def work() -> Transaction[bool]:
            resumed = yield from self._decide(statements.RESUME, mandate_id, actor, now, dates=True)
            if resumed is not None:
                yield from self._ledger.changed(EventType.MANDATE_RESUMED, resumed, actor, address)
            return resumed is not None

        return await self._write(work)

    async def revoke(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """End a mandate or take back an invitation; what lives on it ends."""
        return await self._close(statements.REVOKE, "revoked", mandate_id, actor, address)

    async def resign(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """Stop acting for somebody."""
        return await self._close(statements.RESIGN, "resigned", mandate_id, actor, address)

    async def renew(self, actor: str, mandate_id: str, address: str | None = None) -> bool:
        """Let a mandate with an end count for as long again, from now; nobody renews their own."""
        now = self._sources.now()

        def work() -> Transaction[bool]:
            before = yield from self._lists.one(mandate_id)
            if before is None or before.valid_until is None:
                return False
            most = now + (HELPER_DAYS if before.principal_account_id else RENEWAL_DAYS) * DAY
            wanted = min(now + before.valid_until - before.valid_from, most)
            above = before.parent_mandate_id
            parent = None if above is None else (yield from self._lists.one(above))
            for one in (yield from self._authorities(before, actor, now)):
                until = min(wanted, one.bounds.valid_until or wanted)
                if until < before.valid_until:
                    continue
                renewed = yield from self._store.turn(
                    statements.RENEW, mandate_id, actor, now, **one.parameters(before, parent),
                    old_end=before.valid_until, new_end=until,
                )  # fmt: skip
                if renewed is not None:
                    yield from self._ledger.changed(EventType.MANDATE_RENEWED, renewed, actor, address)
                    return True
            return False

        return await self._write(work)

    async def begin_counter(self, applicant_id: str, staff_id: str, evidence: str = "present") -> str | None:
        """Let a member of staff act for half an hour for somebody who is present; None where it cannot be.

        Who calls has made sure of the presence; `evidence` says how.
        """
        if applicant_id == staff_id:
            return None
        now = self._sources.now()
        invitation = Invitation(scope=Scope(valid_until=now + COUNTER_SECONDS))
        asked = replace(
            self._asked(Relation.COUNTER, staff_id, invitation, Scope()),
            principal_account_id=applicant_id,
            agent_account_id=staff_id,
            state=MandateState.ACTIVE,
            decided_at=now,
            evidence_reference=evidence[:200],
        )

        def work() -> Transaction[str | None]:
            added = yield from self._store.add(asked, applicant_id)
            if added is None:
                return None
            yield from self._ledger.note(EventType.MANDATE_ACCEPTED, added, staff_id)
            staff = yield from self._ledger.accounts.by_id(staff_id)
            name = staff.name if staff else ""
            yield from self._ledger.tell_account(applicant_id, AT_THE_COUNTER, agent=name)
            return added.id

        return await self._write(work)

    async def expire_due(self) -> int:
        """End what is past its date, whoever does so first; how many."""
        count = 0

        def work() -> Transaction[int]:
            expired = yield from self._ledger.sweeps.expire(self._sources.now())
            yield from self._ledger.closed(expired, "expired", SYSTEM)
            return len(expired)

        while True:
            done = await self._write(work)
            count += done
            if done < MOST:  # neither of the two kinds was full
                return count

    def _authorities(
        self, target: StoredMandate, actor: str, now: float, *, dates: bool = False
    ) -> Transaction[list[MandateAuthority]]:
        """By what somebody may decide about a mandate: only what covers it all, `dates` too where it gives power."""
        found = yield from authorities(self._store, self._lists, target, actor, now)
        return [one for one in found if one.scope.covers(target.scope, dates=dates)]

    def _decide(
        self,
        statement: Statement,
        mandate_id: str,
        actor: str,
        now: float,
        *,
        dates: bool = False,
        accepting: bool = False,
        **more: object,
    ) -> Transaction[StoredMandate | None]:
        """Change a mandate by the first authority that allows it; `accepting`: that of whoever invited."""
        target = yield from self._lists.one(mandate_id)
        if target is None:
            return None
        by = target.granted_by if accepting else actor
        for one in (yield from self._authorities(target, by, now, dates=dates or accepting)):
            parameters = one.parameters(target) | more
            changed = yield from self._store.turn(statement, mandate_id, actor, now, **parameters)
            if changed is not None:
                return changed
        return None

    async def _close(
        self, statement: Statement, reason: str, mandate_id: str, actor: str, address: str | None
    ) -> bool:
        now = self._sources.now()

        def work() -> Transaction[bool]:
            if statement is statements.RESIGN:
                closed = yield from self._store.turn(statement, mandate_id, actor, now, reason=reason)
            else:
                closed = yield from self._decide(statement, mandate_id, actor, now, reason=reason)
            if closed is None:
                return False
            yield from self._ledger.closed([closed], reason, actor, address)
            agent, organization = closed.agent_account_id, closed.principal_legal_person_id
            if closed.role is Role.ADMINISTRATOR and agent and organization:
                # Whoever may not grant any more has not granted what nobody took up yet.
                taken_back = yield from self._ledger.sweeps.withdraw(agent, organization, reason, now)
                yield from self._ledger.closed(taken_back, reason, actor, address, quiet=True)
            return True

        return await self._write(work)

    async def _write(self, work: Callable[[], Transaction[T]]) -> T:
        outcome = await self._database.write(work)
        self._ledger.sent()
        return outcome
