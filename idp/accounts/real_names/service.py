"""The real-name record: proofs are added and end, and an account's level is always that of its highest live proof."""

from dataclasses import replace
from typing import Protocol

from idp.accounts.control import NOTHING, PRESENCE_LEVEL, ProvenControl
from idp.accounts.model import Account, AccountState
from idp.accounts.real_names.binding_store import TAKEN, RebindingStore
from idp.accounts.real_names.certificates import stored_type
from idp.accounts.real_names.proof import NotRecorded, Proof, Record
from idp.accounts.real_names.store import RealNameStore
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Overtaken
from idp.infrastructure.database.statement import Call
from idp.infrastructure.foundation import Foundation

EXPIRY_SECONDS = 60.0
"""How often somebody should call `expire_due`."""


class Consequences(Protocol):
    """What follows of a stronger proof (`idp.accounts.real_names.binding`), within its transaction."""

    def bound(self, before: Account, shown: ProvenControl) -> Transaction[None]:
        """The account is somebody's who has shown this much of it."""
        ...

    def taken(self, holder: Account) -> Transaction[None]:
        """The account has lost its certificate."""
        ...

    def contested(self, holder: Account) -> Transaction[None]:
        """The certificate was proved as strongly elsewhere."""
        ...


class RealNames:
    """Keeps the record. Parts of a transaction belong into the caller's, which holds the account from then on."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = RealNameStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._accounts = AccountStore(foundation.vault)
        self._bindings = RebindingStore(foundation.vault)
        self._binding: Consequences | None = None

    def follow(self, binding: Consequences) -> None:
        """What follows of a stronger proof, from now on; before that no proof takes anything from anybody."""
        self._binding = binding

    def record(
        self,
        account_id: str,
        proof: Proof,
        *,
        verifier: str | None = None,
        address: str | None = None,
        shown: ProvenControl | None = NOTHING,
    ) -> Transaction[int | NotRecorded]:
        """Add a proof, with the name and certificate that it brings; the account's level from now on, or why not.

        The certificate is taken from an account on which it is verified less strongly. Where the level rises to one of
        presence, the account is bound anew by what was `shown` in the same act; None where it was opened in that act.
        Two that come at the same moment from different workers may meet at the database's own rule, which is Conflict.
        """
        now, record_id = self._sources.now(), self._sources.new_id()
        account = yield from self._held(account_id)
        if account is None:
            return NotRecorded.NO_SUCH_ACCOUNT
        holder = yield from self._holder(account, proof)
        if (against := (yield from self._against(account, proof, holder))) is not None:
            return against
        if holder is not None:
            yield from self._take(holder, proof)
        yield self._store.add(record_id, account_id, proof, verifier, now)
        level = yield from self._store.settle(record_id, account_id, proof, now)
        if level is None:
            raise Overtaken(account_id)
        detail = {
            "level": level,
            "before": account.real_name_level,
            "method": proof.method,
            "source": proof.source,
            "record": record_id,
        }
        line = AuditEvent(
            event=EventType.REAL_NAME_RAISED,
            account_id=account_id,
            address=address,
            actor=verifier,
            detail=detail,
        )
        yield self._audit.record(line)
        if shown is not None and self._binding and account.real_name_level < level >= PRESENCE_LEVEL:
            yield from self._binding.bound(account, replace(shown, level=level))
        return level

    def against(self, account_id: str | None, proof: Proof) -> Transaction[NotRecorded | None]:
        """What stands against a proof on an account, which is held from then on; None: on one that is to be opened."""
        account = None if account_id is None else (yield from self._held(account_id))
        if account is None and account_id is not None:
            return NotRecorded.NO_SUCH_ACCOUNT
        return (yield from self._against(account, proof, (yield from self._holder(account, proof))))

    async def contested(self, account_id: str, proof: Proof) -> None:
        """Tell the other account on which the certificate is verified, as strongly or more so, what was tried."""

        def work() -> Transaction[None]:
            account = yield from self._accounts.by_id(account_id)
            holder = None if account is None else (yield from self._holder(account, proof))
            if holder is not None and self._binding is not None:
                yield from self._binding.contested(holder)

        await self._database.write(work)

    def end(self, record_id: str, reason: str, *, actor: str | None = None) -> Transaction[bool]:
        """Close a record before its time; False when it was closed already, or never was."""
        account_id = yield from self._store.owner(record_id)
        before = None if account_id is None else (yield from self._store.lock(account_id))
        if account_id is None or before is None:
            return False
        now = self._sources.now()
        if not (yield from self._store.end(record_id, reason, now)):
            return False
        yield from self._lower(account_id, before.level, reason, actor)
        return True

    def downgrade(
        self, account_id: str, level: int, reason: str, *, actor: str | None = None
    ) -> Transaction[bool]:
        """Close every record above a level; False when there was none."""
        before = yield from self._store.lock(account_id)
        if before is None or not (
            yield from self._store.end_above(account_id, level, reason, self._sources.now())
        ):
            return False
        yield from self._lower(account_id, before.level, reason, actor)
        return True

    async def history(self, account_id: str) -> list[Record]:
        """All records of an account, latest first."""
        return await self._database.read(lambda: self._store.of_account(account_id))

    async def expire_due(self, now: float | None = None) -> int:
        """Close what has expired, lower the levels that rested on it; how many accounts. Several may do so at once."""
        instant = self._sources.now() if now is None else now
        due = await self._database.read(lambda: self._store.due(instant))
        done = 0
        for account_id in due:

            def work(account_id: str = account_id) -> Transaction[bool]:
                before = yield from self._store.lock(account_id)
                if before is None or not (yield from self._store.end_expired(account_id, instant)):
                    return False
                yield from self._lower(account_id, before.level, "expired", None)
                return True

            done += await self._database.write(work)
        return done

    def _held(self, account_id: str) -> Transaction[Account | None]:
        """An account, held until the end of the transaction."""
        held = yield from self._store.lock(account_id)
        return None if held is None else (yield from self._accounts.by_id(account_id))

    def _against(
        self, account: Account | None, proof: Proof, holder: Account | None
    ) -> Transaction[NotRecorded | None]:
        """What will be said again by the statement that settles it: there it must be true, here it is told in time."""
        index = self._store.index(proof.certificate_number)
        mine = None if account is None else account.certificate_index
        is_other = index is not None and mine is not None and mine != index
        if holder is not None and not self._gives_way(holder, proof):
            return NotRecorded.OTHER_IDENTITY if is_other else NotRecorded.ALREADY_VERIFIED
        if is_other and account is not None and (yield from self._store.of_account(account.id)):
            return NotRecorded.OTHER_IDENTITY
        return None

    def _gives_way(self, holder: Account, proof: Proof) -> bool:
        """Whoever proves less does not keep the certificate from whoever proves more."""
        weaker = holder.real_name_level < proof.level
        return self._binding is not None and holder.state == AccountState.ACTIVE and weaker

    def _take(self, holder: Account, proof: Proof) -> Transaction[None]:
        if self._binding is None or not (
            yield from self._bindings.take(holder, proof.level, self._sources.now())
        ):
            raise Overtaken(holder.id)
        detail = {"level": 0, "before": holder.real_name_level, "reason": TAKEN}
        yield self._lowered(holder.id, detail, None)
        yield from self._binding.taken(holder)

    def _holder(self, account: Account | None, proof: Proof) -> Transaction[Account | None]:
        """The other account on which the certificate of a proof is verified."""
        index, type_ = self._store.index(proof.certificate_number), proof.certificate_type
        if account is not None:
            index, type_ = index or account.certificate_index, type_ or account.certificate_type
        if index is None or type_ is None:
            return None
        account_id = "" if account is None else account.id
        return (yield from self._bindings.holder(account_id, stored_type(type_).value, index))

    def _lower(self, account_id: str, before: int, reason: str, actor: str | None) -> Transaction[None]:
        level = yield from self._store.lower(account_id, self._sources.now())
        if level is not None:
            yield self._lowered(account_id, {"level": level, "before": before, "reason": reason}, actor)

    def _lowered(self, account_id: str, detail: dict[str, object], actor: str | None) -> Call:
        return self._audit.record(
            AuditEvent(event=EventType.REAL_NAME_LOWERED, account_id=account_id, actor=actor, detail=detail)
        )
