"""What a confirmed request does, in the transaction that confirms it."""

from idp.accounts.contacts.former import FormerContacts
from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.reset import Reset
from idp.accounts.lifecycle.service import RENAMED, Notifier
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.real_names.service import RealNames
from idp.accounts.store import CERTIFICATE, AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.counter.approved_account_requests import ApprovedAccountRequests
from idp.counter.comparison import compared, identity_of
from idp.counter.model import LEVEL, METHOD, SOURCE, CounterRequest, Hindrance, RequestKind
from idp.counter.store import CounterStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.statement import Call
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _
from idp.organizations.guardians import Guardians

RECOVERED = _("您的账号已在窗口找回：原来的密码和登录方式都已停用，请用短信验证码登录后重新设置。")


class ApprovedRequests:
    """One method for each kind."""

    def __init__(
        self,
        foundation: Foundation,
        real_names: RealNames,
        reset: Reset,
        guardians: Guardians,
        notices: Notifier,
        account_requests: ApprovedAccountRequests,
    ) -> None:
        self._account_requests = account_requests
        self.guardians = guardians
        self._store = CounterStore(foundation.vault)
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._real_names = real_names
        self._reset = reset
        self._former = FormerContacts(foundation)
        self._notices = notices

    def apply(self, request: CounterRequest, *, again: bool = False) -> Transaction[Hindrance | None]:
        """Do it, and wipe what was claimed; `again` after a conflict. What hinders it, before anything is written."""
        match request.kind:
            case RequestKind.VERIFY:
                hindrance = yield from self._verified(request)
            case RequestKind.RECOVER:
                hindrance = yield from self._recovered(request)
            case RequestKind.GUARDIAN:
                hindrance = yield from self._guarded(request)
            case _:
                hindrance = yield from self._account_requests.apply(request, again=again)
        if hindrance is None:
            yield from self._store.wipe(request.id)
        return hindrance

    def sent(self) -> None:
        """To be called after the commit: messages to others may have been left."""
        self._account_requests.sent()

    def _verified(self, request: CounterRequest) -> Transaction[Hindrance | None]:
        account_id, claim = request.account_id, request.claim
        proof = Proof(
            level=LEVEL,
            method=METHOD,
            source=SOURCE,
            evidence_reference=request.id,
            name=claim.name,
            certificate_type=claim.certificate_type,
            certificate_number=claim.certificate_number,
        )
        before = yield from self._accounts.by_id(account_id)
        # Whom the counter has just registered has bound nothing at a lower level before.
        shown = None if claim.opened else ProvenControl(new_phone=claim.phone)
        recorded = yield from self._real_names.record(account_id, proof, verifier=request.both, shown=shown)
        if isinstance(recorded, NotRecorded):
            return Hindrance.ALREADY_VERIFIED
        if before is not None and before.real_name_level and before.name != claim.name:
            told = {"method": METHOD, "request": request.id}
            yield self._line(EventType.NAME_CHANGED, account_id, request.both, **told)
            yield from self._notices.everywhere(before, RENAMED)
        return None

    def _recovered(self, request: CounterRequest) -> Transaction[Hindrance | None]:
        account_id, claim = request.account_id, request.claim
        before = yield from self._accounts.by_id(account_id)
        if before is None:
            return Hindrance.CLOSED
        record = identity_of(self._accounts, before)
        if compared(RequestKind.RECOVER, record, before.real_name_level, claim).impossible:
            return Hindrance.OTHER_CERTIFICATE  # it has become another's in the day that it waited
        after = yield from self._reset.done(account_id, claim.phone)
        if after is None:
            return Hindrance.CLOSED
        told = {"at": SOURCE, "request": request.id}
        yield self._line(EventType.RECOVERY_COMPLETED, account_id, request.decided_by, **told)
        # The old phone first: an owner who asked for nothing learns of it there.
        moved = before.phone_index not in (None, after.phone_index)
        yield from self._former.keep(before, phone=moved, email=True)
        yield from self._notices.everywhere(before, RECOVERED)
        if before.phone_verified_at is None or before.phone_index != after.phone_index:
            yield from self._notices.notice(after, RECOVERED)
        return None

    def _guarded(self, request: CounterRequest) -> Transaction[Hindrance | None]:
        claim, decided_by = request.claim, request.decided_by or ""
        minor = yield from self._accounts.by_id(request.account_id)
        number = None if minor is None else self._accounts.reveal(CERTIFICATE, minor.certificate_number)
        if minor is None or number != claim.certificate_number:  # the papers were compared with another one
            return Hindrance.OTHER_CERTIFICATE
        evidence = f"{SOURCE}:{request.id}:{claim.papers}"
        # The one who decided stands for it: should that account be taken over, what it gave rests.
        against = yield from self.guardians.enter(
            claim.guardian_id or "", request.account_id, actor=decided_by, evidence=evidence
        )
        return None if against is None else Hindrance(against.value)

    def _line(self, event: EventType, account_id: str, staff_id: str | None, **detail: object) -> Call:
        return self._audit.record(
            AuditEvent(event=event, account_id=account_id, actor=staff_id, detail=dict(detail))
        )
