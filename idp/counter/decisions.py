"""The units of work that decide about what one member of staff began: confirmed, refused, given up."""

from dataclasses import replace

from idp.accounts.lifecycle.service import Notifier
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.counter.approved_requests import ApprovedRequests
from idp.counter.comparison import compared, identity_of
from idp.counter.model import (
    REQUEST_SECONDS,
    SOURCE,
    VISIT_SECONDS,
    Hindrance,
    RefusedRequest,
    RequestKind,
    RequestState,
)
from idp.counter.store import CounterStore
from idp.counter.visit_store import VisitStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.statement import Call
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _

RECOVERY_ASKED = _(
    "有人在政务服务窗口申请找回您的账号，24 小时后生效。"
    "如非本人，请立即登录用户中心并打开 /counter/objection 停止，或联系窗口。"
)


class Decisions:
    """A request is claimed by the one statement that decides it; where it then is hindered, it is put back."""

    def __init__(self, foundation: Foundation, approved: ApprovedRequests, notices: Notifier) -> None:
        self._sources = foundation.sources
        self._store = CounterStore(foundation.vault)
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._visit_store = VisitStore()
        self._approved = approved
        self._notices = notices

    def confirm(
        self, request_id: str, staff_id: str, *, again: bool, name_differs: bool
    ) -> Transaction[RequestState | Hindrance]:
        """Where the request stands now; what hinders it, which then waits on as if nobody had confirmed it."""
        now = self._sources.now()
        request = yield from self._store.confirm(request_id, staff_id, now - REQUEST_SECONDS, now)
        if request is None:
            return Hindrance.NOT_YOURS
        account = yield from self._accounts.by_id(request.account_id)
        detail: dict[str, object] = {"request": request_id, "kind": request.kind.value}
        hindrance = None
        if account is not None:
            record = identity_of(self._accounts, account)
            side = compared(request.kind, record, account.real_name_level, request.claim)
            hindrance = side.hindrance(name_differs=name_differs)
            detail |= {"name_differs": True} if side.name_differs else {}
            detail |= {"certificate_differs": True} if side.certificate_differs else {}
        line = self._line(EventType.COUNTER_CONFIRMED, request.account_id, staff_id, **detail)
        if hindrance is None and request.state is RequestState.CONFIRMED:
            hindrance = yield from self._approved.apply(request, again=again)
        if hindrance is not None:
            waiting = replace(request, state=RequestState.PENDING, decided_by=None, decided_at=None)
            yield self._store.put_back(waiting)
            return hindrance
        yield line
        if request.state is RequestState.WAITING and account is not None:
            yield from self._notices.everywhere(account, RECOVERY_ASKED)
        return request.state

    def refuse(self, request_id: str, staff_id: str) -> Transaction[bool]:
        """Refuse a request, take back one's own, or stop a recovery that waits; False where it is decided."""
        refused = yield from self._store.refuse(request_id, staff_id, self._sources.now())
        if refused is not None:
            yield self._refused(refused, staff_id)
        return refused is not None

    def withdraw(self, kind: RequestKind, account_id: str, actor: str) -> Transaction[bool]:
        """Refuse everything of a kind about a person that has not taken effect; whether there was something."""
        ids = yield from self._store.withdraw(kind, account_id, self._sources.now())
        for request_id in ids:
            yield self._line(
                EventType.COUNTER_REFUSED, account_id, actor, request=request_id, kind=kind.value
            )
        return bool(ids)

    def forget_lapsed(self) -> Transaction[None]:
        """What nobody confirmed on its day is refused, and what was claimed is wiped."""
        now = self._sources.now()
        yield self._visit_store.forget(now - VISIT_SECONDS)
        for lapsed in (yield from self._store.lapse(now - REQUEST_SECONDS, now)):
            yield self._refused(lapsed, SOURCE)

    def recover(self, request_id: str, before: float) -> Transaction[bool]:
        """Let a recovery take effect that nobody stopped before an instant; give it up where it cannot."""
        request = yield from self._store.ripe(request_id, before)
        if request is None:  # one of the two is not in office any more; or another worker was first
            yield from self.give_up(request_id)
            return False
        if (yield from self._approved.apply(request)) is not None:
            yield self._store.put_back(replace(request, state=RequestState.WAITING))
            yield from self.give_up(request_id)
            return False
        return True

    def give_up(self, request_id: str) -> Transaction[None]:
        """Refuse a recovery that cannot take effect any more."""
        refused = yield from self._store.give_up(request_id, self._sources.now())
        if refused is not None:
            yield self._refused(refused, SOURCE)

    def _refused(self, request: RefusedRequest, actor: str) -> Call:
        detail = {"request": request.id, "kind": request.kind}
        return self._line(EventType.COUNTER_REFUSED, request.account_id, actor, **detail)

    def _line(self, event: EventType, account_id: str, staff_id: str, **detail: object) -> Call:
        return self._audit.record(
            AuditEvent(event=event, account_id=account_id, actor=staff_id, detail=dict(detail))
        )
