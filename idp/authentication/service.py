"""The login state machine: a first factor, then a second one where there is one, then a session."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from idp.accounts.authenticator_store import STAND_INS, AuthenticatorStore
from idp.accounts.model import Account, AccountState, identifier_key
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.audit.store import AuditStore
from idp.authentication.claimant_store import ClaimantStore
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.factors.policy import FactorPolicy
from idp.authentication.login.pending import PENDING_SECONDS, PendingLogin, PendingLogins
from idp.authentication.methods.interface import AnswerField
from idp.authentication.model import (
    Claimant,
    FactorAnswer,
    LoggedIn,
    LoginOutdated,
    LoginRejected,
    SecondFactorRequired,
)
from idp.authentication.throttle import Attempt, Throttle
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _
from idp.sessions.devices import Devices, Notice
from idp.sessions.model import MULTIPLE, PASSWORD, Caller, Session, holds_phone_only
from idp.sessions.service import Sessions

__all__ = [
    "PENDING_SECONDS",
    "Authentication",
    "LoggedIn",
    "LoginDependencies",
    "LoginRejected",
    "SecondFactorRequired",
]


STAND_IN_USED = _("您的一个恢复码刚刚被用于登录。如果不是您本人操作，请立即修改密码并联系服务台。")


@dataclass(frozen=True, slots=True)
class LoginDependencies:
    """What deciding who somebody is needs beside storage."""

    hasher: PasswordHasher
    throttle: Throttle
    devices: Devices
    policy: FactorPolicy
    notice: Notice | None = None


class Authentication:
    """Decides who somebody is. Every refusal is recorded; one that needed no proof, with the next flush."""

    def __init__(self, foundation: Foundation, sessions: Sessions, tools: LoginDependencies) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._claimants = ClaimantStore(foundation.vault)
        self._authenticators = AuthenticatorStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._refusals = Refusals(foundation)
        self._sessions = sessions
        self._hasher = tools.hasher
        self._throttle = tools.throttle
        self._devices = tools.devices
        self._policy = tools.policy
        self._notice = tools.notice
        self._factors = tools.policy.factors
        self._strong = {kind for kind, factor in self._factors.items() if factor.alone}
        self._cookie = DeviceCookie(foundation)
        self._waiting = PendingLogins(foundation)

    async def password(
        self, identifier: str, password: str, caller: Caller, device: str | None, before: Session | None
    ) -> LoginRejected | SecondFactorRequired | LoggedIn | LoginOutdated:
        """Check a password. Unknown account, wrong password and closed account look alike, in words and in time."""
        claimant = await self._database.read(lambda: self._claimants.find(identifier))
        account = claimant.account if claimant else None
        account_id = account.id if account else None
        # One word for all spellings: were two spellings counted apart, the count would tell who has an account.
        key = self._throttle.account_key(account_id, identifier_key(identifier))
        attempt = Attempt(key, caller.address, self._cookie.known(device, account_id))
        if wait := await self._throttle.admit(attempt):
            self._refusals.note(
                AuditEvent(
                    event=EventType.LOGIN_THROTTLED, account_id=wait.about(account_id), address=caller.address
                )
            )
            return LoginRejected(wait.seconds)
        usable = account is not None and account.state == AccountState.ACTIVE
        stored = account.password_hash if account and usable else None
        right, new_hash = await self._hasher.verify(password, stored)
        if not right or claimant is None:
            reason = "password" if usable else ("state" if account else "account")
            self._refusals.note(
                AuditEvent(
                    event=EventType.LOGIN_FAILED,
                    account_id=account_id,
                    address=caller.address,
                    detail={"reason": reason},
                )
            )
            return LoginRejected()
        if new_hash is not None:
            await self._upgrade(claimant.account, new_hash)
        return await self._judge(claimant, (PASSWORD,), caller, before, device)

    async def proceed(
        self,
        account: Account,
        amr: tuple[str, ...],
        caller: Caller,
        before: Session | None,
        device: str | None = None,
        *,
        vouched: bool = False,
    ) -> SecondFactorRequired | LoggedIn | LoginOutdated:
        """Go on after a first factor was right, by whatever method: to the second factor, or into a session.

        `account` is as it was when that was judged: whatever has changed what protects the account since then makes
        the login come to nothing, in the statement that would begin the session.

        A trusted device leaves out the second factor of a password, and of nothing else: a telephone or a platform
        beside a device would be two things that one thief holds. So does another login that showed the second factor
        and vouches for this one (`vouched`). The session is then one of a single factor: its level stays capped, and
        whatever wants more asks for the second factor all the same.
        """
        if MULTIPLE in amr:
            return await self._enter(account, amr, caller, before, device)
        claimant = await self._database.read(lambda: self._claimants.of(account))
        if claimant is None:
            return LoginOutdated()
        return await self._judge(claimant, amr, caller, before, device, vouched=vouched)

    async def _judge(
        self,
        claimant: Claimant,
        amr: tuple[str, ...],
        caller: Caller,
        before: Session | None,
        device: str | None,
        *,
        vouched: bool = False,
    ) -> SecondFactorRequired | LoggedIn | LoginOutdated:
        """Whether the one factor that was right is enough; see `proceed`."""
        account = claimant.account
        factors = self._strong & claimant.kinds
        if factors:
            known_device = self._cookie.known(device, account.id)
            trusted = PASSWORD in amr and await self._devices.is_trusted(account.id, known_device)
            if not ((trusted or vouched) and self._policy.may_trust(account, is_staff=claimant.is_staff)):
                waiting = PendingLogin(account.id, amr, account.security_version, device=known_device)
                return SecondFactorRequired(await self._waiting.put(waiting))
        done = await self._enter(account, amr, caller, before, device)
        lacking = not factors and self._policy.needed(is_staff=claimant.is_staff) > 0
        return replace(done, lacking=lacking) if isinstance(done, LoggedIn) else done

    async def _enter(
        self,
        account: Account,
        amr: tuple[str, ...],
        caller: Caller,
        before: Session | None,
        device: str | None,
    ) -> LoggedIn | LoginOutdated:
        if not holds_phone_only(amr):  # who stole the phone must not begin the count of guesses anew by it
            key = self._throttle.account_key(account.id, "")
            attempt = Attempt(key, caller.address, self._cookie.known(device, account.id))
            await self._throttle.succeeded(attempt, second_factor=MULTIPLE in amr)
        return await self._finish(account, amr, caller, before, device)

    async def step_up(self, session: Session) -> SecondFactorRequired | None:
        """Begin to strengthen a session by a second factor; None when the account has none or it was used already."""
        if MULTIPLE in session.amr or not await self.factors(session.account_id):
            return None
        waiting = PendingLogin(
            session.account_id, session.amr, session.security_version, session_id=session.id
        )
        return SecondFactorRequired(await self._waiting.put(waiting))

    async def pending_account(self, token: str | None) -> Account | None:
        """The account whose login waits under a token."""
        waiting = await self._waiting.find(token)
        if waiting is None:
            return None
        account_id = waiting.account_id
        return await self._database.read(lambda: self._accounts.by_id(account_id))

    async def second_factor(
        self,
        token: str | None,
        answer: FactorAnswer,
        caller: Caller,
        before: Session | None,
        device: str | None,
    ) -> LoginRejected | LoggedIn | LoginOutdated | None:
        """Check the answer to a second factor; None when no login waits under the token (any more)."""
        waiting = await self._waiting.find(token)
        if waiting is None or token is None:
            return None
        if waiting.session_id is not None and (before is None or before.id != waiting.session_id):
            return None  # a step-up strengthens the session that began it; once that ended, a password is due
        account_id = waiting.account_id
        key = self._throttle.account_key(account_id, "")
        if wait := await self._throttle.admit_second_factor(key):
            self._refusals.note(
                AuditEvent(event=EventType.LOGIN_THROTTLED, account_id=account_id, address=caller.address)
            )
            return LoginRejected(wait)
        used = await self._database.write(lambda: self._verify(account_id, answer.text, caller))
        if used is None:
            return LoginRejected()
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        taken = await self._waiting.take(token)
        if account is None or account.state != AccountState.ACTIVE or taken is None:
            return None
        if account.security_version != waiting.proven:
            return None  # what was given before, or what is right now, is not that of the account any more
        await self._throttle.succeeded(Attempt(key, caller.address, waiting.device), second_factor=True)
        trust = answer.trust_device and await self._policy.may_trust_devices(account)
        if waiting.session_id is not None and before is not None:
            return await self.strengthen(before, account, (used, MULTIPLE), caller, device, trust=trust)
        amr = tuple(dict.fromkeys((*waiting.amr, used, MULTIPLE)))
        return await self._finish(account, amr, caller, before, device, trust=trust)

    async def strengthen(
        self,
        session: Session,
        account: Account,
        used: tuple[str, ...],
        caller: Caller,
        device: str | None,
        *,
        trust: bool = False,
    ) -> LoggedIn | None:
        """The session of somebody who has just shown more; None once it has ended.

        `account` is as it was when that was judged: None too where what protects the account has changed since.
        Only a second factor makes it a login of this moment: what somebody knows of the owner is told by a bystander.
        """
        amr = tuple(dict.fromkeys((*session.amr, *used)))
        device_id, cookie = self._cookie.renewed(device, session.account_id)
        caller = replace(caller, device_id=device_id)
        anew = MULTIPLE in used
        token = await self._sessions.strengthen(session, account, amr, caller, anew=anew, trust=trust)
        return None if token is None else LoggedIn(token, cookie, account.preference)

    async def account(self, account_id: str) -> Account | None:
        """An account as it is now."""
        return await self._database.read(lambda: self._accounts.by_id(account_id))

    async def offers_trust(self, account: Account) -> bool:
        """Whether the second factor may be left out on a device of this account."""
        return await self._policy.may_trust_devices(account)

    async def factors(self, account_id: str) -> tuple[str, ...]:
        """The kinds of authenticators that serve as second factor; none where nothing but stand-ins are left."""
        owned = await self._database.read(lambda: self._authenticators.of_account(account_id))
        kinds = tuple(dict.fromkeys(each.kind for each in owned))
        return kinds if self._strong.intersection(kinds) else ()

    def typed_factors(self, kinds: Iterable[str]) -> dict[str, AnswerField]:
        """The fields of those of some kinds that are typed, by kind; a stand-in last."""
        fields = {kind: self._factors[kind].field for kind in kinds if kind in self._factors}
        typed = {kind: field for kind, field in fields.items() if field is not None}
        return dict(sorted(typed.items(), key=lambda one: one[0] in STAND_INS))

    async def _finish(
        self,
        account: Account,
        amr: tuple[str, ...],
        caller: Caller,
        before: Session | None,
        device: str | None,
        *,
        trust: bool = False,
    ) -> LoggedIn | LoginOutdated:
        device_id, cookie = self._cookie.renewed(device, account.id)
        caller = replace(caller, device_id=device_id)
        token = await self._sessions.begin(account, amr, caller, before, trust=trust)
        return LoginOutdated() if token is None else LoggedIn(token, cookie, account.preference)

    def _verify(self, account_id: str, answer: str, caller: Caller) -> Transaction[str | None]:
        """The amr of the factor that the answer fits; the failure is recorded where it fits none."""
        for each in (yield from self._authenticators.of_account(account_id)):
            factor = self._factors.get(each.kind)
            if factor is None:
                continue
            if (yield from factor.verify(self._authenticators, each, answer, self._sources.now())):
                if not factor.alone:
                    yield from self._stand_in_used(account_id, factor.kind, caller)
                return factor.amr
        yield self._audit.record(
            AuditEvent(event=EventType.SECOND_FACTOR_FAILED, account_id=account_id, address=caller.address)
        )
        return None

    def _stand_in_used(self, account_id: str, kind: str, caller: Caller) -> Transaction[None]:
        detail = {"factor": kind, "used": True}
        yield self._audit.record(
            AuditEvent(
                event=EventType.FACTOR_REMOVED, account_id=account_id, address=caller.address, detail=detail
            )
        )
        account = yield from self._accounts.by_id(account_id)
        if self._notice is not None and account is not None:
            yield from self._notice(account, STAND_IN_USED)

    async def _upgrade(self, account: Account, new_hash: str) -> None:
        def work() -> Transaction[None]:
            if (yield from self._accounts.rehash(account, new_hash, self._sources.now())):
                yield self._audit.record(AuditEvent(event=EventType.PASSWORD_UPGRADED, account_id=account.id))

        await self._database.write(work)
