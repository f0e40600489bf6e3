"""What protects an account, changed by its owner: recorded, told, and never below the floor that policy sets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from idp.accounts.authenticator_store import (
    PASSKEY,
    RECOVERY_CODE,
    STAND_INS,
    AuthenticatorStore,
    NewAuthenticator,
    Rule,
)
from idp.accounts.model import Account, Authenticator
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.authentication.methods.interface import EnrolmentMethod, SecondFactor
from idp.authentication.methods.recovery_code import ALPHABET, LETTERS, code_key
from idp.authentication.model import Choice
from idp.authentication.policy import FactorPolicy
from idp.authentication.strength import Lacking, lacking
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.infrastructure.translations import mark as _
from idp.sessions.devices import Devices, Notice
from idp.sessions.model import MULTIPLE, Caller, Session

RECOVERY_CODES = 10
FEW_RECOVERY_CODES = 2
MOST_OF_A_KIND = 10
MOST_LABEL = 40
ENROLMENT = "factor_enrolment"
ENROLMENT_SECONDS = 900

Linked = Callable[[str], Transaction[bool]]
"""Whether a platform above us is a way into an account."""


class NotAllowed(Exception):
    """The change would break a rule; the text for the person is the message."""


TOO_WEAK = _("请先再验证一次身份，再修改登录方式。")
TOO_FEW = _("按规定，您的账号必须保留第二步验证。请先添加另一个，再移除这个。")
LAST_WAY = _("这是您登录的最后一种方式。请先设置密码、绑定手机号或添加另一个通行密钥，再移除这个。")
TOO_MANY = _("数量已到上限，请先移除不用的。")
BUSY = _("另一处正在修改登录方式，请稍后再试。")
NONE_YET = _("请先添加身份验证器或通行密钥，再生成恢复码。")


@dataclass(frozen=True, slots=True)
class Factor:
    """An authenticator as its owner sees it."""

    id: str
    kind: str
    label: str | None
    created_at: float
    last_used_at: float | None


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A factor to be set up: the secret, and the same as the address in the picture."""

    token: str
    kind: str
    secret: str = field(repr=False)
    uri: str = field(repr=False)


class Factors:
    """Each change needs a session that proved two factors, if the account has two, and never just the phone."""

    def __init__(
        self,
        foundation: Foundation,
        policy: FactorPolicy,
        devices: Devices,
        outbox: Outbox,
        notice: Notice,
        linked: Linked,
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._store = AuthenticatorStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._policy = policy
        self._devices = devices
        self._outbox = outbox
        self._notice = notice
        self._linked = linked

    @property
    def methods(self) -> Mapping[str, SecondFactor]:
        """Every factor that there is here, by kind."""
        return self._policy.factors

    async def of_account(self, account_id: str) -> list[Factor]:
        """Everything that the account has, oldest first."""
        owned = await self._database.read(lambda: self._store.of_account(account_id))
        return [Factor(each.id, each.kind, each.label, each.created_at, each.last_used_at) for each in owned]

    async def lacking(self, session: Session) -> Lacking | None:
        """What a session has yet to show before it may change what protects its account."""
        factors = await self.of_account(session.account_id)
        return lacking(session, second_factor=any(factor.kind not in STAND_INS for factor in factors))

    async def needed(self, account_id: str) -> int:
        """How many second factors policy wants of the account."""
        return await self._policy.factors_needed(account_id)

    async def choices(self, account_id: str) -> str | None:
        """The words of the person's choices."""
        account = await self._database.read(lambda: self._accounts.by_id(account_id))
        return None if account is None else account.login_choices

    async def begin(self, session: Session, kind: str) -> Enrolment:
        """A secret for a factor of a kind; it counts once a first answer confirms it. Raises KeyError."""
        secret = self._enrolled(kind).new_secret(self._sources)
        token = self._sources.new_token(24)
        content = {"account_id": session.account_id, "kind": kind, "secret": secret}
        sealed = self._vault.seal(ENROLMENT, content)
        await self._key_value.put(ENROLMENT, self._key(token), sealed.encode(), ENROLMENT_SECONDS)
        return self._enrolment(token, kind, secret, session)

    async def resume(self, session: Session, kind: str, token: str) -> Enrolment | None:
        """The same again, after a wrong answer."""
        value = await self._key_value.get(ENROLMENT, self._key(token))
        content = self._vault.unseal(ENROLMENT, value.decode()) if value else {}
        if content.get("account_id") != session.account_id or content.get("kind") != kind:
            return None
        return self._enrolment(token, kind, content["secret"], session)

    async def confirm(
        self, session: Session, enrolment: Enrolment, answer: str, label: str, caller: Caller
    ) -> Account | None:
        """Add the factor if its first answer is right: the account with it, else None; raises NotAllowed."""
        step = self._enrolled(enrolment.kind).first_step(enrolment.secret, answer, self._sources.now())
        if step is None or await self._key_value.take(ENROLMENT, self._key(enrolment.token)) is None:
            return None
        new = NewAuthenticator(enrolment.kind, enrolment.secret, step=step)
        return await self.add(session, new, label, caller)

    async def add(
        self, session: Session, new: NewAuthenticator, label: str, caller: Caller
    ) -> Account | None:
        """Add a second factor: the account with it; raises NotAllowed."""
        if session.rests_on_number:
            raise NotAllowed(TOO_WEAK)
        new, account_id = replace(new, label=_clean(label)), session.account_id
        rule = Rule(MULTIPLE in session.amr, MOST_OF_A_KIND)

        def work() -> Transaction[tuple[bool, Account | None]]:
            now = self._sources.now()
            yield from self._begin(session)
            if not (yield from self._store.add_allowed(self._sources.new_id(), account_id, new, rule, now)):
                return False, None
            return True, (yield from self._tell(session, caller, EventType.FACTOR_ADDED, new.kind))

        try:
            added, account = await self._database.write(work)
        except Conflict as error:
            raise NotAllowed(TOO_MANY) from error
        if not added:
            raise NotAllowed(TOO_WEAK if await self.lacking(session) is not None else TOO_MANY)
        self._outbox.kick()
        return account

    async def remove(self, session: Session, factor_id: str, caller: Caller) -> bool:
        """Remove a second factor, and the recovery codes with the last; raises NotAllowed."""
        account_id = session.account_id
        needed = await self._policy.factors_needed(account_id)

        def work() -> Transaction[bool]:
            yield from self._begin_strong(session)
            removed = yield from self._store.remove_allowed(account_id, factor_id, needed)
            left = yield from self._store.of_account(account_id)
            if removed is None:
                if any(each.id == factor_id and each.kind not in STAND_INS for each in left):
                    raise NotAllowed(TOO_FEW)
                return False
            if removed == PASSKEY and not (
                (yield from self._store.has_way_in(account_id)) or (yield from self._linked(account_id))
            ):
                raise NotAllowed(LAST_WAY)
            if not any(each.kind not in STAND_INS for each in left):
                yield from self._store.remove_kind(account_id, RECOVERY_CODE)
            yield from self._devices.distrust(account_id)
            yield from self._tell(session, caller, EventType.FACTOR_REMOVED, removed)
            return True

        done = await self._database.write(work)
        self._outbox.kick()
        return done

    async def make_recovery_codes(self, session: Session, caller: Caller) -> list[str]:
        """New recovery codes in place of the old; shown to the person now and never again. Raises NotAllowed."""
        account_id = session.account_id
        codes = [self._code() for _number in range(RECOVERY_CODES)]
        rule = Rule(MULTIPLE in session.amr, RECOVERY_CODES)

        def work() -> Transaction[None]:
            if not any(each.kind not in STAND_INS for each in (yield from self._begin_strong(session))):
                raise NotAllowed(NONE_YET)
            yield from self._store.remove_kind(account_id, RECOVERY_CODE)
            for code in codes:
                lookup = self._store.lookup(code_key(account_id, code))
                new, now = NewAuthenticator(RECOVERY_CODE, "", lookup=lookup), self._sources.now()
                if not (
                    yield from self._store.add_allowed(self._sources.new_id(), account_id, new, rule, now)
                ):
                    raise NotAllowed(BUSY)  # somebody makes codes at the same moment
            yield from self._tell(session, caller, EventType.FACTOR_ADDED, RECOVERY_CODE)

        await self._database.write(work)
        self._outbox.kick()
        return codes

    async def choose(self, session: Session, choices: frozenset[Choice], caller: Caller) -> None:
        """Note how the person wants to log in; raises NotAllowed."""
        words = sorted(choice.value for choice in choices)
        line = self._line(session, caller, EventType.METHODS_CHOSEN, {"choices": words})

        def work() -> Transaction[None]:
            yield from self._begin_strong(session)
            now = self._sources.now()
            yield from self._accounts.set_login_choices(session.account_id, " ".join(words), now)
            if Choice.ALWAYS in choices:
                yield from self._devices.distrust(session.account_id)
            yield self._audit.record(line)

        await self._database.write(work)

    def _begin(self, session: Session) -> Transaction[None]:
        """One change at a time: which factors are left must still be true when one is added or removed.

        The session counts for the account as it was when it was found: whoever was thrown out since changes nothing.
        """
        account_id, proven = session.account_id, session.security_version
        if not (yield from self._store.changing(account_id, self._sources.now(), proven=proven)):
            raise NotAllowed(BUSY)  # changed or closed meanwhile

    def _begin_strong(self, session: Session) -> Transaction[list[Authenticator]]:
        """The same for a session that is strong enough; what the account has."""
        yield from self._begin(session)
        owned = yield from self._store.of_account(session.account_id)
        if lacking(session, second_factor=any(each.kind not in STAND_INS for each in owned)) is not None:
            raise NotAllowed(TOO_WEAK)
        return owned

    def _tell(
        self, session: Session, caller: Caller, event: EventType, kind: str
    ) -> Transaction[Account | None]:
        """Record and tell a change; the account with it."""
        yield self._audit.record(self._line(session, caller, event, {"factor": kind}))
        texts = self._policy.factors[kind].texts
        text = texts.added if event is EventType.FACTOR_ADDED else texts.removed
        account = yield from self._accounts.by_id(session.account_id)
        if account is not None and text:
            yield from self._notice(account, text)
        return account

    def _line(self, session: Session, caller: Caller, event: EventType, detail: dict[str, Any]) -> AuditEvent:
        return AuditEvent(event, session.account_id, None, session.id, caller.address, detail=detail)

    def _enrolled(self, kind: str) -> EnrolmentMethod:
        method = self._policy.factors[kind].enrolment
        if method is None:
            raise KeyError(kind)
        return method

    def _enrolment(self, token: str, kind: str, secret: str, session: Session) -> Enrolment:
        return Enrolment(token, kind, secret, self._enrolled(kind).uri(secret, session.username))

    def _code(self) -> str:
        return "".join(ALPHABET[byte % len(ALPHABET)] for byte in self._sources.new_bytes(LETTERS))

    def _key(self, token: str) -> str:
        return self._vault.token_hash(ENROLMENT, token).hex()


def _clean(label: str) -> str | None:
    """A label as it may be shown: one line, bounded."""
    plain = "".join(sign for sign in typed.line(label) if sign.isprintable())[:MOST_LABEL].strip()
    return plain or None
