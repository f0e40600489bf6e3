"""What a confirmed request does to an account: merged and parted, linked, opened, closed, its phone taken off."""

from idp.accounts.lifecycle.service import Lifecycle
from idp.accounts.merges.service import Merges, Plan
from idp.accounts.model import AccountState
from idp.accounts.store import AccountStore
from idp.counter.model import CounterRequest, Hindrance, RequestKind
from idp.federation.linking.account_links import AccountLinks
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation


class ApprovedAccountRequests:
    """What is done is recorded with both members of staff."""

    def __init__(
        self, foundation: Foundation, lifecycle: Lifecycle, merges: Merges, desk: AccountLinks
    ) -> None:
        self._accounts = AccountStore(foundation.vault)
        self._lifecycle = lifecycle
        self._merges = merges
        self._desk = desk

    def apply(self, request: CounterRequest, *, again: bool) -> Transaction[Hindrance | None]:
        """Do it, in the transaction that confirms it; what hinders it, before anything is written."""
        account_id, claim, actor = request.account_id, request.claim, request.both
        subject, reason = claim.subject or "", claim.reason or ""
        match request.kind:
            case RequestKind.MERGE:
                plan = Plan(subject, account_id, claim.keep or {})
                refused = yield from self._merges.merged(plan, request.id, reason, actor, claim.seen)
                return None if refused is None else Hindrance(refused.value)
            case RequestKind.UNMERGE:
                refused = yield from self._merges.undone(subject, reason, actor, phones=not again)
                return None if refused is None else Hindrance(refused.value)
            case RequestKind.LINK:
                return (yield from self._linked(account_id, subject, actor))
            case kind:
                changed = yield from self._changed(kind, account_id, reason, actor)
                return None if changed else Hindrance.UNCHANGED

    def sent(self) -> None:
        """To be called after the commit: messages to others may have been left."""
        self._lifecycle.sent()

    def _linked(self, account_id: str, conflict_id: str, actor: str) -> Transaction[Hindrance | None]:
        account = yield from self._accounts.by_id(account_id)
        if account is None or account.state != AccountState.ACTIVE:
            return Hindrance.CLOSED
        one = yield from self._desk.by_id(conflict_id)
        if one is None or not (yield from self._desk.linked(one, account_id, actor)):
            return Hindrance.DECIDED
        return None

    def _changed(self, kind: RequestKind, account_id: str, reason: str, actor: str) -> Transaction[bool]:
        to = self._lifecycle
        match kind:
            case RequestKind.FREEZE:
                return (yield from to.frozen(account_id, reason, actor))
            case RequestKind.THAW:
                return (yield from to.thawed(account_id, reason, actor, (AccountState.FROZEN,)))
            case RequestKind.REVIVE:
                return (yield from to.thawed(account_id, reason, actor, (AccountState.DECEASED,)))
            case RequestKind.DECEASED:
                return (yield from to.died(account_id, reason, actor))
            case RequestKind.RELEASE:
                return (yield from to.phone_released(account_id, reason, actor))
            case _:
                return (yield from to.secured(account_id, actor, reason)) is not None
