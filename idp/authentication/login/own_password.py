"""Changing one's own password: the old one is asked for even of a fresh session, and all other sessions end."""

from dataclasses import dataclass

from idp.accounts.model import Account
from idp.accounts.passwords.hashing import PasswordHasher, is_known_hash
from idp.accounts.passwords.rule import strong_password
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.authentication.throttle import IN_SESSION, Attempt, Throttle
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.translations import mark as _
from idp.sessions.devices import Devices, Notice
from idp.sessions.model import Caller, Session
from idp.sessions.service import Sessions

CHANGED = _("您的账号密码已修改，其他设备上的登录已全部退出。如果不是您本人操作，请立即联系服务台。")


@dataclass(frozen=True, slots=True)
class PasswordNotChanged:
    """The password stays; `retry_after` seconds when throttled, else the old one was wrong."""

    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Tellers:
    """Who learns of a change."""

    sessions: Sessions
    devices: Devices
    outbox: Outbox
    notice: Notice | None = None


class OwnPassword:
    """For /me/security/password."""

    def __init__(
        self, foundation: Foundation, hasher: PasswordHasher, throttle: Throttle, tellers: Tellers
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._hasher = hasher
        self._throttle = throttle
        self._tellers = tellers

    async def exists(self, session: Session) -> bool:
        """Whether the account has a password: somebody who registered by phone may have none yet."""
        account = await self._account(session)
        return account is not None and is_known_hash(account.password_hash)

    async def change(
        self, session: Session, current: str, new: str, caller: Caller
    ) -> PasswordNotChanged | None:
        """Set a new password; raises InvalidAccount, Overloaded. None when done."""
        account = await self._account(session)
        if account is None:
            return PasswordNotChanged()
        strong_password(new, *self._store.told_of(account))
        # A first password is counted too: each attempt costs a hash.
        key = self._throttle.account_key(session.account_id, "")
        if wait := await self._throttle.admit(Attempt(key, caller.address, IN_SESSION)):
            return PasswordNotChanged(wait.seconds)
        if is_known_hash(account.password_hash):
            right, _new_hash = await self._hasher.verify(current, account.password_hash)
            if not right:
                return PasswordNotChanged()
        if not await self._replace(session, account, await self._hasher.hash(new), caller):
            return PasswordNotChanged()
        self._tellers.outbox.kick()
        return None

    async def _replace(self, session: Session, account: Account, new_hash: str, caller: Caller) -> bool:
        line = AuditEvent(
            event=EventType.PASSWORD_SET,
            account_id=session.account_id,
            session_id=session.id,
            address=caller.address,
        )

        def work() -> Transaction[bool]:
            now = self._sources.now()
            if not (
                yield from self._store.replace_password(
                    account, new_hash, now, proven=session.security_version
                )
            ):
                return False
            yield from self._tellers.devices.distrust(account.id)
            yield from self._tellers.sessions.ended(account.id, "password changed", session.id, caller)
            yield self._audit.record(line)
            if self._tellers.notice is not None:
                yield from self._tellers.notice(account, CHANGED)
            return True

        return await self._database.write(work)

    async def _account(self, session: Session) -> Account | None:
        return await self._database.read(lambda: self._store.by_id(session.account_id))
