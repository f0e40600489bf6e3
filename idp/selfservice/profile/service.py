"""What a person's own record says, and what of it they change themselves."""

from dataclasses import dataclass

from idp.accounts import store as fields
from idp.accounts.contacts.former import FormerContacts
from idp.accounts.contacts.notices import Notices
from idp.accounts.contacts.store import ContactStore
from idp.accounts.model import Account, is_email
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.masking import HIDDEN, masked_number
from idp.infrastructure.messages import Messages
from idp.infrastructure.translations import CHINESE
from idp.infrastructure.translations import mark as _
from idp.sessions.model import Owner, Session

LONGEST_ADDRESS = 200
MAIL_CHANGED = _("您的账号已修改电子邮箱。如果不是您本人操作，请立即修改密码并联系服务台。")


class BadEmail(Exception):
    """No mail address."""


class BadAddress(Exception):
    """Too long, or of signs that cannot be printed."""


@dataclass(frozen=True, slots=True)
class OwnProfile:
    """A person's record; certificate and phone masked. Instants are Unix seconds."""

    account_id: str
    name: str
    username: str
    level: int
    certificate_type: str | None
    certificate_masked: str | None
    phone_masked: str | None
    phone_verified: bool
    email: str | None
    address: str | None
    language: str
    elder: bool
    created_at: float
    closes_at: float | None


class Profiles:
    """Reads and changes."""

    def __init__(self, foundation: Foundation, notices: Notices, messages: Messages) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = ContactStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._former = FormerContacts(foundation)
        self._notices = notices
        self._messages = messages

    async def of_session(self, session: Session) -> OwnProfile:
        """The record of somebody who is logged in.

        A login that rests on the phone alone sees nothing of the certificate number: it may be asked for it.
        """
        return await self.of_account(session.account_id, hidden=session.rests_on_number)

    async def of_account(self, account_id: str, *, hidden: bool = False) -> OwnProfile:
        """The record of an account; `hidden`: without any digit of the certificate number."""
        account = await self.account(account_id)
        certificate = self._accounts.reveal(fields.CERTIFICATE, account.certificate_number)
        return OwnProfile(
            account_id=account.id,
            name=account.name,
            username=account.username,
            level=account.real_name_level,
            certificate_type=account.certificate_type,
            certificate_masked=(HIDDEN if hidden and certificate else masked_number(certificate)) or None,
            phone_masked=masked_number(self._accounts.reveal(fields.PHONE, account.phone)) or None,
            phone_verified=account.phone_verified_at is not None,
            email=self._accounts.reveal(fields.EMAIL, account.email),
            address=self._accounts.reveal(fields.ADDRESS, account.address),
            language=account.language or CHINESE,
            elder=account.elder_mode,
            created_at=account.created_at,
            closes_at=account.closes_at,
        )

    async def account(self, account_id: str) -> Account:
        """The account itself, sealed as it is."""
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        if account is None:
            raise LookupError("a session of no account")
        return account

    async def change_contact(self, owner: Owner, email: str, address: str) -> bool:
        """Set mail and postal address (empty: none); the old mail hears of a new one. Raises BadEmail, BadAddress."""
        email, address = checked_email(email), checked_address(address)

        def work() -> Transaction[bool]:
            account = yield from self._accounts.by_id(owner.account_id)
            if account is None:
                return False
            before = {
                "email": self._accounts.reveal(fields.EMAIL, account.email) or "",
                "address": self._accounts.reveal(fields.ADDRESS, account.address) or "",
            }
            changed = [name for name, new in (("email", email), ("address", address)) if before[name] != new]
            if not changed:
                return True
            now = self._sources.now()
            if not (yield from self._store.set(owner.account_id, email or None, address or None, now)):
                return False
            yield self._audit.record(self._line(EventType.EMAIL_CHANGED, owner, fields=changed))
            if "email" in changed:
                yield from self._former.keep(account, email=True)
                yield from self._notices.everywhere(account, MAIL_CHANGED)
            return True

        done = await self._database.write(work)
        self._messages.kick()
        return done

    def _line(self, event: EventType, owner: Owner, **detail: object) -> AuditEvent:
        return AuditEvent(
            event=event,
            account_id=owner.account_id,
            session_id=owner.session_id,
            address=owner.caller.address,
            detail=dict(detail),
        )


def checked_email(text: str) -> str:
    """A mail address as it is kept, or nothing; raises BadEmail."""
    plain = typed.email(text)
    if (plain or text.strip()) and not is_email(plain):
        raise BadEmail
    return plain


def checked_address(text: str) -> str:
    """A postal address in one line, or nothing; raises BadAddress."""
    plain = typed.line(text)
    if len(plain) > LONGEST_ADDRESS or not plain.isprintable():
        raise BadAddress
    return plain
