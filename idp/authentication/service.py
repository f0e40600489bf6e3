"""The login state machine: password, then a second factor where there is one, then a session."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from idp.accounts.model import State, normalized_identifier
from idp.accounts.passwords import PasswordHasher
from idp.accounts.store import AccountStore
from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.throttle import Attempt, Throttle
from idp.infrastructure.database import Row, Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.vault import Unreadable
from idp.sessions.model import MULTIPLE, PASSWORD, Session
from idp.sessions.service import Caller, Sessions

PENDING = "login"
PENDING_SECONDS = 300
PENDING_PREFIX = "zlt_"
DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Not logged in; `retry_after` seconds when throttled, else 0."""

    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Pending:
    """The password was right; `token` names the login that waits for a second factor."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Done:
    """Logged in: the values of the session cookie and of the device cookie."""

    session_token: str = field(repr=False)
    device: str = field(repr=False)


class Authentication:
    """Decides who somebody is. Every refusal is recorded in the transaction that finds it."""

    def __init__(
        self,
        foundation: Foundation,
        sessions: Sessions,
        hasher: PasswordHasher,
        throttle: Throttle,
        factors: Sequence[SecondFactor],
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._sessions = sessions
        self._hasher = hasher
        self._throttle = throttle
        self._factors = {factor.kind: factor for factor in factors}

    async def password(
        self, identifier: str, password: str, caller: Caller, device: str | None, before: Session | None
    ) -> Wrong | Pending | Done:
        """Check a password. Unknown account, wrong password and closed account look alike, in words and in time."""
        account = await self._database.read(lambda: self._accounts.find(identifier))
        account_id = account["id"] if account else None
        # Lower case as in the look-up: were two spellings counted apart, the count would tell who has an account.
        key = self._throttle.account_key(account_id, normalized_identifier(identifier).lower())
        attempt = Attempt(key, caller.address, self._known_device(device, account_id))
        if wait := await self._throttle.admit(attempt):
            await self._note(Line(Event.LOGIN_THROTTLED, account_id, address=caller.address))
            return Wrong(wait)
        usable = account is not None and account["state"] == State.ACTIVE
        stored = account["password_hash"] if account and usable else None
        right, new_hash = await self._hasher.verify(password, stored)
        if not right or account is None:
            reason = "password" if usable else ("state" if account else "account")
            await self._note(
                Line(Event.LOGIN_FAILED, account_id, address=caller.address, detail={"reason": reason})
            )
            return Wrong()
        if new_hash is not None:
            await self._upgrade(account, new_hash)
        return await self.proceed(account, (PASSWORD,), caller, before, device)

    async def proceed(
        self,
        account: Row,
        amr: tuple[str, ...],
        caller: Caller,
        before: Session | None,
        device: str | None = None,
    ) -> Pending | Done:
        """Go on after a first factor was right, by whatever method: to the second factor, or into a session."""
        known_device = self._known_device(device, account["id"])
        if MULTIPLE not in amr and await self._second_factors(account["id"]):
            return Pending(await self._pend(account["id"], amr, device=known_device))
        key = self._throttle.account_key(account["id"], "")
        await self._throttle.succeeded(Attempt(key, caller.address, known_device))
        return await self._finish(account, amr, caller, before)

    async def step_up(self, session: Session) -> Pending | None:
        """Begin to strengthen a session by a second factor; None when the account has none or it was used already."""
        if MULTIPLE in session.amr or not await self._second_factors(session.account_id):
            return None
        return Pending(await self._pend(session.account_id, session.amr, session_id=session.id))

    async def pending_account(self, token: str | None) -> Row | None:
        """The account whose login waits under a token."""
        pending = await self._pending(token)
        if pending is None:
            return None
        account_id = pending["account_id"]
        return await self._database.read(lambda: self._accounts.by_id(account_id))

    async def second_factor(
        self, token: str | None, answer: str, caller: Caller, before: Session | None
    ) -> Wrong | Done | None:
        """Check the answer to a second factor; None when no login waits under the token (any more)."""
        pending = await self._pending(token)
        if pending is None or token is None:
            return None
        if pending["session_id"] is not None and (before is None or before.id != pending["session_id"]):
            return None  # a step-up strengthens the session that began it; once that ended, a password is due
        account_id: str = pending["account_id"]
        key = self._throttle.account_key(account_id, "")
        if wait := await self._throttle.admit_second_factor(key):
            await self._note(Line(Event.LOGIN_THROTTLED, account_id, address=caller.address))
            return Wrong(wait)
        used = await self._database.write(lambda: self._verify(account_id, answer, caller))
        if used is None:
            return Wrong()
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        taken = await self._key_value.take(PENDING, self._key(token))
        if account is None or account["state"] != State.ACTIVE or taken is None:
            return None
        await self._throttle.succeeded(Attempt(key, caller.address, pending["device"]))
        amr = tuple(dict.fromkeys((*pending["amr"], used, MULTIPLE)))
        return await self._finish(account, amr, caller, before)

    async def _finish(
        self, account: Row, amr: tuple[str, ...], caller: Caller, before: Session | None
    ) -> Done:
        token = await self._sessions.begin(account, amr, caller, before)
        device = self._vault.seal(DEVICE, {"account_id": account["id"], "id": self._sources.new_token(9)})
        return Done(token, device)

    async def _second_factors(self, account_id: str) -> list[Row]:
        rows = await self._database.read(lambda: self._accounts.authenticators(account_id))
        return [row for row in rows if row["kind"] in self._factors]

    def _verify(self, account_id: str, answer: str, caller: Caller) -> Transaction[str | None]:
        """The amr of the factor that the answer fits; the failure is recorded where it fits none."""
        for row in (yield from self._accounts.authenticators(account_id)):
            factor = self._factors.get(row["kind"])
            if factor is None:
                continue
            if (yield from factor.verify(self._accounts, row, answer, self._sources.now())):
                return factor.amr
        yield self._audit.record(Line(Event.SECOND_FACTOR_FAILED, account_id, address=caller.address))
        return None

    async def _pend(
        self,
        account_id: str,
        amr: tuple[str, ...],
        *,
        session_id: str | None = None,
        device: str | None = None,
    ) -> str:
        token = PENDING_PREFIX + self._sources.new_token(32)
        value = {"account_id": account_id, "amr": amr, "session_id": session_id, "device": device}
        await self._key_value.put(PENDING, self._key(token), orjson.dumps(value), PENDING_SECONDS)
        return token

    async def _pending(self, token: str | None) -> dict[str, Any] | None:
        if token is None:
            return None
        value = await self._key_value.get(PENDING, self._key(token))
        return None if value is None else orjson.loads(value)

    def _key(self, token: str) -> str:
        return self._vault.token_hash(PENDING, token).hex()

    async def _upgrade(self, account: Row, new_hash: str) -> None:
        def work() -> Transaction[None]:
            now = self._sources.now()
            if (
                yield from self._accounts.replace_password(
                    account["id"], account["password_hash"], new_hash, now
                )
            ):
                yield self._audit.record(Line(Event.PASSWORD_UPGRADED, account["id"]))

        await self._database.write(work)

    async def _note(self, line: Line) -> None:
        await self._database.add(self._audit.record(line))

    def _known_device(self, device: str | None, account_id: str | None) -> str | None:
        """The device's id if its cookie was given to this account."""
        if device is None or account_id is None:
            return None
        try:
            content = self._vault.unseal(DEVICE, device)
        except Unreadable:
            return None
        return str(content["id"]) if content.get("account_id") == account_id else None
