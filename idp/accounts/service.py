"""Opening accounts and changing what proves them."""

from base64 import b32encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from idp.accounts.model import Account, InvalidAccount, NewAccount, checked
from idp.accounts.passwords.costs import CURRENT, cost_of
from idp.accounts.passwords.hashing import PasswordHasher, is_known_hash
from idp.accounts.passwords.rule import strong_password
from idp.accounts.passwords.store import PasswordCostStore
from idp.accounts.real_names.binding_store import RebindingStore
from idp.accounts.real_names.proof import HIGHEST_LEVEL, OPERATOR, NotRecorded, Proof
from idp.accounts.real_names.store import RealNameStore
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.beijing import day_of
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Overtaken
from idp.infrastructure.foundation import Foundation

TOTP = "totp"
_TOTP_BYTES = 20


class UnknownAccount(Exception):
    """No single account has this identifier."""


class AlreadyVerified(Exception):
    """The certificate of the account is verified on another one."""


class Accounts:
    """Administers accounts; `actor` names who does it in the audit record."""

    def __init__(self, foundation: Foundation, hasher: PasswordHasher) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = AccountStore(foundation.vault)
        self._records = RealNameStore(foundation.vault)
        self._bindings = RebindingStore(foundation.vault)
        self._costs = PasswordCostStore()
        self._audit = AuditStore(foundation.sources)
        self._hasher = hasher

    async def open(self, account: NewAccount, actor: str, password: str | None = None) -> str:
        """Open an account with a password, or with an imported hash; its id. Raises InvalidAccount, Conflict.

        A level leaves a real-name record: somebody has vouched for it.
        """
        if password is not None:
            known = (account.phone, account.certificate_number, account.email)
            strong = strong_password(password, account.username, account.name, *known)
            account = replace(account, password_hash=await self._hasher.hash(strong))
        elif not is_known_hash(account.password_hash):
            raise InvalidAccount("password_hash: unknown scheme")
        cost = cost_of(account.password_hash)
        now = self._sources.now()
        account = checked(account, day_of(now))
        account_id = self._sources.new_id()
        line = AuditEvent(
            event=EventType.ACCOUNT_CREATED,
            account_id=account_id,
            actor=actor,
            detail={"level": account.level},
        )

        def work() -> Transaction[None]:
            yield from self._store.add(account_id, account, now)
            if cost not in (CURRENT, ""):
                yield from self._costs.add(cost)
            if account.level:
                yield self._records.add(
                    self._sources.new_id(), account_id, _vouched(account.level), actor, now
                )
            yield self._audit.record(line)

        await self._database.write(work)
        await self._hasher.learn([cost])
        return account_id

    async def set_password(
        self, identifier: str, password: str, actor: str, end: Callable[[str], Transaction[Any]] | None = None
    ) -> str:
        """Set a new password; the account's id. Raises UnknownAccount, InvalidAccount.

        `end` ends, in the same transaction, what was opened with the old one.
        """
        account = await self.find(identifier)
        new_hash = await self._hasher.hash(strong_password(password, *self._store.told_of(account)))
        line = AuditEvent(event=EventType.PASSWORD_SET, account_id=account.id, actor=actor)

        def work() -> Transaction[None]:
            if (yield from self._store.replace_password(account, new_hash, self._sources.now())):
                yield self._audit.record(line)
                if end is not None:
                    yield from end(account.id)

        await self._database.write(work)
        return account.id

    async def set_level(self, identifier: str, level: int, actor: str) -> str:
        """Set the real-name level 0–4; the account's id. Raises UnknownAccount, InvalidAccount, AlreadyVerified.

        What was proved above it ends; the level itself leaves a record.
        """
        if not 0 <= level <= HIGHEST_LEVEL:
            raise InvalidAccount("level: 0 to 4")
        account_id = (await self.find(identifier)).id
        record_id, proof = self._sources.new_id(), _vouched(level)

        def work() -> Transaction[NotRecorded | None]:
            now = self._sources.now()
            before = yield from self._records.lock(account_id)
            if before is None:
                return NotRecorded.NO_SUCH_ACCOUNT
            if level and (yield from self._is_verified_elsewhere(account_id)):
                return NotRecorded.ALREADY_VERIFIED
            yield from self._records.end_above(account_id, level, OPERATOR, now)
            yield from self._records.lower(account_id, now)
            if level:
                yield self._records.add(record_id, account_id, proof, actor, now)
                if (yield from self._records.settle(record_id, account_id, proof, now)) is None:
                    raise Overtaken(account_id)
            detail = {"level": level, "before": before.level}
            yield self._audit.record(
                AuditEvent(event=EventType.ACCOUNT_CHANGED, account_id=account_id, actor=actor, detail=detail)
            )
            return None

        refused = await self._database.write(work)
        if refused is not None:
            raise UnknownAccount if refused is NotRecorded.NO_SUCH_ACCOUNT else AlreadyVerified
        return account_id

    async def enrol_totp(self, identifier: str, actor: str) -> str:
        """Give an account a time-based one-time password; the secret in base32. Raises UnknownAccount."""
        account = await self.find(identifier)
        secret = b32encode(self._sources.new_bytes(_TOTP_BYTES)).decode()
        line = AuditEvent(event=EventType.TOTP_ENROLLED, account_id=account.id, actor=actor)

        def work() -> Transaction[None]:
            now = self._sources.now()
            yield self._store.raised(account.id)
            yield from self._store.add_authenticator(self._sources.new_id(), account.id, TOTP, secret, now)
            yield self._audit.record(line)

        await self._database.write(work)
        return secret

    async def find(self, identifier: str) -> Account:
        """The account that a username, phone or certificate number names; raises UnknownAccount."""
        account = await self._database.read(lambda: self._store.find(identifier))
        if account is None:
            raise UnknownAccount
        return account

    def _is_verified_elsewhere(self, account_id: str) -> Transaction[bool]:
        """Whether another account has the certificate of this one, by a proof."""
        account = yield from self._store.by_id(account_id)
        if account is None or account.certificate_index is None or account.certificate_type is None:
            return False
        type_, index = account.certificate_type, account.certificate_index
        return (yield from self._bindings.holder(account_id, type_, index)) is not None


def _vouched(level: int) -> Proof:
    return Proof(level, OPERATOR, OPERATOR, OPERATOR)
