"""Opening one's own account, and coming in by a phone that was just proved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from idp.accounts.contacts.phones import Phones
from idp.accounts.model import Account, AccountState, NewAccount, checked
from idp.accounts.names import placeholder_name
from idp.accounts.passwords.hashing import BUSY_SECONDS, Overloaded, PasswordHasher
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.audit.store import AuditStore
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.knowledge.verification import knowledge_verified
from idp.authentication.login.last_store import LastLoginStore
from idp.authentication.model import LoginRejected
from idp.authentication.throttle import Attempt, Throttle
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.sessions.model import KNOWLEDGE, PASSWORD, Caller

TERMS_VERSION = "2026-11"
"""Of the text at /terms; changes with it."""
NO_PASSWORD = ""
"""Instead of a password's hash: no password is right."""
QUIET_SECONDS = 180 * 86_400
"""After so long without a login the number may have been given to somebody else (carriers wait at least 90 days)."""
_USERNAME_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Registrant:
    """What a person says of themselves; only the phone is needed, and it is proved."""

    phone: str = field(repr=False)
    name: str = ""
    password: str = field(default="", repr=False)
    elder_mode: bool = False


@dataclass(frozen=True, slots=True)
class More:
    """What must be right beside a code where that is too little: the password, or name and certificate number."""

    password: str = field(repr=False)
    name: str = field(repr=False)
    certificate_number: str = field(repr=False)

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """The fields of more_fields.html."""
        return cls(*(fields.get(name, "") for name in ("password", "name", "certificate_number")))


class Registration:
    """Everything between a proved phone and an account."""

    def __init__(
        self, foundation: Foundation, phones: Phones, hasher: PasswordHasher, throttle: Throttle
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._last_login = LastLoginStore()
        self._audit = AuditStore(foundation.sources)
        self._refusals = Refusals(foundation)
        self._devices = DeviceCookie(foundation)
        self._phones = phones
        self._hasher = hasher
        self._throttle = throttle

    async def register(self, person: Registrant, caller: Caller) -> Account | None:
        """Open an account of level 0; None when the phone has become another's meanwhile. Raises InvalidAccount."""
        stored = await self._hasher.hash(person.password) if person.password else NO_PASSWORD
        account_id = self._sources.new_id()
        account = checked(self._new(person, stored))
        detail = {"terms": TERMS_VERSION, "password": bool(person.password)}
        line = AuditEvent(
            event=EventType.ACCOUNT_REGISTERED, account_id=account_id, address=caller.address, detail=detail
        )

        def work() -> Transaction[Account | None]:
            yield from self._accounts.add(account_id, account, self._sources.now())
            yield self._audit.record(line)
            return (yield from self._accounts.by_id(account_id))

        try:
            return await self._database.write(work)
        except Conflict:
            return None

    async def needs_more(self, account: Account) -> bool:
        """Whether a code alone is too little: the number was never proved, or nobody has come for long."""
        proved_at = account.phone_verified_at
        return proved_at is None or await self.is_quiet(account.id, max(proved_at, account.created_at))

    async def is_quiet(self, account_id: str, seen_at: float) -> bool:
        """Whether nobody has come for so long that the number may be another's; `seen_at` counts as a login."""
        last = await self._database.read(lambda: self._last_login.of_account(account_id))
        return self._sources.now() - max(last or 0.0, seen_at) > QUIET_SECONDS

    async def more(
        self, account: Account, more: More, caller: Caller, device: str | None
    ) -> LoginRejected | str:
        """The amr of what is right, password or name and certificate number: no less than recovery asks for."""
        key = self._throttle.account_key(account.id, "")
        attempt = Attempt(key, caller.address, self._devices.known(device, account.id))
        if wait := await self._throttle.admit_with_knowledge(attempt):
            line = AuditEvent(
                event=EventType.LOGIN_THROTTLED, account_id=wait.about(account.id), address=caller.address
            )
            self._refusals.note(line)
            return LoginRejected(wait.seconds)
        try:
            right, _ = await self._hasher.verify(more.password, account.password_hash or None)
        except Overloaded:
            return LoginRejected(BUSY_SECONDS)
        known = knowledge_verified(self._accounts, account, more.name, more.certificate_number)
        if right or known:
            await self._throttle.known(key)
            return PASSWORD if right else KNOWLEDGE
        line = AuditEvent(
            event=EventType.LOGIN_FAILED,
            account_id=account.id,
            address=caller.address,
            detail={"reason": "number"},
        )
        self._refusals.note(line)
        return LoginRejected()

    async def entered(self, account: Account, phone: str) -> Account | None:
        """The account with its phone proved; None where it is closed, has changed, or another one has the phone."""
        if account.state != AccountState.ACTIVE:
            return None
        return (
            account if account.phone_verified_at is not None else await self._phones.confirm(account, phone)
        )

    def _new(self, person: Registrant, stored: str) -> NewAccount:
        digits = f"{int.from_bytes(self._sources.new_bytes(8)) % 10**_USERNAME_DIGITS:0{_USERNAME_DIGITS}}"
        return NewAccount(
            username=f"zh{digits}",
            name=person.name.strip() or placeholder_name(digits),
            password_hash=stored,
            phone=person.phone,
            phone_verified=True,
            elder_mode=person.elder_mode,
        )
