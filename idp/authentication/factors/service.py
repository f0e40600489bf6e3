"""What protects an account, changed by its owner: recorded, told, and never below the floor that policy sets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

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
from idp.authentication.factors.policy import FactorPolicy
from idp.authentication.factors.strength import Lacking, lacking
from idp.authentication.methods.interface import EnrolmentMethod, SecondFactor
from idp.authentication.methods.recovery_code import ALPHABET, LETTERS, code_key
from idp.authentication.model import Choice, FactorRefusal, NotAllowed
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict, Overtaken
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import Outbox
from idp.sessions.devices import Devices, Notice
from idp.sessions.model import MULTIPLE, Caller, Session

RECOVERY_CODES = 10
FEW_RECOVERY_CODES = 2
MOST_OF_A_KIND = 10
MOST_LABEL = 40
ENROLMENT = "factor_enrolment"
ENROLMENT_SECONDS = 900

T = TypeVar("T")
Linked = Callable[[str], Transaction[bool]]
"""Whether a platform above us is a way into an account."""


@dataclass(frozen=True, slots=True)
class OwnFactor:
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

    async def of_account(self, account_id: str) -> list[OwnFactor]:
        """Everything that the account has, oldest first."""
        owned = await self._database.read(lambda: self._store.of_account(account_id))
        return [
            OwnFactor(each.id, each.kind, each.label, each.created_at, each.last_used_at) for each in owned
        ]

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
            raise NotAllowed(FactorRefusal.TOO_WEAK)
        new, account_id = replace(new, label=_clean(label)), session.account_id
        rule = Rule(MULTIPLE in session.amr, MOST_OF_A_KIND)

        def work() -> Transaction[Account | FactorRefusal | None]:
            now = self._sources.now()
            if not (yield from self._begin(session)):
                return FactorRefusal.BUSY
            if not (yield from self._store.add_allowed(self._sources.new_id(), account_id, new, rule, now)):
                weak = isinstance((yield from self._owned(session)), FactorRefusal)
                return FactorRefusal.TOO_WEAK if weak else FactorRefusal.TOO_MANY
            return (yield from self._tell(session, caller, EventType.FACTOR_ADDED, new.kind))

        try:
            return await self._changed(work)
        except Conflict as error:
            raise NotAllowed(FactorRefusal.TOO_MANY) from error

    async def remove(self, session: Session, factor_id: str, caller: Caller) -> bool:
        """Remove a second factor, and the recovery codes with the last; raises NotAllowed."""
        account_id = session.account_id
        needed = await self._policy.factors_needed(account_id)

        def work() -> Transaction[bool | FactorRefusal]:
            owned = yield from self._owned(session)
            if isinstance(owned, FactorRefusal):
                return owned
            gone = next((each for each in _strong(owned) if each.id == factor_id), None)
            if gone is None:
                return False
            left = [each for each in _strong(owned) if each is not gone]
            if len(left) < needed:
                return FactorRefusal.TOO_FEW
            if gone.kind == PASSKEY and not (
                (yield from self._store.has_way_in(account_id, without=factor_id))
                or (yield from self._linked(account_id))
            ):
                return FactorRefusal.LAST_WAY
            if not (yield from self._begin(session)):
                return FactorRefusal.BUSY
            if (yield from self._store.remove_allowed(account_id, factor_id, needed)) is None:
                raise Overtaken(factor_id)
            if not left:
                yield from self._store.remove_kind(account_id, RECOVERY_CODE)
            yield from self._devices.distrust(account_id)
            yield from self._tell(session, caller, EventType.FACTOR_REMOVED, gone.kind)
            return True

        return await self._changed(work)

    async def make_recovery_codes(self, session: Session, caller: Caller) -> list[str]:
        """New recovery codes in place of the old; shown to the person now and never again. Raises NotAllowed."""
        account_id = session.account_id
        codes = [self._code() for _number in range(RECOVERY_CODES)]

        def work() -> Transaction[FactorRefusal | None]:
            owned = yield from self._owned(session)
            if isinstance(owned, FactorRefusal):
                return owned
            if not _strong(owned):
                return FactorRefusal.NONE_YET
            if not (yield from self._begin(session)):
                return FactorRefusal.BUSY
            yield from self._store.remove_kind(account_id, RECOVERY_CODE)
            for code in codes:
                lookup = self._store.lookup(code_key(account_id, code))
                new, now = NewAuthenticator(RECOVERY_CODE, "", lookup=lookup), self._sources.now()
                yield from self._store.add(self._sources.new_id(), account_id, new, now)
            yield from self._tell(session, caller, EventType.FACTOR_ADDED, RECOVERY_CODE)
            return None

        await self._changed(work)
        return codes

    async def choose(self, session: Session, choices: frozenset[Choice], caller: Caller) -> None:
        """Note how the person wants to log in; raises NotAllowed."""
        words = sorted(choice.value for choice in choices)
        line = self._line(session, caller, EventType.METHODS_CHOSEN, {"choices": words})

        def work() -> Transaction[FactorRefusal | None]:
            owned = yield from self._owned(session)
            if isinstance(owned, FactorRefusal):
                return owned
            if not (yield from self._begin(session)):
                return FactorRefusal.BUSY
            now = self._sources.now()
            yield from self._accounts.set_login_choices(session.account_id, " ".join(words), now)
            if Choice.ALWAYS in choices:
                yield from self._devices.distrust(session.account_id)
            yield self._audit.record(line)
            return None

        await self._changed(work)

    async def _changed(self, work: Callable[[], Transaction[T | FactorRefusal]]) -> T:
        """What came of a change, which others may have to hear of; raises NotAllowed."""
        outcome = await self._database.write(work)
        if isinstance(outcome, FactorRefusal):
            raise NotAllowed(outcome)
        self._outbox.kick()
        return outcome

    def _begin(self, session: Session) -> Transaction[bool]:
        """The first write of every change: False where the account is not as it was when the session was found.

        Whoever was thrown out since changes nothing. And what was read of the account before this is still true after
        it, for whatever changes it raises the version that is asked for here.
        """
        account_id, proven = session.account_id, session.security_version
        return (yield from self._store.changing(account_id, self._sources.now(), proven=proven))

    def _owned(self, session: Session) -> Transaction[list[Authenticator] | FactorRefusal]:
        """What the account has, for a session that is strong enough."""
        owned = yield from self._store.of_account(session.account_id)
        weak = lacking(session, second_factor=bool(_strong(owned))) is not None
        return FactorRefusal.TOO_WEAK if weak else owned

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
        return AuditEvent(
            event=event,
            account_id=session.account_id,
            session_id=session.id,
            address=caller.address,
            detail=detail,
        )

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


def _strong(owned: list[Authenticator]) -> list[Authenticator]:
    """The second factors among them."""
    return [each for each in owned if each.kind not in STAND_INS]


def _clean(label: str) -> str | None:
    """A label as it may be shown: one line, bounded."""
    plain = "".join(sign for sign in typed.line(label) if sign.isprintable())[:MOST_LABEL].strip()
    return plain or None
