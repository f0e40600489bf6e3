"""What a person does about links: the owner sees and ends them, an administrator settles what no rule decides."""

from dataclasses import dataclass
from typing import Any

from idp.accounts.authenticator_store import AuthenticatorStore
from idp.accounts.store import AccountStore
from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.federation.conflict_store import DISMISSED, SETTLED
from idp.federation.linking import LINKED, UNLINKED, Linking
from idp.federation.outcomes import reference
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.foundation import Foundation

MOST = 500


class NoSuchConflict(Exception):
    """Nothing of this reference waits, or several do."""


class LastWay(Exception):
    """A link is the only way into its account."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conflict as an administrator sees it; `row` has the ids, `content` what the platform said."""

    row: Row
    content: dict[str, Any]

    @property
    def reference(self) -> str:
        """What the person was told."""
        return reference(self.row["id"])


class LinkDesk:
    """`actor` is who decides, for the record."""

    def __init__(self, foundation: Foundation, linking: Linking) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._audit = AuditStore(foundation.sources)
        self._linking = linking
        self._accounts = AccountStore(foundation.vault)
        self._authenticators = AuthenticatorStore(foundation.vault)

    async def of_account(self, account_id: str) -> list[Row]:
        """The platforms by which somebody comes in."""
        return await self._database.read(lambda: self._linking.links.of_account(account_id))

    async def conflicts_of(self, account_id: str) -> list[Row]:
        """What waits about an account."""
        return await self._database.read(lambda: self._linking.conflicts.of_account(account_id))

    async def unlink(self, account_id: str, link_id: str, actor: str) -> bool:
        """End a link, and the proof that rested on it. False where there is none."""

        def work() -> Transaction[bool]:
            row = yield from self._linking.links.end_one(account_id, link_id, "operator", self._sources.now())
            if row is not None:
                yield from self._linking.unlinked(row, "operator", actor)
                yield from self._linking.tell(row, UNLINKED)
            return row is not None

        return await self._database.write(work)

    async def unlink_own(
        self, account_id: str, link_id: str, address: str, *, proven: int | None = None
    ) -> bool:
        """The same by its owner, who was judged with the security version `proven`.

        Raises LastWay where nobody could enter the account any more.
        """

        def work() -> Transaction[bool]:
            now = self._sources.now()
            # Of two changes at once, the second sees what the first has done.
            if not (yield from self._authenticators.changing(account_id, now, proven=proven)):
                return False  # closed or changed meanwhile
            row = yield from self._linking.links.end_one(account_id, link_id, "owner", now)
            if row is None:
                return False
            if not (
                (yield from self._authenticators.has_way_in(account_id))
                or (yield from self._linking.is_way_in(account_id))
            ):
                raise LastWay
            yield from self._linking.unlinked(row, "owner", address=address)
            yield from self._linking.tell(row, UNLINKED)
            return True

        return await self._database.write(work)

    async def waiting(self) -> list[Waiting]:
        """Every conflict that waits, oldest first."""
        rows = await self._database.read(lambda: self._linking.conflicts.waiting(MOST))
        return [Waiting(row, self._linking.conflicts.reveal(row)) for row in rows]

    async def dismiss(self, name: str, actor: str) -> None:
        """Leave everything as it is. Raises NoSuchConflict."""
        one = await self.find(name)

        def work() -> Transaction[None]:
            yield from self._decide(one, DISMISSED, actor, None)

        await self._database.write(work)

    async def link(self, name: str, account_id: str, actor: str) -> None:
        """The subject is this account's: whoever comes next time enters it. Raises NoSuchConflict."""
        one = await self.find(name)
        await self._database.write(lambda: self.linked(one, account_id, actor))

    def linked(self, one: Waiting, account_id: str, actor: str) -> Transaction[None]:
        """The same, within a transaction, which may raise Conflict."""
        profile, index = one.row["profile"], one.row["subject_index"]
        now = self._sources.now()
        yield from self._decide(one, SETTLED, actor, account_id)
        before = yield from self._linking.links.live(profile, index)
        if before is not None and before["account_id"] == account_id:
            return
        if before is not None:
            yield from self._linking.links.end(profile, index, "settled", now)
            yield from self._linking.unlinked(before, "settled", actor)
            yield from self._linking.tell(before, UNLINKED)
        row: dict[str, object] = {
            "id": self._sources.new_id(),
            "profile": profile,
            "kind": one.content["kind"],
            "subject_index": index,
            "account_id": account_id,
            "level": 0,  # the next login proves whatever the platform vouches for then
            "level_source": "",
            "linked_at": now,
            "last_seen_at": now,
        }
        yield self._accounts.raised(account_id)
        yield from self._linking.links.add(row, one.content["subject"])
        detail = {"profile": profile, "level": 0, "new": False}
        yield self._audit.record(Line(Event.UPSTREAM_LINKED, account_id, actor=actor, detail=detail))
        yield from self._linking.tell(row, LINKED)

    def holder(self, one: Waiting) -> Transaction[Row | None]:
        """The link by which the subject of a conflict enters an account now, if it does."""
        return (yield from self._linking.links.live(one.row["profile"], one.row["subject_index"]))

    def by_id(self, conflict_id: str) -> Transaction[Waiting]:
        """A conflict that waits, within a transaction. Raises NoSuchConflict."""
        for row in (yield from self._linking.conflicts.waiting(MOST)):
            if row["id"] == conflict_id:
                return Waiting(row, self._linking.conflicts.reveal(row))
        raise NoSuchConflict

    def _decide(self, one: Waiting, state: str, actor: str, account_id: str | None) -> Transaction[None]:
        decided = yield from self._linking.conflicts.decide(one.row["id"], state, actor, self._sources.now())
        if not decided:
            raise NoSuchConflict
        detail = {"profile": one.row["profile"], "conflict": one.row["id"], "decision": state}
        subject = account_id or one.row["account_id"]
        yield self._audit.record(Line(Event.UPSTREAM_SETTLED, subject, actor=actor, detail=detail))

    async def find(self, name: str) -> Waiting:
        """The conflict of a reference or an id. Raises NoSuchConflict."""
        fitting = [
            one for one in await self.waiting() if name.upper() in (one.reference, one.row["id"].upper())
        ]
        if len(fitting) != 1:
            raise NoSuchConflict
        return fitting[0]
