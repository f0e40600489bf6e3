"""Getting back into an account: never on less than its strongest protection, and alike for accounts there are not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from idp.accounts.authenticator_store import AuthenticatorStore
from idp.accounts.contacts.notices import Notices
from idp.accounts.contacts.phones import Phones
from idp.accounts.model import Account, AccountState, Authenticator, identifier_key
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.refusals import Refusals
from idp.audit.store import AuditStore
from idp.authentication.device_cookie import DeviceCookie
from idp.authentication.knowledge.verification import knowledge_verified
from idp.authentication.methods.interface import SecondFactor
from idp.authentication.phone.codes import Purpose
from idp.authentication.phone.proofs import PhoneProof
from idp.authentication.phone.registration import Registration
from idp.authentication.throttle import Attempt, Throttle, Wait
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.messages import Messages
from idp.infrastructure.translations import mark as _
from idp.sessions.model import VERIFIED_LEVEL, Caller

RECOVERED = _("您的账号已找回，密码已重设，其他设备已退出登录。如果不是您本人操作，请立即联系服务台。")
PHONE_RECOVERED = _(
    "您的账号已通过密码和第二步验证换绑手机号，其他设备已退出登录。如果不是您本人操作，请立即联系服务台。"
)
_NOBODY = "nobody"
"""What is asked about where there is no account."""

Secure = Callable[[str, float], Transaction[Mapping[str, int]]]
"""`AccountLifecycleHooks.secure`: every session, grant and trusted device of an account ends."""


@dataclass(frozen=True, slots=True)
class RecoveryClaim:
    """What somebody who has forgotten the password says beside the code from the phone."""

    name: str = field(repr=False)
    certificate_number: str = field(repr=False)
    otp: str = field(repr=False)
    new_password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """What somebody who has lost the phone knows."""

    identifier: str = field(repr=False)
    password: str = field(repr=False)
    otp: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NotRecovered:
    """Not recovered; `retry_after` seconds when throttled, else 0."""

    retry_after: int = 0


@dataclass(frozen=True, slots=True)
class Means:
    """What recovery needs beside storage."""

    phones: Phones
    registration: Registration
    hasher: PasswordHasher
    throttle: Throttle
    factors: Mapping[str, SecondFactor]
    notices: Notices
    messages: Messages
    secure: Secure


class Recovery:
    """Decides who gets an account back. Everything is counted and recorded, the refusals too."""

    def __init__(self, foundation: Foundation, means: Means) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._authenticators = AuthenticatorStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._refusals = Refusals(foundation)
        self._devices = DeviceCookie(foundation)
        self._phones = means.phones
        self._registration = means.registration
        self._hasher = means.hasher
        self._throttle = means.throttle
        self._factors = means.factors
        self._strong = {kind for kind, factor in means.factors.items() if factor.alone}
        self._notices = means.notices
        self._messages = means.messages
        self._secure = means.secure

    async def proof(self, phone: str) -> PhoneProof:
        """What a code to a phone proves: for the account that has the phone, as it is now; the same work for none."""
        return PhoneProof.of(Purpose.RECOVER, phone, await self._phones.holder(phone))

    async def by_phone(
        self, proof: PhoneProof, claim: RecoveryClaim, caller: Caller, device: str | None
    ) -> NotRecovered | None:
        """Set a new password for the account of a phone that was just proved; None when it is done.

        Where the account has them, name and certificate number must be right; where there is a second factor, so
        must one of them or a recovery code. A number that may have moved needs the certificate in any case.
        """
        account = await self._phones.holder(proof.phone)
        attempt = self._attempt(account, proof.phone, caller, device)
        if wait := await self._throttle.admit_with_knowledge(attempt):
            return self._throttled(account, caller, wait)
        new_hash = await self._hasher.hash(claim.new_password)
        known = account is not None and knowledge_verified(
            self._accounts, account, claim.name, claim.certificate_number
        )
        # As if the phone were proved: the same is asked about each, and about none.
        seen_at = 0.0 if account is None else max(account.phone_verified_at or 0.0, account.created_at)
        quiet = await self._registration.is_quiet(account.id if account else _NOBODY, seen_at)
        fits = account is not None and self._fits(account, quiet=quiet, known=known)
        fits = fits and account is not None and not proof.is_outdated(account)
        # Only from here on is a second factor guessed at; whoever has guessed too often is told what a stranger is.
        fits = fits and not await self._throttle.admit_second_factor(attempt.account_key)

        def work() -> Transaction[bool]:
            owned = yield from self._authenticators.of_account(account.id if account else _NOBODY)
            if account is None or not fits or not (yield from self._proves(owned, claim.otp)):
                return False
            if not (yield from self._accounts.recover_password(account, new_hash, self._sources.now())):
                return False  # the account has changed at the same moment: frozen, secured, or recovered
            yield from self._recovered(account, caller, "phone", RECOVERED)
            return True

        refusal = await self._settled(work, attempt)
        if refusal is None:
            await self._throttle.known(attempt.account_key)
        else:
            self._note_refusal(account, caller, "phone")
        return refusal

    async def by_factor(self, lost: Lost, caller: Caller, device: str | None) -> Account | NotRecovered:
        """The account of a person who lost the phone, if password and second factor are right."""
        account = await self._database.read(lambda: self._accounts.find(lost.identifier))
        attempt = self._attempt(account, identifier_key(lost.identifier), caller, device)
        if wait := await self._throttle.admit(attempt):
            return self._throttled(account, caller, wait)
        usable = account is not None and account.state == AccountState.ACTIVE
        stored = account.password_hash if account and usable else None
        right, _new_hash = await self._hasher.verify(lost.password, stored or None)
        if right and (seconds := await self._throttle.admit_second_factor(attempt.account_key)):
            return self._throttled(account, caller, Wait(seconds))

        def work() -> Transaction[bool]:
            owned = yield from self._authenticators.of_account(account.id if account else _NOBODY)
            strong = any(each.kind in self._strong for each in owned)
            return right and strong and (yield from self._proves(owned, lost.otp))

        refusal = await self._settled(work, attempt)
        if refusal is None and account is not None:
            return account
        self._note_refusal(account, caller, "factor")
        return NotRecovered()

    async def new_phone(self, proof: PhoneProof, caller: Caller) -> bool:
        """Give the account of a proof its phone; False when another account has it, or this one has changed since."""

        def work() -> Transaction[bool]:
            account = yield from self._accounts.by_id(proof.account_id or _NOBODY)
            if account is None or proof.is_outdated(account):
                return False
            proven = proof.security_version
            changed = yield from self._phones.changed(account, proof.phone, caller.address, proven=proven)
            if changed is None:
                return False
            yield from self._recovered(account, caller, "factor", PHONE_RECOVERED)
            return True

        try:
            done = await self._database.write(work)
        except Conflict:
            return False
        self._messages.kick()
        return done

    async def _settled(self, work: Callable[[], Transaction[bool]], attempt: Attempt) -> NotRecovered | None:
        done = await self._database.write(work)
        if not done:
            return NotRecovered()
        self._messages.kick()
        await self._throttle.succeeded(attempt, second_factor=True)
        return None

    def _attempt(self, account: Account | None, claimed: str, caller: Caller, device: str | None) -> Attempt:
        """Counted together with logins: who may not guess there may not guess here."""
        account_id = account.id if account else None
        key = self._throttle.account_key(account_id, claimed)
        return Attempt(key, caller.address, self._devices.known(device, account_id))

    def _throttled(self, account: Account | None, caller: Caller, wait: Wait) -> NotRecovered:
        about = wait.about(account.id if account else None)
        self._refusals.note(
            AuditEvent(event=EventType.LOGIN_THROTTLED, account_id=about, address=caller.address)
        )
        return NotRecovered(wait.seconds)

    def _fits(self, account: Account, *, quiet: bool, known: bool) -> bool:
        if account.state != AccountState.ACTIVE or account.phone_verified_at is None:
            return False
        identified = account.real_name_level >= VERIFIED_LEVEL or account.certificate_index is not None
        return known or not (identified or quiet)

    def _proves(self, owned: Sequence[Authenticator], answer: str) -> Transaction[bool]:
        """Whether the answer fits a second factor or recovery code; true where there is nothing to fit."""
        if not any(each.kind in self._strong for each in owned):
            return True
        for each in owned:
            factor = self._factors.get(each.kind)
            if factor is not None and (
                yield from factor.verify(self._authenticators, each, answer, self._sources.now())
            ):
                return True
        return False

    def _recovered(self, account: Account, caller: Caller, way: str, text: str) -> Transaction[None]:
        ended = yield from self._secure(account.id, self._sources.now())
        detail: dict[str, Any] = {"way": way, **ended}
        line = AuditEvent(
            event=EventType.RECOVERY_COMPLETED, account_id=account.id, address=caller.address, detail=detail
        )
        yield self._audit.record(line)
        yield from self._notices.everywhere(account, text)

    def _note_refusal(self, account: Account | None, caller: Caller, way: str) -> None:
        account_id = account.id if account else None
        line = AuditEvent(
            event=EventType.RECOVERY_REFUSED,
            account_id=account_id,
            address=caller.address,
            detail={"way": way},
        )
        self._refusals.note(line)
