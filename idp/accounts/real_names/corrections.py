"""The right to have wrong data put right (个人信息保护法 art. 46): a person asks, staff look into it and answer."""

from idp.accounts.contacts.notices import Notices
from idp.accounts.lifecycle.hooks import AccountLifecycleHook
from idp.accounts.model import CorrectionRequest
from idp.accounts.real_names.correction_store import DONE, REFUSED, CorrectionStore
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _

DAY = 86_400
LONGEST = 500
MOST_A_DAY = 5
MOST_SHOWN = 200
DECIDED = _("您的更正申请已有答复，请登录用户中心，在“个人资料”里查看。")


class BadText(Exception):
    """Empty, or too long."""


class TooMany(Exception):
    """Enough for one day."""


class Corrections:
    """For the user centre, which asks, and the counter, which answers."""

    def __init__(self, foundation: Foundation, notices: Notices) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._sources = foundation.sources
        self._store = CorrectionStore(foundation.vault)
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._notices = notices

    async def of_account(self, account_id: str) -> list[CorrectionRequest]:
        """What a person has asked for, latest first."""
        return await self._database.read(lambda: self._store.of_account(account_id))

    async def ask(self, account_id: str, wanted: str, address: str) -> None:
        """Ask for a correction; raises BadText, TooMany."""
        plain = checked_text(wanted)
        if await self._key_value.increment("corrections", account_id, DAY) > MOST_A_DAY:
            raise TooMany
        line = AuditEvent(event=EventType.CORRECTION_REQUESTED, account_id=account_id, address=address)

        def work() -> Transaction[None]:
            yield self._store.add(self._sources.new_id(), account_id, plain, self._sources.now())
            yield self._audit.record(line)

        await self._database.write(work)

    async def waiting(self) -> list[CorrectionRequest]:
        """What staff have to look into, oldest first."""
        return await self._database.read(lambda: self._store.waiting(MOST_SHOWN))

    async def decide(self, correction_id: str, staff_id: str, *, done: bool, answer: str) -> bool:
        """Answer, and tell the person; False where somebody else did, or it is one's own. Raises BadText."""
        plain, state = checked_text(answer), DONE if done else REFUSED

        def work() -> Transaction[bool]:
            now = self._sources.now()
            account_id = yield from self._store.decide(correction_id, staff_id, state, plain, now)
            if account_id is None:
                return False
            detail = {"correction": correction_id, "state": state}
            event = EventType.COUNTER_CONFIRMED if done else EventType.COUNTER_REFUSED
            yield self._audit.record(
                AuditEvent(event=event, account_id=account_id, actor=staff_id, detail=detail)
            )
            account = yield from self._accounts.by_id(account_id)
            if account is not None:
                yield from self._notices.everywhere(account, DECIDED)
            return True

        return await self._database.write(work)


class CorrectionLifecycleHook(AccountLifecycleHook):
    """What the person wrote goes with the account."""

    def __init__(self, foundation: Foundation) -> None:
        self._store = CorrectionStore(foundation.vault)

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """See `AccountLifecycleHook.end`."""
        yield self._store.forget(account_id)


def checked_text(text: str) -> str:
    """What somebody wrote, in one piece; raises BadText."""
    plain = typed.paragraphs(text)
    if not 1 <= len(plain) <= LONGEST or not plain.replace("\n", "").isprintable():
        raise BadText
    return plain
