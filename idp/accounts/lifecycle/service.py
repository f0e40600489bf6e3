"""What becomes of an account: frozen and thawed, deceased, cancelled after a cooling period, cleaned after a theft."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from idp.accounts.contacts.former import FormerContacts
from idp.accounts.lifecycle.hooks import AccountLifecycleHooks, Obstacle
from idp.accounts.lifecycle.store import LifecycleStore
from idp.accounts.merges.store import MergeStore
from idp.accounts.model import Account, AccountState, InvalidAccount
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.real_names.service import RealNames
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure import typed
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.statement import Call
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.masking import masked_name
from idp.infrastructure.translations import mark as _

T = TypeVar("T")

DAY = 86_400.0
SUSPECT_SECONDS = 30 * DAY
"""What was added to an account so shortly before a theft was found may be the thief's."""
MOST_AT_ONCE = 100
LONGEST_REASON = 200
SYSTEM = "system"
_NUMBER_OF_A_PERSON = re.compile(r"1[3-9][0-9]{9}|[0-9]{15}")

OBSTACLE_TEXTS = {
    Obstacle.REPRESENTATIVE: _("您是企业的法定代表人。请先变更法定代表人，或解除绑定。"),
    Obstacle.GUARDIAN: _("您是未成年人的监护人。请先结束监护关系。"),
    Obstacle.STAFF: _("您是窗口工作人员。请先请管理员收回岗位权限。"),
    Obstacle.COUNTER: _("您在窗口还有没办完的申请。请等办完后再来。"),
}

FROZEN = _("您的账号已被冻结，暂时不能使用。如有疑问，请到政务服务窗口咨询。")
THAWED = _("您的账号已恢复使用。")
DIED = _(
    "您的账号已登记为“本人去世”并停用。如登记有误，请立即到政务服务窗口或联系服务台，两位工作人员核实后可以恢复。"
)
SOMEBODY_DIED = _("与您有代办关系的%(name)s已登记去世，代办关系已终止。如登记有误，请联系政务服务窗口。")
REPRESENTATIVE_DIED = _(
    "您代办的单位的法定代表人%(name)s已登记去世，这些代办授权已暂停，等新的法定代表人处理。"
    "如登记有误，请联系政务服务窗口。"
)
CANCELLATION_UNDONE = _("您已撤销注销申请，账号照常使用。")
RENAMED = _("您账号上的姓名已变更。如非本人办理，请尽快联系服务台。")
NOT_CANCELLED = _("您的账号未注销：还有事项没有办完，请登录用户中心查看。")
CANCELLED = _("您的账号已注销，个人信息已删除。")
REQUESTED = _("您已申请注销账号，%(days)s 天后生效。在此之前登录用户中心可以撤销。")
SECURED = _("您的账号已做安全处理：所有登录已退出，密码已失效。请通过“找回账号”设置新密码。")
MOVED = _("手机号已从您的账号移除，因为它现在属于别人。如果号码仍是您的，请到窗口办理。")
"""What people are told."""


class Notifier(Protocol):
    """Tells a person something, by the message that reaches them (idp.accounts.contacts.notices)."""

    def notice(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """By the nearest way alone: for a phone that is new in this act."""
        ...

    def everywhere(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """By every way there is and was lately: one of them may be in other hands. Part of what is told."""
        ...

    def by_mail(self, account: Account, text: str, **values: object) -> Transaction[None]:
        """By mail only: the phone is somebody else's."""
        ...


@dataclass(frozen=True, slots=True)
class GracePeriods:
    """How long a cancellation and a merge can be taken back, in days."""

    cooling_days: int = 15
    merge_undo_days: int = 30


class Lifecycle:
    """Changes of state; `actor` names who does it in the audit record, `reason` is their own words."""

    def __init__(
        self,
        foundation: Foundation,
        lifecycle_hooks: AccountLifecycleHooks,
        notices: Notifier,
        real_names: RealNames,
        rules: GracePeriods,
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._store = LifecycleStore()
        self._merges = MergeStore()
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._former = FormerContacts(foundation)
        self._lifecycle_hooks = lifecycle_hooks
        self._notices = notices
        self._real_names = real_names
        self._rules = rules

    async def freeze(self, account_id: str, reason: str, actor: str) -> bool:
        """Close an account for a time; False unless it was open. Raises InvalidAccount without a reason."""
        checked_reason(reason)
        return await self._done(lambda: self.frozen(account_id, reason, actor))

    def frozen(self, account_id: str, reason: str, actor: str) -> Transaction[bool]:
        """The same, within a transaction, for a `checked_reason`."""
        now = self._sources.now()
        account = yield from self._store.turn(
            account_id, (AccountState.ACTIVE, AccountState.FROZEN), reason, actor, now
        )
        if account is None:
            return False
        yield from self._lifecycle_hooks.pause(account_id, "frozen")
        yield self._line(EventType.ACCOUNT_FROZEN, account_id, actor, reason=reason)
        yield from self._notices.everywhere(account, FROZEN)
        return True

    async def thaw(self, account_id: str, reason: str, actor: str) -> bool:
        """Open a frozen account again, or one that was taken for a dead person's by mistake."""
        checked_reason(reason)
        return await self._done(
            lambda: self.thawed(account_id, reason, actor, (AccountState.FROZEN, AccountState.DECEASED))
        )

    def thawed(
        self, account_id: str, reason: str, actor: str, states: tuple[AccountState, ...]
    ) -> Transaction[bool]:
        """The same, within a transaction, for a `checked_reason`, where the account is in one of these states."""
        for before in states:
            now = self._sources.now()
            account = yield from self._store.turn(
                account_id, (before, AccountState.ACTIVE), reason, actor, now
            )
            if account is not None:
                yield self._line(
                    EventType.ACCOUNT_THAWED, account_id, actor, reason=reason, before=before.value
                )
                yield from self._notices.everywhere(account, THAWED)
                return True
        return False

    async def deceased(self, account_id: str, evidence: str, actor: str) -> bool:
        """The person has died: everything ends, mandates of and for the person too.

        Told are the person, at every way there is, and those who acted for them or for whom they acted.
        """
        checked_reason(evidence)
        return await self._done(lambda: self.died(account_id, evidence, actor))

    def died(self, account_id: str, evidence: str, actor: str) -> Transaction[bool]:
        """The same, within a transaction, for evidence that is a `checked_reason`."""
        # Whom the end of the mandates would hide.
        told = dict.fromkeys(
            (yield from self._lifecycle_hooks.agents_of_firms(account_id)), REPRESENTATIVE_DIED
        )
        told |= dict.fromkeys((yield from self._lifecycle_hooks.close_to(account_id)), SOMEBODY_DIED)
        for before in (AccountState.ACTIVE, AccountState.FROZEN):
            now = self._sources.now()
            account = yield from self._store.turn(
                account_id, (before, AccountState.DECEASED), evidence, actor, now
            )
            if account is not None:
                yield from self._notices.everywhere(account, DIED)  # before the former phones are wiped
                for each, text in told.items():
                    other = yield from self._accounts.by_id(each)
                    if other is not None and other.state == AccountState.ACTIVE:
                        yield from self._notices.everywhere(other, text, name=masked_name(account.name))
                yield from self._lifecycle_hooks.end(account_id, "deceased")
                yield self._line(EventType.ACCOUNT_DECEASED, account_id, actor, evidence=evidence)
                return True
        return False

    async def obstacles(self, account_id: str) -> list[Obstacle]:
        """Why the account cannot be cancelled now."""
        return await self._database.read(lambda: self._lifecycle_hooks.obstacles(account_id))

    async def request_cancellation(self, account_id: str, actor: str | None = None) -> list[Obstacle]:
        """Begin the cooling period, told by `closes_at`; what stands against it, if anything does."""

        def work() -> Transaction[list[Obstacle]]:
            found = yield from self._lifecycle_hooks.obstacles(account_id)
            if found:
                return found
            now = self._sources.now()
            end = now + self._rules.cooling_days * DAY
            account = yield from self._store.request(account_id, end, now)
            if account is not None:
                yield self._line(
                    EventType.CANCELLATION_REQUESTED, account_id, actor, days=self._rules.cooling_days
                )
                yield from self._notices.everywhere(account, REQUESTED, days=self._rules.cooling_days)
            return []

        return await self._done(work)

    async def undo_cancellation(self, account_id: str, actor: str | None = None) -> bool:
        """End the cooling period; False when none was running, or the account is already gone."""

        def work() -> Transaction[bool]:
            account = yield from self._store.undo_request(account_id, self._sources.now())
            if account is None:
                return False
            yield self._line(EventType.CANCELLATION_UNDONE, account_id, actor)
            yield from self._notices.everywhere(account, CANCELLATION_UNDONE)
            return True

        return await self._done(work)

    async def cancel_due(self) -> int:
        """Really cancel what has cooled down; how many. Safe to be done by several workers at once."""
        due = await self._database.read(lambda: self._store.due(self._sources.now(), MOST_AT_ONCE))
        return sum([await self._done(lambda id_=account_id: self._cancel(id_)) for account_id in due])  # type: ignore[misc]

    async def change_name(self, account_id: str, proof: Proof, actor: str) -> NotRecorded | None:
        """Another name, proved by a new real-name record that brings it; why not, where it is not recorded."""
        if proof.name is None:
            raise InvalidAccount("name: the proof brings none")

        def work() -> Transaction[NotRecorded | None]:
            recorded = yield from self._real_names.record(account_id, proof, verifier=actor)
            if isinstance(recorded, NotRecorded):
                return recorded
            yield self._line(EventType.NAME_CHANGED, account_id, actor, method=proof.method)
            account = yield from self._accounts.by_id(account_id)
            if account is not None:
                yield from self._notices.everywhere(account, RENAMED)
            return None

        return await self._done(work)

    async def release_phone(self, account_id: str, reason: str, actor: str) -> bool:
        """The phone belongs to somebody else now: it is taken off the account, which keeps everything else."""
        checked_reason(reason)
        return await self._done(lambda: self.phone_released(account_id, reason, actor))

    def phone_released(self, account_id: str, reason: str, actor: str) -> Transaction[bool]:
        """The same, within a transaction, for a `checked_reason`."""
        account = yield from self._accounts.by_id(account_id)
        if account is None or account.phone_index is None:
            return False
        now = self._sources.now()
        if not (yield from self._store.release_phone(account_id, account.phone_index, now)):
            return False
        yield self._line(EventType.PHONE_RELEASED, account_id, actor, reason=reason)
        # The phone too, now and for thirty days: whether it is in other hands is only what somebody said.
        yield from self._former.keep(account, phone=True)
        yield from self._notices.everywhere(account, MOVED)
        return True

    async def secure(self, account_id: str, actor: str, reason: str = "takeover") -> dict[str, int] | None:
        """Clean up after somebody else had the account, in one action; what was done, None if it is closed.

        Sessions, grants and trusted devices end; factors, a phone and mandates of the last 30 days go or rest; the
        password is right no more until a recovery sets a new one.
        """
        return await self._done(lambda: self.secured(account_id, actor, reason))

    def secured(self, account_id: str, actor: str, reason: str) -> Transaction[dict[str, int] | None]:
        """The same, within a transaction."""
        now = self._sources.now()
        account = yield from self._store.no_more_password(account_id, actor, now)
        if account is None:
            return None
        since = now - SUSPECT_SECONDS
        done = yield from self._lifecycle_hooks.secure(account_id, since)
        done["factors"] = len((yield from self._store.drop_factors(account_id, since)))
        done["phone"] = int((yield from self._store.drop_new_phone(account_id, since, now)))
        yield self._line(EventType.ACCOUNT_SECURED, account_id, actor, reason=reason, **done)
        yield from self._notices.everywhere(account, SECURED)
        return done

    def _cancel(self, account_id: str) -> Transaction[bool]:
        now = self._sources.now()
        account = yield from self._accounts.by_id(account_id)
        found = yield from self._lifecycle_hooks.obstacles(account_id)
        if found:
            if account is not None and (yield from self._store.undo_request(account_id, now)) is not None:
                yield self._line(
                    EventType.CANCELLATION_UNDONE,
                    account_id,
                    SYSTEM,
                    obstacles=[item.value for item in found],
                )
                yield from self._notices.everywhere(account, NOT_CANCELLED)
            return False
        if not (yield from self._store.cancel(account_id, now)):
            return False
        yield from self._store.drop_factors(account_id, 0.0)
        yield from self._store.end_records(account_id, "cancelled", now)
        yield self._merges.forget_account(account_id, now)
        if account is not None:  # as it was before it was wiped, with where it was reached before
            yield from self._notices.everywhere(account, CANCELLED)
        yield from self._lifecycle_hooks.end(account_id, "cancelled")
        yield self._line(EventType.ACCOUNT_CANCELLED, account_id, SYSTEM)
        return True

    def sent(self) -> None:
        """To be called after the commit of a transaction that had a part of this."""
        self._lifecycle_hooks.sent()

    async def _done(self, work: Callable[[], Transaction[T]]) -> T:
        outcome = await self._database.write(work)
        self._lifecycle_hooks.sent()
        return outcome

    def _line(self, event: EventType, account_id: str, actor: str | None, **detail: object) -> Call:
        return self._audit.record(
            AuditEvent(event=event, account_id=account_id, actor=actor, detail=dict(detail))
        )


def checked_reason(text: str) -> str:
    """The reason if it is one; raises InvalidAccount. It goes into the audit record: no numbers of people."""
    plain = typed.line(text)
    if not 1 <= len(plain) <= LONGEST_REASON or not plain.isprintable():
        raise InvalidAccount(f"reason: 1 to {LONGEST_REASON} characters")
    if _NUMBER_OF_A_PERSON.search(plain) or _NUMBER_OF_A_PERSON.search(typed.compact(plain)):
        raise InvalidAccount("reason: no certificate number and no phone")
    return plain
