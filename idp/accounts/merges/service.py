"""Two accounts of one person become one: what differs is chosen, what was is kept sealed, and can be had back."""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

import orjson

from idp.accounts.authenticator_store import RECOVERY_CODE
from idp.accounts.contacts.former import FormerContacts
from idp.accounts.lifecycle.hooks import AccountLifecycleHooks
from idp.accounts.lifecycle.service import DAY, GracePeriods, Notifier, checked_reason
from idp.accounts.lifecycle.store import TOMBSTONE, LifecycleStore
from idp.accounts.merges.store import CHOSEN, MergeStore, chosen_of
from idp.accounts.model import Account, AccountState, Merge
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict, Overtaken
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _

T = TypeVar("T")

BEFORE = "account_merges.before"
OTHER, INTO, BOTH = "other", "into", "both"
"""What a choice may be: from the account that goes, from the one that stays; factors of both."""
FACTORS = "factors"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "username": ("username",),
    "name": ("name",),
    "phone": ("phone", "phone_index", "phone_verified_at"),
    "email": ("email",),
    "address": ("address",),
    "password": ("password_hash",),
}
"""What can be chosen, and the columns that go with it."""
KEYS = ("phone", "email", "password", FACTORS)
"""What lets somebody in, or tells them what happens: see `proving_side`."""
MERGED = _("您的两个账号已在窗口合并为一个，%(days)s 天内可以撤销。如非本人办理，请立即联系服务台。")
UNMERGED = _("您的账号合并已撤销，两个账号重新分开。如非本人办理，请立即联系服务台。")
_CERTIFICATE = ("certificate_type", "certificate_number", "certificate_index")
_LEVEL = ("real_name_level",)


class MergeRefusal(StrEnum):
    """Why two cannot become one, or not be parted again; a word for pages."""

    SAME = "same"
    CLOSED = "closed"
    CERTIFICATE = "certificate"
    CHANGED = "changed"
    LATE = "late"


class MergeRefused(Exception):
    """The same, where somebody asked for it: the text is the word."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which account goes into which, and from which of the two each of CHOICES and FACTORS is kept."""

    account_id: str
    into: str
    keep: Mapping[str, str]


class Merges:
    """Merges accounts and parts them again within the time allowed."""

    def __init__(
        self,
        foundation: Foundation,
        lifecycle_hooks: AccountLifecycleHooks,
        notices: Notifier,
        rules: GracePeriods,
    ) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._store = MergeStore()
        self._lifecycle = LifecycleStore()
        self._audit = AuditStore(foundation.sources)
        self._former = FormerContacts(foundation)
        self._lifecycle_hooks = lifecycle_hooks
        self._notices = notices
        self._rules = rules
        self.undo_days = rules.merge_undo_days

    async def duplicates(self, account: Account) -> list[Account]:
        """The other open accounts with this one's certificate number."""
        index = account.certificate_index
        if index is None:
            return []
        found = await self._database.read(lambda: self._lifecycle.duplicates(index))
        return [other for other in found if other.id != account.id]

    async def of(self, account_id: str) -> list[Merge]:
        """The merges in which an account took part, oldest first."""
        return await self._database.read(lambda: self._store.of(account_id))

    async def merge(self, plan: Plan, reason: str, actor: str) -> str:
        """Make one of two; the merge's id. Raises MergeRefused, InvalidAccount."""
        checked_reason(reason)
        merge_id = self._sources.new_id()
        try:
            refused = await self._done(lambda: self.merged(plan, merge_id, reason, actor))
        except Conflict as error:
            raise MergeRefused(MergeRefusal.CHANGED) from error
        if refused is not None:
            raise MergeRefused(refused)
        return merge_id

    def merged(
        self, plan: Plan, merge_id: str, reason: str, actor: str, seen: Mapping[str, float] | None = None
    ) -> Transaction[MergeRefusal | None]:
        """The same, within a transaction, for a `checked_reason`; what stands against it.

        `seen` tells when the two had last been changed as they were compared.
        """
        now = self._sources.now()
        pair = yield from self._store.lock(plan.account_id, plan.into)
        if pair is None:
            return MergeRefusal.SAME
        other, into = pair
        if (against := self.against(other, into, seen)) is not None:
            return against
        yield from self._lifecycle_hooks.pause(plan.account_id, "merged")
        # What leads into an account that nobody has verified may be anybody's: it does not come along.
        unproved = plan.into if proving_side(other, into) == OTHER else plan.account_id
        if unproved == plan.into:
            yield from self._lifecycle_hooks.pause(unproved, "merged")
        yield from self._lifecycle_hooks.secure(unproved, 0.0)
        if not (yield from self._store.close(other, plan.into, now)):
            raise Overtaken(plan.account_id)
        given = _given(other, into, plan.keep)
        if not (yield from self._store.fill(into, AccountState.ACTIVE, given, now)):
            raise Overtaken(plan.into)
        if proving_side(other, into) != OTHER:  # what was chosen away; not that of a side nobody has verified
            yield from self._kept_apart(into, given)
        left = into.username if given["username"] == other.username else other.username
        yield self._store.rename(plan.account_id, left)
        kept = {
            "other": _plain(chosen_of(other)),
            "into": _plain(chosen_of(into)),
            "given": _plain(given),
        }
        kept["moved"] = yield from self._move(plan, proving_side(other, into) or plan.keep.get(FACTORS, INTO))
        yield self._store.add(self._row(merge_id, plan, kept, actor))
        detail = {"into": plan.into, "merge": merge_id, "reason": reason}
        yield self._audit.record(
            AuditEvent(event=EventType.ACCOUNT_MERGED, account_id=plan.account_id, actor=actor, detail=detail)
        )
        of_stayed = {"from": plan.account_id, "merge": merge_id}
        yield self._audit.record(
            AuditEvent(event=EventType.ACCOUNT_JOINED, account_id=plan.into, actor=actor, detail=of_stayed)
        )
        for before in (other, into):  # where each was reached until now
            yield from self._notices.everywhere(before, MERGED, days=self.undo_days)
        return None

    async def undo(self, merge_id: str, reason: str, actor: str) -> None:
        """Part them again, each as it was but for what changed since. Raises MergeRefused, InvalidAccount."""
        checked_reason(reason)
        try:
            refused = await self._done(lambda: self.undone(merge_id, reason, actor))
        except Conflict:
            # Somebody else has proved the phone meanwhile: it stays theirs.
            try:
                refused = await self._done(lambda: self.undone(merge_id, reason, actor, phones=False))
            except Conflict as error:  # or the certificate is verified on the account that stayed
                raise MergeRefused(MergeRefusal.CHANGED) from error
        if refused is not None:
            raise MergeRefused(refused)

    def undone(
        self, merge_id: str, reason: str, actor: str, *, phones: bool = True
    ) -> Transaction[MergeRefusal | None]:
        """The same, within a transaction, for a `checked_reason`; what stands against it.

        It may raise Conflict: then once more without the phones.
        """
        columns = tuple(name for name in CHOSEN if phones or name not in CHOICES["phone"])
        return (yield from self._undo(merge_id, {"merge": merge_id, "reason": reason}, actor, columns))

    async def forget_due(self) -> None:
        """Wipe what was kept for undoing, where that is no longer possible."""
        await self._database.add(self._store.forget(self._sources.now()))

    def _undo(
        self, merge_id: str, detail: dict[str, Any], actor: str, columns: tuple[str, ...]
    ) -> Transaction[MergeRefusal | None]:
        now = self._sources.now()
        merge = yield from self._store.undoable(merge_id, now)
        if merge is None:
            return MergeRefusal.LATE
        account_id, into_id = merge.account_id, merge.into_account_id
        before = orjson.loads(self._vault.decrypt_bytes(BEFORE, merge.before))
        pair = yield from self._store.lock(account_id, into_id)
        if pair is None or [each.state for each in pair] != [AccountState.MERGED, AccountState.ACTIVE]:
            return MergeRefusal.CHANGED
        if not (yield from self._store.undo(merge_id, now)):
            return MergeRefusal.LATE
        other, into = pair
        yield self._store.rename(account_id, TOMBSTONE + merge_id)  # both usernames are free for a moment
        if not (yield from self._store.fill(into, AccountState.ACTIVE, _returned(into, before), now)):
            raise Overtaken(into_id)
        yield from self._kept_apart(into, _returned(into, before))
        values: dict[str, Any] = dict.fromkeys(CHOSEN) | {
            name: value for name, value in _sealed(before["other"]).items() if name in columns
        }
        if not (yield from self._store.fill(other, AccountState.MERGED, values, now)):
            raise Overtaken(account_id)
        yield from self._lifecycle_hooks.pause(into_id, "merge undone")
        yield from self._give_back(account_id, into_id, before["moved"])
        detail = {"into": into_id, **detail}
        yield self._audit.record(
            AuditEvent(
                event=EventType.ACCOUNT_MERGE_UNDONE, account_id=account_id, actor=actor, detail=detail
            )
        )
        of_stayed = {"from": account_id, "merge": merge_id}
        yield self._audit.record(
            AuditEvent(event=EventType.ACCOUNT_PARTED, account_id=into_id, actor=actor, detail=of_stayed)
        )
        for account in (into, replace(other, **values)):
            yield from self._notices.everywhere(account, UNMERGED)
        return None

    def _kept_apart(self, before: Account, after: Mapping[str, Any]) -> Transaction[None]:
        """Where the account was reached until now goes on being told."""
        phone = before.phone_index != after["phone_index"]
        yield from self._former.keep(before, phone=phone, email=before.email != after["email"])

    @staticmethod
    def against(
        other: Account, into: Account, seen: Mapping[str, float] | None = None
    ) -> MergeRefusal | None:
        """What stands against the two becoming one."""
        if other.id == into.id:
            return MergeRefusal.SAME
        if not other.state == into.state == AccountState.ACTIVE:
            return MergeRefusal.CLOSED
        # An account without a certificate may be the same person's, as staff have seen; another person's may not.
        if len({each.certificate_index for each in (other, into)} - {None}) != 1:
            return MergeRefusal.CERTIFICATE
        if seen is not None and any(seen.get(each.id) != each.updated_at for each in (other, into)):
            return MergeRefusal.CHANGED
        return None

    def _move(self, plan: Plan, choice: str) -> Transaction[dict[str, Any]]:
        """Everything that hangs on the account that goes; `choice` says whose factors stay."""
        account_id, into = plan.account_id, plan.into
        # A recovery code is right for the account that it was made for, and stays there.
        going = [] if choice == INTO else (yield from self._store.factors(account_id, without=RECOVERY_CODE))
        resting = (yield from self._store.factors(into)) if choice == OTHER else []
        yield from self._store.move_factors(going, account_id, into)
        yield from self._store.move_factors(resting, into, account_id)
        records = yield from self._store.records(account_id)
        yield from self._store.move_records(records, account_id, into)
        return {
            "factors": going,
            "resting": resting,
            "records": records,
            "followers": (yield from self._store.follow(account_id, into)),
            "rooms": (yield from self._lifecycle_hooks.move(account_id, into)),
        }

    def _give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        yield from self._store.move_factors(moved["factors"], into, account_id)
        yield from self._store.move_factors(moved["resting"], account_id, into)
        yield from self._store.move_records(moved["records"], into, account_id)
        yield from self._store.follow_back(moved["followers"], into, account_id)
        yield from self._lifecycle_hooks.give_back(account_id, into, moved["rooms"])

    def _row(self, merge_id: str, plan: Plan, kept: dict[str, Any], actor: str) -> dict[str, object]:
        now = self._sources.now()
        return {
            "id": merge_id,
            "account_id": plan.account_id,
            "into_account_id": plan.into,
            "before": self._vault.encrypt_bytes(BEFORE, orjson.dumps(kept)),
            "actor": actor,
            "merged_at": now,
            "undo_until": now + self._rules.merge_undo_days * DAY,
        }

    async def _done(self, work: Callable[[], Transaction[T]]) -> T:
        outcome = await self._database.write(work)
        self._lifecycle_hooks.sent()
        return outcome


def proving_side(other: Account, into: Account) -> str | None:
    """The only side whose phone, password, factors, links, devices and offline grants may stay: the verified one.

    A number that somebody merely wrote down proves nothing, but more than none. None where both are alike: then what
    is to stay is chosen, and whatever is not chosen goes.
    """
    mine, theirs = _proved(into), _proved(other)
    if mine == theirs:
        return None
    return OTHER if theirs > mine else INTO


def _proved(account: Account) -> tuple[bool, bool]:
    known = account.certificate_index is not None
    return known and account.real_name_level > 0, known


def _given(other: Account, into: Account, keep: Mapping[str, str]) -> dict[str, Any]:
    """What the account that stays holds afterwards; what is only on one side is kept without being chosen."""
    going, staying = chosen_of(other), chosen_of(into)
    given = dict(staying)
    for choice, columns in CHOICES.items():
        missing = not staying[columns[0]]
        if keep.get(choice) == OTHER or (choice not in keep and missing):
            given |= {name: going[name] for name in columns}
    certified = staying if into.certificate_index is not None else going
    for name in (*_CERTIFICATE, "birth_date"):
        given[name] = certified[name]
    side = proving_side(other, into)
    for name in (*CHOICES["phone"], *CHOICES["email"], *CHOICES["password"]) if side else ():
        given[name] = (going if side == OTHER else staying)[name]
    given["real_name_level"] = max(other.real_name_level, into.real_name_level)
    return given


def _returned(into: Account, before: dict[str, Any]) -> dict[str, Any]:
    """What the account that stayed gets back: its own, except where it has changed since the merge."""
    given, values, now = _sealed(before["given"]), _sealed(before["into"]), chosen_of(into)
    for columns in (
        *CHOICES.values(),
        ("certificate_number", "certificate_index", "certificate_type"),
        _LEVEL,
    ):
        if columns != CHOICES["username"] and any(now[name] != given[name] for name in columns):
            values |= {name: now[name] for name in columns}
    return values


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of CHOSEN as JSON can carry them."""
    return {
        name: {"sealed": b64encode(values[name]).decode()}
        if isinstance(values[name], bytes)
        else values[name]
        for name in CHOSEN
    }


def _sealed(plain: Mapping[str, Any]) -> dict[str, Any]:
    """What `_plain` was made of."""
    return {
        name: b64decode(value["sealed"]) if isinstance(value, dict) else value
        for name, value in plain.items()
    }
