"""Whose phone it is: a number names at most one account that has proved it, and moves when its owner does."""

from idp.accounts.contacts.former import FormerContacts
from idp.accounts.contacts.notices import Notices
from idp.accounts.contacts.phone_store import PhoneStore
from idp.accounts.model import Account, AccountState, InvalidAccount, is_phone
from idp.accounts.store import PHONE, AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.messages import Messages
from idp.infrastructure.translations import mark as _

MOVED = _("手机号已从您的账号移除，因为新的使用者证实了它。如果号码仍是您的，请登录后重新绑定。")
CHANGED = _("您的账号已换绑手机号。如果不是您本人操作，请立即联系服务台。")


def checked_phone(text: str) -> str:
    """A mobile number of mainland China as it is kept: 11 digits. Raises InvalidAccount."""
    plain = typed.phone(text)
    if not is_phone(plain):
        raise InvalidAccount("phone: a mobile number of mainland China")
    return plain


class Phones:
    """Finds, gives and takes phones. Whoever calls has made sure that the person holds the phone now."""

    def __init__(self, foundation: Foundation, notices: Notices, messages: Messages) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = PhoneStore()
        self._audit = AuditStore(foundation.sources)
        self._former = FormerContacts(foundation)
        self._notices = notices
        self._messages = messages

    async def holder(self, phone: str) -> Account | None:
        """The account that has proved this phone; else the only one whose record has it unproved; else None."""
        return await self._database.read(lambda: self.held(phone))

    def held(self, phone: str) -> Transaction[Account | None]:
        """The same, within a transaction."""
        found = yield from self._store.holders(self._index(phone))
        found = [account for account in found if account.state != AccountState.CANCELLED]
        proved = [account for account in found if account.phone_verified_at is not None]
        if proved:
            return proved[0]
        return found[0] if len(found) == 1 else None

    async def confirm(self, account: Account, phone: str) -> Account | None:
        """The owner has proved the phone that is in the record: the account from now on.

        None where another account has proved it, or this one has changed since it was read.
        """
        line = AuditEvent(event=EventType.PHONE_CHANGED, account_id=account.id, detail={"confirmed": True})

        def work() -> Transaction[Account | None]:
            index, now = self._index(phone), self._sources.now()
            confirmed = yield from self._store.confirm(account, index, now)
            if confirmed is not None:
                yield self._audit.record(line)
            return confirmed

        try:
            return await self._database.write(work)
        except Conflict:  # somebody else at the very same moment
            return None

    async def change(self, account: Account, phone: str, address: str, *, proven: int) -> bool:
        """Another phone for an account, as its owner wants; False where another account has proved it.

        `proven` is the security version with which the owner was judged: with another one it is False too.
        """

        def work() -> Transaction[bool]:
            return (yield from self.changed(account, phone, address, proven=proven)) is not None

        try:
            done = await self._database.write(work)
        except Conflict:
            return False
        self._messages.kick()
        return done

    def changed(
        self, account: Account, phone: str, address: str, *, proven: int
    ) -> Transaction[Account | None]:
        """The same within a transaction, which may raise Conflict; the old phone and the mail are told."""
        sealed = self._vault.encrypt(PHONE, phone)
        index, now = self._index(phone), self._sources.now()
        changed = yield from self._store.change(account.id, proven, sealed, index, now)
        if changed is not None:
            yield self._audit.record(
                AuditEvent(event=EventType.PHONE_CHANGED, account_id=account.id, address=address)
            )
            yield from self._former.keep(account, phone=True)
            yield from self._notices.everywhere(account, CHANGED)
        return changed

    async def release(self, account: Account, phone: str, address: str) -> bool:
        """The phone belongs to somebody else now: it leaves the account, which keeps everything else.

        The mail is told, the phone is not: it is in other hands. A frozen account gives nothing away.
        """
        line = AuditEvent(
            event=EventType.PHONE_RELEASED, account_id=account.id, address=address, detail={"reason": "moved"}
        )

        def work() -> Transaction[bool]:
            index, now = self._index(phone), self._sources.now()
            done = yield from self._store.release(account.id, index, now)
            if done:
                yield self._audit.record(line)
                yield from self._notices.by_mail(account, MOVED)
            return done

        done = await self._database.write(work)
        self._messages.kick()
        return done

    def _index(self, phone: str) -> bytes:
        return self._vault.blind_index(PHONE, phone)
