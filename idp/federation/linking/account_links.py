"""What a person does about links: the owner sees and ends them, an administrator settles what no rule decides."""

from enum import Enum, auto

from idp.accounts.authenticator_store import AuthenticatorStore
from idp.accounts.model import Account, AccountState
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.federation.linking.conflict_store import DISMISSED, SETTLED
from idp.federation.linking.service import LINKED, UNLINKED, Linking
from idp.federation.model import ConflictSummary, UpstreamConflict, UpstreamLink
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Overtaken
from idp.infrastructure.foundation import Foundation

MOST = 500


class NoSuchConflict(Exception):
    """Nothing of this reference waits, or several do."""


class LastWay(Exception):
    """A link is the only way into its account."""


class KeptLink(Enum):
    """Why a link is not ended."""

    GONE = auto()
    """There is none, or the account was closed or changed meanwhile."""
    LAST_WAY = auto()
    """Nobody could enter the account any more."""


class AccountLinks:
    """`actor` is who decides, for the record."""

    def __init__(self, foundation: Foundation, linking: Linking) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._audit = AuditStore(foundation.sources)
        self._linking = linking
        self._accounts = AccountStore(foundation.vault)
        self._authenticators = AuthenticatorStore(foundation.vault)

    async def of_account(self, account_id: str) -> list[UpstreamLink]:
        """The platforms by which somebody comes in."""
        return await self._database.read(lambda: self._linking.links.of_account(account_id))

    async def conflicts_of(self, account_id: str) -> list[ConflictSummary]:
        """What waits about an account."""
        return await self._database.read(lambda: self._linking.conflicts.of_account(account_id))

    async def unlink(self, account_id: str, link_id: str, actor: str) -> bool:
        """End a link, and the proof that rested on it. False where there is none."""

        def work() -> Transaction[bool]:
            now = self._sources.now()
            link = yield from self._linking.links.end_one(account_id, link_id, "operator", now)
            if link is not None:
                yield from self._linking.unlinked(link, "operator", actor)
                yield from self._linking.tell(link, UNLINKED)
            return link is not None

        return await self._database.write(work)

    async def unlink_own(
        self, account_id: str, link_id: str, address: str, *, proven: int | None = None
    ) -> bool:
        """The same by its owner, who was judged with the security version `proven`.

        Raises LastWay where nobody could enter the account any more.
        """

        def work() -> Transaction[KeptLink | None]:
            now = self._sources.now()
            account = yield from self._accounts.by_id(account_id)
            if account is None or proven not in (None, account.security_version):
                return KeptLink.GONE
            if (kept := (yield from self._kept(account, link_id))) is not None:
                return kept
            # Of two changes at once the second finds another version than the one by which it was judged.
            version = account.security_version
            if not (yield from self._authenticators.changing(account_id, now, proven=version)):
                return KeptLink.GONE
            link = yield from self._linking.links.end_one(account_id, link_id, "owner", now)
            if link is None:
                raise Overtaken(link_id)
            yield from self._linking.unlinked(link, "owner", address=address)
            yield from self._linking.tell(link, UNLINKED)
            return None

        kept = await self._database.write(work)
        if kept is KeptLink.LAST_WAY:
            raise LastWay
        return kept is None

    def _kept(self, account: Account, link_id: str) -> Transaction[KeptLink | None]:
        """Whether an account keeps a link that its owner would end, and why."""
        if account.state != AccountState.ACTIVE:
            return KeptLink.GONE
        links = yield from self._linking.links.of_account(account.id)
        if all(link.id != link_id for link in links):
            return KeptLink.GONE
        if any(link.id != link_id and link.profile in self._linking.in_use for link in links):
            return None
        return None if (yield from self._authenticators.has_way_in(account.id)) else KeptLink.LAST_WAY

    async def waiting(self) -> list[UpstreamConflict]:
        """Every conflict that waits, oldest first."""
        return await self._database.read(lambda: self._linking.conflicts.waiting(MOST))

    async def dismiss(self, name: str, actor: str) -> None:
        """Leave everything as it is. Raises NoSuchConflict."""
        one = await self.find(name)
        if not await self._database.write(lambda: self._decided(one, DISMISSED, actor, None)):
            raise NoSuchConflict

    async def link(self, name: str, account_id: str, actor: str) -> None:
        """The subject is this account's: whoever comes next time enters it. Raises NoSuchConflict."""
        one = await self.find(name)
        if not await self._database.write(lambda: self.linked(one, account_id, actor)):
            raise NoSuchConflict

    def linked(self, one: UpstreamConflict, account_id: str, actor: str) -> Transaction[bool]:
        """The same, within a transaction, which may raise Conflict; False where somebody else has decided it."""
        profile, index = one.profile, one.subject_index
        now = self._sources.now()
        if not (yield from self._decided(one, SETTLED, actor, account_id)):
            return False
        before = yield from self._linking.links.live(profile, index)
        if before is not None and before.account_id == account_id:
            return True
        if before is not None:
            yield from self._linking.links.end(profile, index, "settled", now)
            yield from self._linking.unlinked(before, "settled", actor)
            yield from self._linking.tell(before, UNLINKED)
        link = UpstreamLink(
            id=self._sources.new_id(),
            profile=profile,
            kind=one.content.kind,
            subject_index=index,
            level=0,  # the next login proves whatever the platform vouches for then
            level_source="",
            linked_at=now,
            last_seen_at=now,
            account_id=account_id,
        )
        yield self._accounts.raised(account_id)
        yield from self._linking.links.add(link, one.content.subject)
        detail = {"profile": profile, "level": 0, "new": False}
        yield self._audit.record(
            AuditEvent(event=EventType.UPSTREAM_LINKED, account_id=account_id, actor=actor, detail=detail)
        )
        yield from self._linking.tell(link, LINKED)
        return True

    def holder(self, one: UpstreamConflict) -> Transaction[UpstreamLink | None]:
        """The link by which the subject of a conflict enters an account now, if it does."""
        return (yield from self._linking.links.live(one.profile, one.subject_index))

    def by_id(self, conflict_id: str) -> Transaction[UpstreamConflict | None]:
        """A conflict that waits, within a transaction."""
        waiting = yield from self._linking.conflicts.waiting(MOST)
        return next((one for one in waiting if one.id == conflict_id), None)

    def _decided(
        self, one: UpstreamConflict, state: str, actor: str, account_id: str | None
    ) -> Transaction[bool]:
        """Close a conflict; True for the one caller that did."""
        if not (yield from self._linking.conflicts.decide(one.id, state, actor, self._sources.now())):
            return False
        detail = {"profile": one.profile, "conflict": one.id, "decision": state}
        subject = account_id or one.account_id
        yield self._audit.record(
            AuditEvent(event=EventType.UPSTREAM_SETTLED, account_id=subject, actor=actor, detail=detail)
        )
        return True

    async def find(self, name: str) -> UpstreamConflict:
        """The conflict of a reference or an id. Raises NoSuchConflict."""
        fitting = [one for one in await self.waiting() if name.upper() in (one.reference, one.id.upper())]
        if len(fitting) != 1:
            raise NoSuchConflict
        return fitting[0]
