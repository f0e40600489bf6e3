"""What one member of staff begins about an account and another confirms: whom it concerns, what was seen."""

from idp.accounts.lifecycle.hooks import Obstacle
from idp.accounts.lifecycle.service import Lifecycle, checked_reason
from idp.accounts.merges.service import MergeRefused, Merges, Plan
from idp.accounts.model import Account
from idp.accounts.store import CERTIFICATE, AccountStore
from idp.counter.comparison import is_name_of
from idp.counter.model import Concerned, CounterClaim, CounterRefusal, Hindrance, RequestKind
from idp.counter.service import Counter
from idp.federation.linking.account_links import AccountLinks
from idp.infrastructure.foundation import Foundation


class AccountRequests:
    """Each names everybody whom it is about and whom it profits, for the rule of two (`idp.counter.store`)."""

    def __init__(
        self,
        foundation: Foundation,
        counter: Counter,
        lifecycle: Lifecycle,
        merges: Merges,
        desk: AccountLinks,
    ) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._accounts = AccountStore(foundation.vault)
        self._counter = counter
        self._lifecycle = lifecycle
        self._merges = merges
        self._desk = desk

    async def merge(self, plan: Plan, reason: str, staff_id: str) -> None:
        """Ask for one account of two. Raises InvalidAccount, CounterRefusal, MergeRefused."""
        checked_reason(reason)
        other, into = await self._account(plan.account_id), await self._account(plan.into)
        if (against := self._merges.against(other, into)) is not None:
            raise MergeRefused(against)
        claim = CounterClaim(
            name=other.name,
            certificate_type=other.certificate_type,
            certificate_number=self._accounts.reveal(CERTIFICATE, other.certificate_number),
            subject=plan.account_id,
            other=other.username,
            keep=dict(plan.keep),
            reason=reason,
            seen={each.id: each.updated_at for each in (other, into)},
        )
        await self._counter.begin(RequestKind.MERGE, plan.into, staff_id, claim, [Concerned(plan.account_id)])

    async def unmerge(self, merge_id: str, account_id: str, reason: str, staff_id: str) -> None:
        """Ask for two accounts of one again. Raises InvalidAccount, CounterRefusal."""
        checked_reason(reason)
        merge = next((one for one in await self._merges.of(account_id) if one.id == merge_id), None)
        if merge is None or merge.undone_at is not None:
            raise CounterRefusal(Hindrance.LATE)
        other = await self._account(merge.account_id)
        claim = CounterClaim(subject=merge_id, other=other.username, reason=reason)
        concerned = [Concerned(merge.account_id)]
        await self._counter.begin(RequestKind.UNMERGE, merge.into_account_id, staff_id, claim, concerned)

    async def link(self, conflict: str, account_id: str, staff_id: str) -> None:
        """Ask for the subject of a conflict to be this account's. Raises NoSuchConflict, CounterRefusal.

        Whose certificate the platform named is concerned, and whoever the subject enters as until now.
        """
        one = await self._desk.find(conflict)
        holder = await self._database.read(lambda: self._desk.holder(one))
        number = one.content.certificate_number
        concerned = [Concerned(one.account_id)]
        concerned += [] if holder is None else [Concerned(holder.account_id)]
        concerned += [Concerned(None, self._vault.blind_index(CERTIFICATE, number))] if number else []
        claim = CounterClaim(
            name=one.content.name,
            certificate_number=number,
            subject=one.id,
            other=one.reference,
        )
        await self._counter.begin(RequestKind.LINK, account_id, staff_id, claim, concerned)

    async def deceased(self, account_id: str, name: str, reason: str, staff_id: str) -> None:
        """Ask for a death to be recorded, of the person whose whole name was typed.

        Raises InvalidAccount, CounterRefusal.
        """
        checked_reason(reason)
        account = await self._account(account_id)
        if not is_name_of(name, account.name):
            raise CounterRefusal(Hindrance.TYPED_NAME)
        claim = CounterClaim(name=account.name, reason=reason)
        await self._counter.begin(RequestKind.DECEASED, account_id, staff_id, claim)

    async def change(self, kind: RequestKind, account_id: str, reason: str, staff_id: str) -> None:
        """Ask for a change of an account's fate. Raises InvalidAccount, CounterRefusal."""
        checked_reason(reason)
        await self._counter.begin(kind, account_id, staff_id, CounterClaim(reason=reason))

    async def is_staff(self, account_id: str) -> bool:
        """Whether an account has a role, frozen or not."""
        return Obstacle.STAFF in await self._lifecycle.obstacles(account_id)

    async def _account(self, account_id: str) -> Account:
        account = await self._counter.account(account_id)
        if account is None:
            raise CounterRefusal(Hindrance.NOT_FOUND)
        return account
