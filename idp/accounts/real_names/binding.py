"""Raising the level of an account is an act of binding: by what it is entered from then on, and what goes with it."""

from idp.accounts.contacts.former import FormerContacts
from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.hooks import AccountLifecycleHooks
from idp.accounts.lifecycle.service import Notifier
from idp.accounts.model import Account
from idp.accounts.real_names.binding_store import RebindingStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _

BOUND = _(
    "您的账号已由本人以更可靠的方式核验身份。当时没有一并验证的登录方式已停用，其他设备已退出登录。"
    "如果不是您本人办理，请带证件到窗口。"
)
TAKEN = _(
    "您账号上登记的证件，已由持证人本人以更可靠的方式在另一个账号上实名。您的账号不再有实名等级，"
    "资料和登录方式不变。如有疑问，请带证件到窗口。"
)
CONTESTED = _(
    "有人在另一个账号上用您登记的证件通过了实名核验。您的账号没有变化。如果不是您本人，请带证件到窗口核实。"
)


class Rebinding:
    """What follows when somebody proves who they are more strongly; each method belongs into that transaction."""

    def __init__(
        self, foundation: Foundation, lifecycle_hooks: AccountLifecycleHooks, notices: Notifier
    ) -> None:
        self._sources = foundation.sources
        self._store = RebindingStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._former = FormerContacts(foundation)
        self._lifecycle_hooks = lifecycle_hooks
        self._notices = notices

    def bound(self, before: Account, shown: ProvenControl) -> Transaction[None]:
        """Whoever brought the proof keeps what they have shown; what was bound at the lower level goes.

        Told where the account was reached until now, and at a phone that is new. May raise Conflict for that phone.
        """
        account_id, now = before.id, self._sources.now()
        after = yield from self._store.bind(before, shown, now)
        if after is None:
            return  # closed: nobody enters it
        factors = yield from self._store.drop_unshown(account_id, shown.since)
        ended = yield from self._lifecycle_hooks.bound(account_id, shown)
        gone = {
            "password": int(bool(before.password_hash) and not after.password_hash),
            "phone": int(before.phone_index not in (None, after.phone_index)),
            "mail": int(before.email is not None and after.email is None),
            "factors": len(factors),
            **ended,
        }
        yield self._audit.record(
            AuditEvent(event=EventType.ACCOUNT_BOUND, account_id=account_id, detail=gone)
        )
        moved = before.phone_index != after.phone_index
        yield from self._former.keep(before, phone=moved, email=after.email is None)
        yield from self._notices.everywhere(before, BOUND)
        if after.phone_index not in (None, before.phone_index):
            yield from self._notices.notice(after, BOUND)

    def taken(self, holder: Account) -> Transaction[None]:
        """An account has lost its certificate to a stronger proof elsewhere; it keeps its data and ways in."""
        yield from self._lifecycle_hooks.unidentified(holder.id)
        yield from self._notices.everywhere(holder, TAKEN)

    def contested(self, holder: Account) -> Transaction[None]:
        """The same certificate was proved as strongly elsewhere: for a person's eyes, and the holder is told."""
        yield self._audit.record(AuditEvent(event=EventType.REAL_NAME_CONTESTED, account_id=holder.id))
        yield from self._notices.everywhere(holder, CONTESTED)
