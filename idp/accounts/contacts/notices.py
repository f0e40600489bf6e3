"""Telling people what happened to their account: at the verified phone, by mail, and where they were reached lately."""

from collections.abc import Iterator

from idp.accounts.contacts.former import FormerContacts
from idp.accounts.model import Account
from idp.accounts.store import EMAIL, PHONE, AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.statement import Call
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.messages import Messages
from idp.infrastructure.outbox_store import OutboxMessage
from idp.infrastructure.translations import CHINESE, Translations
from idp.infrastructure.translations import mark as _

SUBJECT = _("湛河统一身份认证：账号通知")


class Notices:
    """Notices leave through the outbox, with the transaction of what they tell; `kick` it after the commit.

    People are told in the language that they keep with the account, else in Chinese.
    """

    def __init__(
        self,
        foundation: Foundation,
        messages: Messages,
        translations: Translations | None = None,
    ) -> None:
        self._accounts = AccountStore(foundation.vault)
        self._former = FormerContacts(foundation)
        self._messages = messages
        self._translations = translations or Translations()

    def notice(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """Tell the person by the one way that is nearest.

        For a phone that is new in this act, and nothing else: whoever has the account in their hands may have the
        nearest way too. All other news goes everywhere.
        """
        for call in self._calls(account, text, values):
            yield call
            return

    def everywhere(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """Tell the person by every way there is, and those of the last 30 days: one may be in other hands.

        `account` as it was before what is told.
        """
        yield from self._calls(account, text, values)
        said = self._said(account, text, values)
        phones, addresses = yield from self._former.of(account.id)
        told = self._accounts.reveal(PHONE, account.phone) if account.phone_verified_at is not None else None
        for phone in sorted(phones - {told}):
            yield self._messages.sms(phone, said, about=account.id)
        subject = self._said(account, SUBJECT, {})
        for address in sorted(addresses - {self._accounts.reveal(EMAIL, account.email)}):
            yield self._messages.mail(address, subject, said, about=account.id)

    def by_mail(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """Tell the person by mail only: the phone is somebody else's."""
        yield from self._mail(account, self._said(account, text, values))

    def _calls(self, account: Account, text: str, values: dict[str, object]) -> Iterator[Call]:
        said = self._said(account, text, values)
        phone = self._accounts.reveal(PHONE, account.phone)
        if phone is not None and account.phone_verified_at is not None:
            yield self._messages.sms(phone, said, about=account.id)
        yield from self._mail(account, said)

    def _mail(self, account: Account, said: str) -> Iterator[Call]:
        address = self._accounts.reveal(EMAIL, account.email)
        if address is not None:
            subject = self._said(account, SUBJECT, {})
            yield self._messages.mail(address, subject, said, about=account.id)

    def _said(self, account: Account, text: str, values: dict[str, object]) -> str:
        return self._translations.gettext(account.language or CHINESE, text, **values)


class Deliveries:
    """Records what became of messages; neither recipient nor content."""

    def __init__(self, foundation: Foundation) -> None:
        self._audit = AuditStore(foundation.sources)

    def record(self, kind: str, message: OutboxMessage, error: str | None) -> Call:
        """The audit call for a message that left, or was given up."""
        event = EventType.MESSAGE_SENT if error is None else EventType.MESSAGE_UNDELIVERED
        detail = {"kind": kind, "attempts": message.attempts} | ({"error": error} if error else {})
        return self._audit.record(AuditEvent(event=event, account_id=message.subject or None, detail=detail))
