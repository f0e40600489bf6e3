"""Roles of those who work for the government: what somebody may do, and for which administrative division."""

from enum import StrEnum

from idp.accounts.model import InvalidAccount
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.organizations.divisions import Divisions
from idp.organizations.records import StaffRole
from idp.organizations.roles_store import RoleStore


class RoleName(StrEnum):
    """What somebody works as."""

    COUNTER = "counter"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Roles:
    """Who works as what. A role for a division holds for all that is within it: 410411 for 410411001 too."""

    def __init__(self, foundation: Foundation, divisions: Divisions) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = RoleStore()
        self._audit = AuditStore(foundation.sources)
        self._divisions = divisions

    async def of_account(self, account_id: str) -> list[StaffRole]:
        """The roles of an open account."""
        return await self._database.read(lambda: self._store.of_account(account_id))

    async def grant(self, account_id: str, role: RoleName, division: str, actor: str) -> bool:
        """Give a role; False when it was there. Raises InvalidAccount: to oneself, or for a place unknown."""
        if actor == account_id:
            raise InvalidAccount("role: nobody grants one to themselves")
        if division not in self._divisions:
            raise InvalidAccount("division: not in the table of divisions")
        new = StaffRole(account_id, role.value, division, actor, self._sources.now())

        def work() -> Transaction[bool]:
            granted = yield from self._store.grant(new)
            if granted:
                yield self._audit.record(
                    self._line(EventType.ROLE_GRANTED, account_id, role, division, actor)
                )
            return granted

        return await self._database.write(work)

    async def withdraw(self, account_id: str, role: RoleName, division: str, actor: str) -> bool:
        """Take a role away; False when there was none."""

        def work() -> Transaction[bool]:
            withdrawn = yield from self._store.withdraw(account_id, role.value, division)
            if withdrawn:
                yield self._audit.record(
                    self._line(EventType.ROLE_WITHDRAWN, account_id, role, division, actor)
                )
            return withdrawn

        return await self._database.write(work)

    @staticmethod
    def _line(event: EventType, account_id: str, role: RoleName, division: str, actor: str) -> AuditEvent:
        return AuditEvent(
            event=event, account_id=account_id, actor=actor, detail={"role": role.value, "division": division}
        )
