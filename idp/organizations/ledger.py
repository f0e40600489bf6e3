"""What belongs to every change of mandates: the end of what lived on them, the record, word to both sides."""

from collections.abc import Callable, Iterable

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.messages import Messages
from idp.infrastructure.translations import mark as _
from idp.organizations.mandate_list_store import MandateLists
from idp.organizations.mandate_store import MandateStore
from idp.organizations.mandate_sweep_store import MandateSweeps
from idp.organizations.model import MandateState, Relation
from idp.organizations.records import LegalPerson, NamedMandate, StoredMandate
from idp.organizations.store import LegalPersonStore

Ended = Callable[[str, str], Transaction[None]]
"""`Sessions.end_acting`: end what lives on a mandate, for a reason."""
Notice = Callable[..., Transaction[None]]
"""`Notices.everywhere`: tell an account something."""

CHANGED = "representative changed"
"""Why mandates rest when an organisation has a new representative."""
EVENTS = {
    MandateState.SUSPENDED: EventType.MANDATE_SUSPENDED,
    MandateState.REVOKED: EventType.MANDATE_REVOKED,
    MandateState.EXPIRED: EventType.MANDATE_EXPIRED,
}
TO_AGENT = {
    EventType.MANDATE_ACCEPTED: _("您已开始为“%(principal)s”办事。如非本人操作，请登录用户中心解除。"),
    EventType.MANDATE_SUSPENDED: _("您为“%(principal)s”办事的授权已暂停。"),
    EventType.MANDATE_RESUMED: _("您为“%(principal)s”办事的授权已恢复。"),
    EventType.MANDATE_RENEWED: _("您为“%(principal)s”办事的授权已续期。"),
    EventType.MANDATE_REVOKED: _("您为“%(principal)s”办事的授权已结束。"),
    EventType.MANDATE_EXPIRED: _("您为“%(principal)s”办事的授权已到期。"),
}
TO_PRINCIPAL = {
    EventType.MANDATE_ACCEPTED: _(
        "%(agent)s 已接受授权，可以为“%(principal)s”办事。如非您的意思，请登录用户中心撤销。"
    ),
    EventType.MANDATE_DECLINED: _("%(agent)s 没有接受为“%(principal)s”办事的邀请。"),
    EventType.MANDATE_SUSPENDED: _("%(agent)s 为“%(principal)s”办事的授权已暂停。"),
    EventType.MANDATE_RESUMED: _("%(agent)s 为“%(principal)s”办事的授权已恢复。"),
    EventType.MANDATE_RENEWED: _("%(agent)s 为“%(principal)s”办事的授权已续期。"),
    EventType.MANDATE_REVOKED: _("%(agent)s 为“%(principal)s”办事的授权已结束。"),
    EventType.MANDATE_EXPIRED: _("%(agent)s 为“%(principal)s”办事的授权已到期。"),
}
REPLACED = _("您不再是“%(principal)s”的法定代表人，它的代办授权已全部暂停。如有疑问，请到窗口咨询。")
AT_THE_COUNTER = _(
    "窗口工作人员 %(agent)s 正在为您代办业务，30 分钟内有效。如非您的意思，请登录用户中心撤销。"
)


class Ledger:
    """Adds to the transaction that changes mandates; whoever commits it calls `sent`."""

    def __init__(
        self, foundation: Foundation, ended: Ended, notice: Notice, sent: Callable[[], None]
    ) -> None:
        self.sources = foundation.sources
        self.store = MandateStore(foundation.vault)
        self.sweeps = MandateSweeps()
        self.lists = MandateLists()
        self.audit = AuditStore(foundation.sources)
        self.accounts = AccountStore(foundation.vault)
        self.legal_persons = LegalPersonStore()
        self.sent = sent
        self._ended = ended
        self._notice = notice

    def note(
        self, event: EventType, mandate: StoredMandate, actor: str, address: str | None = None
    ) -> Transaction[None]:
        """The line in the record: whose mandate, who did it, for whom."""
        detail = {"mandate": mandate.id, "relation": mandate.relation.value}
        if mandate.end_reason:
            detail["reason"] = mandate.end_reason
        subject = mandate.agent_account_id or mandate.granted_by  # who invites is an account
        yield self.audit.record(
            AuditEvent(
                event=event,
                account_id=subject,
                address=address,
                actor=actor,
                detail=detail,
                principal=mandate.principal_id,
            )
        )

    def changed(
        self, event: EventType, mandate: StoredMandate, actor: str, address: str | None = None
    ) -> Transaction[None]:
        """Record a change and tell both sides."""
        yield from self.note(event, mandate, actor, address)
        yield from self.tell(event, mandate)

    def closed(
        self,
        mandates: Iterable[StoredMandate],
        reason: str,
        actor: str,
        address: str | None = None,
        *,
        quiet: bool = False,
    ) -> Transaction[None]:
        """What follows where mandates are active no more; `quiet`: the principals' side knows."""
        for one in mandates:
            yield from self._ended(one.id, reason)
            yield from self.note(EVENTS[one.state], one, actor, address)
            yield from self.tell(EVENTS[one.state], one, quiet=quiet)
            if one.state is not MandateState.SUSPENDED:
                yield from self._close_below(one, reason, actor)

    def representative_changed(
        self, organization: LegalPerson, account_id: str | None, actor: str, address: str | None
    ) -> Transaction[None]:
        """All mandates of the organisation rest until the new representative has looked at each."""
        rested = yield from self.sweeps.turn_all(organization.id, CHANGED, self.sources.now())
        yield from self.closed(rested, CHANGED, actor, address, quiet=True)
        for one in rested:
            if one.relation is Relation.LEGAL_REPRESENTATIVE and one.agent_account_id is not None:
                yield from self.tell_account(one.agent_account_id, REPLACED, principal=organization.name)
        detail = {"code": organization.unified_social_credit_code, "suspended": len(rested)}
        line = AuditEvent(
            event=EventType.REPRESENTATIVE_CHANGED,
            account_id=account_id or actor,
            address=address,
            actor=actor,
            detail=detail,
            principal=organization.id,
        )
        yield self.audit.record(line)

    def _close_below(self, mandate: StoredMandate, reason: str, actor: str) -> Transaction[None]:
        """What was passed on from a mandate ends with it. Each closed one is left once, so a circle would end too."""
        state, waiting = mandate.state, [mandate.id]
        while waiting:
            below = yield from self.sweeps.end_below(waiting.pop(), state, reason, self.sources.now())
            for one in below:
                yield from self._ended(one.id, reason)
                yield from self.note(EVENTS[state], one, actor)
                yield from self.tell(EVENTS[state], one, quiet=True)
                waiting.append(one.id)

    def tell(self, event: EventType, mandate: StoredMandate, *, quiet: bool = False) -> Transaction[None]:
        """Notices to both sides."""
        shown = yield from self.lists.one(mandate.id)
        if shown is None or shown.relation is Relation.LEGAL_REPRESENTATIVE:
            return
        agent, principal = shown.agent_name or "", shown.principal_name or ""
        if event in TO_AGENT:
            told = yield from self._side(shown.agent_account_id, shown.agent_legal_person_id)
            if told is not None:
                yield from self._notice(told, TO_AGENT[event], principal=principal)
        if event in TO_PRINCIPAL and not quiet:
            told = yield from self._side(shown.principal_account_id, shown.principal_legal_person_id)
            if told is not None:
                yield from self._notice(told, TO_PRINCIPAL[event], agent=agent, principal=principal)

    def ask(self, shown: NamedMandate, phone: str | None, text: str, messages: Messages) -> Transaction[None]:
        """The invitation itself: to the phone it is meant for, or to an organisation's representative."""
        if phone is not None:
            yield messages.sms(phone, text)
            return
        told = yield from self._side(None, shown.agent_legal_person_id)
        if told is not None:
            yield from self._notice(told, text)

    def tell_account(self, account_id: str, text: str, **values: object) -> Transaction[None]:
        """A notice to one account."""
        account = yield from self.accounts.by_id(account_id)
        if account is not None:
            yield from self._notice(account, text, **values)

    def _side(self, account_id: str | None, organization_id: str | None) -> Transaction[Account | None]:
        """The account that hears of it: the person's, or that of an organisation's representative."""
        if account_id is None and organization_id is not None:
            organization = yield from self.legal_persons.by_id(organization_id)
            account_id = organization.representative_account_id if organization else None
        return None if account_id is None else (yield from self.accounts.by_id(account_id))
