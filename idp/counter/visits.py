"""Whom staff may see and serve: people of their divisions, and who stands before them; each look-up is recorded."""

from idp.accounts.model import Account
from idp.accounts.store import CERTIFICATE, PHONE, AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.counter.model import VISIT_SECONDS, LookUpReason
from idp.counter.visit_store import VisitStore
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation


class Visits:
    """Every page of the counter gets accounts here and nowhere else."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = VisitStore()
        self._audit = AuditStore(foundation.sources)

    async def look_up(self, identifier: str, staff_id: str, reason: LookUpReason) -> Account | None:
        """The one account that a whole number or username names, if it is for this member of staff.

        None for what is unknown and for what is another division's alike. Either way it is a line of the record.
        """

        def work() -> Transaction[Account | None]:
            account = yield from self._accounts.find(identifier)
            if account is None:
                yield self._audit.record(self._line(None, staff_id, reason))
                return None
            by = self._by(account, identifier)
            found = yield from self._store.visit(
                staff_id,
                account.id,
                reason.value,
                self._sources.now(),
                in_hand=by == "certificate" and reason is LookUpReason.PRESENT,
            )
            yield self._audit.record(self._line(account.id if found else None, staff_id, reason, by))
            return account if found else None

        return await self._database.write(work)

    async def account(self, account_id: str, staff_id: str) -> Account | None:
        """The account of somebody whom a member of staff looked up a while ago; None for everybody else's."""
        since = self._sources.now() - VISIT_SECONDS
        return await self._database.read(lambda: self._store.visited(account_id, staff_id, since))

    async def corrections(self, staff_id: str) -> frozenset[str]:
        """The ids of the corrections that are for a member of staff."""
        return await self._database.read(lambda: self._store.corrections(staff_id))

    async def conflicts(self, staff_id: str) -> frozenset[str]:
        """The same of conflicts."""
        return await self._database.read(lambda: self._store.conflicts(staff_id))

    def _by(self, account: Account, identifier: str) -> str:
        if self._accounts.reveal(CERTIFICATE, account.certificate_number) == typed.certificate_number(
            identifier
        ):
            return "certificate"
        return (
            "phone" if self._accounts.reveal(PHONE, account.phone) == typed.phone(identifier) else "username"
        )

    @staticmethod
    def _line(
        account_id: str | None, staff_id: str, reason: LookUpReason, by: str | None = None
    ) -> AuditEvent:
        detail: dict[str, object] = {"reason": reason.value, "found": account_id is not None}
        if account_id is not None:
            detail["by"] = by
        return AuditEvent(
            event=EventType.COUNTER_LOOKED_UP, account_id=account_id, actor=staff_id, detail=detail
        )
