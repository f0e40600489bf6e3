"""Opening accounts and changing what proves them."""

from base64 import b32encode
from dataclasses import replace

from idp.accounts.model import InvalidAccount, NewAccount, checked
from idp.accounts.passwords import MOST_CHARACTERS, PasswordHasher, is_known_hash
from idp.accounts.store import AccountStore
from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.foundation import Foundation

PASSWORD_LEAST = 8
TOTP = "totp"
_TOTP_BYTES = 20


class UnknownAccount(Exception):
    """No single account has this identifier."""


class Accounts:
    """Administers accounts; `actor` names who does it in the audit record."""

    def __init__(self, foundation: Foundation, hasher: PasswordHasher) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._hasher = hasher

    async def open(self, account: NewAccount, actor: str, password: str | None = None) -> str:
        """Open an account with a password, or with an imported hash; its id. Raises InvalidAccount, Conflict."""
        if password is not None:
            account = replace(account, password_hash=await self._hasher.hash(checked_password(password)))
        elif not is_known_hash(account.password_hash):
            raise InvalidAccount("password_hash: unknown scheme")
        account = checked(account)
        account_id = self._sources.new_id()
        line = Line(
            Event.ACCOUNT_CREATED, account_id=account_id, actor=actor, detail={"level": account.level}
        )

        def work() -> Transaction[None]:
            yield from self._store.add(account_id, account, self._sources.now())
            yield self._audit.record(line)

        await self._database.write(work)
        return account_id

    async def set_password(self, identifier: str, password: str, actor: str) -> str:
        """Set a new password; the account's id. Raises UnknownAccount, InvalidAccount."""
        row = await self.find(identifier)
        new_hash = await self._hasher.hash(checked_password(password))
        line = Line(Event.PASSWORD_SET, account_id=row["id"], actor=actor)

        def work() -> Transaction[None]:
            if (
                yield from self._store.replace_password(
                    row["id"], row["password_hash"], new_hash, self._sources.now()
                )
            ):
                yield self._audit.record(line)

        await self._database.write(work)
        return str(row["id"])

    async def set_level(self, identifier: str, level: int, actor: str) -> str:
        """Set the real-name level 0–4; the account's id. Raises UnknownAccount, InvalidAccount."""
        if not 0 <= level <= 4:
            raise InvalidAccount("level: 0 to 4")
        row = await self.find(identifier)
        detail = {"level": level, "before": row["real_name_level"]}
        line = Line(Event.ACCOUNT_CHANGED, account_id=row["id"], actor=actor, detail=detail)

        def work() -> Transaction[None]:
            yield from self._store.set_level(row["id"], level, self._sources.now())
            yield self._audit.record(line)

        await self._database.write(work)
        return str(row["id"])

    async def enrol_totp(self, identifier: str, actor: str) -> str:
        """Give an account a time-based one-time password; the secret in base32. Raises UnknownAccount."""
        row = await self.find(identifier)
        secret = b32encode(self._sources.new_bytes(_TOTP_BYTES)).decode()
        line = Line(Event.TOTP_ENROLLED, account_id=row["id"], actor=actor)

        def work() -> Transaction[None]:
            now = self._sources.now()
            yield from self._store.add_authenticator(self._sources.new_id(), row["id"], TOTP, secret, now)
            yield self._audit.record(line)

        await self._database.write(work)
        return secret

    async def find(self, identifier: str) -> Row:
        """The account that a username, phone or certificate number names; raises UnknownAccount."""
        row = await self._database.read(lambda: self._store.find(identifier))
        if row is None:
            raise UnknownAccount
        return row


def checked_password(password: str) -> str:
    """The password if it is long enough and not absurd; raises InvalidAccount."""
    if not PASSWORD_LEAST <= len(password) <= MOST_CHARACTERS:
        raise InvalidAccount(f"password: {PASSWORD_LEAST} to {MOST_CHARACTERS} characters")
    return password
