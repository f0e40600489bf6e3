"""What is done at the counter: a person is registered; what gives power is begun by one and confirmed by another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from idp.accounts.lifecycle.service import Notifier, checked_reason
from idp.accounts.lifecycle.store import NO_PASSWORD
from idp.accounts.model import Account, AccountState, InvalidAccount, NewAccount, checked
from idp.accounts.store import CERTIFICATE, PHONE, AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.counter.approved_requests import ApprovedRequests
from idp.counter.comparison import ComparedIdentity, Comparison, compared
from idp.counter.decisions import Decisions
from idp.counter.model import (
    RECOVERY_WAIT_SECONDS,
    REQUEST_SECONDS,
    SOURCE,
    Concerned,
    CounterClaim,
    CounterPerson,
    CounterRefusal,
    CounterRequest,
    Disclosure,
    Hindrance,
    LookUpReason,
    OpenRequest,
    Papers,
    RequestKind,
    RequestState,
)
from idp.counter.store import CounterStore
from idp.counter.visit_store import VisitStore
from idp.counter.visits import Visits
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict, Overtaken
from idp.infrastructure.database.statement import Call
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.masking import ends_shown, masked_name
from idp.organizations.records import NamedMandate

_USERNAME_BYTES = 9
CONFLICTS: Mapping[RequestKind | None, Hindrance] = {
    RequestKind.VERIFY: Hindrance.ALREADY_VERIFIED,
    RequestKind.GUARDIAN: Hindrance.GUARDED,
    RequestKind.MERGE: Hindrance.CHANGED,
    RequestKind.UNMERGE: Hindrance.CHANGED,
    RequestKind.LINK: Hindrance.DECIDED,
}
"""Why a request cannot take effect where something unique is somebody else's; else it is the phone."""


class Counter:
    """Everything is recorded with the member of staff who did it, and takes effect in one transaction."""

    def __init__(self, foundation: Foundation, approved: ApprovedRequests, notices: Notifier) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._store = CounterStore(foundation.vault)
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._approved = approved
        self._decisions = Decisions(foundation, approved, notices)
        self.visits = Visits(foundation)
        self._visit_store = VisitStore()

    async def find(
        self, identifier: str, staff_id: str, reason: LookUpReason = LookUpReason.PRESENT
    ) -> CounterPerson | None:
        """The one person whom a whole number or username names, if they are for this member of staff; recorded."""
        account = await self.visits.look_up(identifier, staff_id, reason)
        return None if account is None else self.person(account)

    async def by_id(self, account_id: str, staff_id: str) -> CounterPerson | None:
        """The person of an account whom this member of staff looked up a while ago."""
        account = await self.visits.account(account_id, staff_id)
        return None if account is None else self.person(account)

    async def account(self, account_id: str) -> Account | None:
        """The account itself, sealed as it is, whoever serves the person."""
        return await self._database.read(lambda: self._accounts.by_id(account_id))

    def masked(self, place: str, sealed: bytes | None) -> str:
        """A sealed field as staff may see it."""
        return ends_shown(self._accounts.reveal(place, sealed))

    def person(self, account: Account) -> CounterPerson:
        """What staff see of an account: enough to compare it with a document in hand, no more."""
        return CounterPerson(
            id=account.id,
            name=masked_name(account.name),
            username=account.username,
            state=account.state,
            level=account.real_name_level,
            certificate_type=account.certificate_type,
            certificate=self.masked(CERTIFICATE, account.certificate_number),
            phone=self.masked(PHONE, account.phone),
            closes_at=account.closes_at,
            reason=account.state_reason,
        )

    async def phone_is_free(self, phone: str, account_id: str | None = None) -> bool:
        """Whether no other account has this phone."""
        holder = await self._database.read(lambda: self._accounts.find(phone))
        return holder is None or holder.id == account_id

    async def _unknown(
        self, identifier: str | None, by: str, staff_id: str, account_id: str | None = None
    ) -> None:
        """Raises CounterRefusal where another account has it; that staff learned so is a line about that account."""
        if identifier is None:
            return
        holder = await self._database.read(lambda: self._accounts.find(identifier))
        if holder is None or holder.id == account_id:
            return
        told = {"reason": LookUpReason.PRESENT.value, "found": False, "by": by}
        await self._database.add(self._line(EventType.COUNTER_LOOKED_UP, holder.id, staff_id, **told))
        raise CounterRefusal(Hindrance.PHONE_TAKEN if by == "phone" else Hindrance.CERTIFICATE_KNOWN)

    async def register(self, staff_id: str, claim: CounterClaim) -> str:
        """Open an account for a person who is present, and ask for the second pair of eyes; its id.

        There is no password: whoever left a phone logs in by a code sent to it. Raises InvalidAccount, CounterRefusal.
        """
        number = claim.certificate_number or ""
        await self._unknown(number, "certificate", staff_id)
        await self._unknown(claim.phone, "phone", staff_id)
        account_id = self._sources.new_id()
        account = checked(
            NewAccount(
                username="u" + self._sources.new_token(_USERNAME_BYTES).lower(),
                name=claim.name or "",
                password_hash=NO_PASSWORD,
                phone=claim.phone,
                phone_verified=claim.phone is not None,
                elder_mode=claim.elder_mode,
                certificate_type=claim.certificate_type,
                certificate_number=number,
            )
        )

        concerned = [self._holder(claim)]

        def work() -> Transaction[Hindrance | None]:
            if (yield from self._store.is_one_of(concerned, staff_id)):
                return Hindrance.OWN_ACCOUNT
            yield from self._accounts.add(account_id, account, self._sources.now())
            yield self._line(EventType.ACCOUNT_REGISTERED, account_id, staff_id, at=SOURCE)
            division = yield from self._store.place(staff_id)
            if division is not None:
                now = self._sources.now()
                yield self._visit_store.note_division(account_id, division, staff_id, now)
            asked = replace(claim, phone=None, opened=True)
            if (
                yield from self._begin(RequestKind.VERIFY, account_id, staff_id, asked, concerned)
            ) is not None:
                raise Overtaken(account_id)
            return None

        try:
            hindrance = await self._database.write(work)
        except Conflict as error:  # the phone was proved by somebody else at this very moment
            raise CounterRefusal(Hindrance.PHONE_TAKEN) from error
        if hindrance is not None:
            raise CounterRefusal(hindrance)
        return account_id

    async def ask(self, kind: RequestKind, account_id: str, staff_id: str, claim: CounterClaim) -> None:
        """Begin a verification or a recovery. Raises CounterRefusal."""
        account = await self.account(account_id)
        if account is None or account.state != AccountState.ACTIVE:
            raise CounterRefusal(Hindrance.CLOSED)
        if account_id == staff_id:
            raise CounterRefusal(Hindrance.OWN_ACCOUNT)
        known = self._accounts.reveal(CERTIFICATE, account.certificate_number)
        if known is not None and claim.certificate_number != known:
            raise CounterRefusal(Hindrance.OTHER_CERTIFICATE)
        if known is None and kind is RequestKind.RECOVER:
            raise CounterRefusal(Hindrance.NEVER_VERIFIED)
        await self._unknown(claim.phone, "phone", staff_id, account_id)
        await self.begin(kind, account_id, staff_id, claim, [self._holder(claim)])

    async def begin(
        self,
        kind: RequestKind,
        account_id: str,
        staff_id: str,
        claim: CounterClaim,
        concerned: Sequence[Concerned] = (),
    ) -> None:
        """Note what another member of staff has to confirm. Raises CounterRefusal where it is about who begins it."""
        work = partial(self._begin, kind, account_id, staff_id, claim, concerned)
        if (hindrance := await self._database.write(work)) is not None:
            raise CounterRefusal(hindrance)

    async def is_concerned(self, staff_id: str, account_id: str) -> bool:
        """Whether an account is the member of staff's own, or another of theirs by its certificate."""
        return await self._database.read(lambda: self._store.is_same(account_id, staff_id))

    def _holder(self, claim: CounterClaim) -> Concerned:
        """Whoever has the certificate that was shown."""
        number = claim.certificate_number
        return Concerned(None, None if number is None else self._vault.blind_index(CERTIFICATE, number))

    async def guardians(self, minor_id: str) -> list[NamedMandate]:
        """The mandates of a child's guardians."""
        return await self._approved.guardians.of(minor_id)

    async def end_guardian(self, mandate_id: str, reason: str, staff_id: str) -> None:
        """End a guardianship. Raises CounterRefusal."""

        try:
            checked_reason(reason)
        except InvalidAccount as error:
            raise CounterRefusal(Hindrance.REASON) from error

        def work() -> Transaction[bool]:
            minor_id = yield from self._approved.guardians.end(mandate_id, reason, staff_id)
            if minor_id is None:
                return False
            # What was asked for before this was known must not bring it back.
            yield from self._decisions.withdraw(RequestKind.GUARDIAN, minor_id, staff_id)
            return True

        if not await self._database.write(work):
            raise CounterRefusal(Hindrance.UNCHANGED)

    async def ask_guardian(self, minor_id: str, guardian_id: str, papers: Papers, staff_id: str) -> None:
        """Begin to enter a guardian, whose papers are there. Raises CounterRefusal."""
        against = await self._approved.guardians.against(guardian_id, minor_id, staff_id)
        if against is not None:
            raise CounterRefusal(Hindrance(against.value))
        minor, guardian = await self.account(minor_id), await self.account(guardian_id)
        assert minor is not None
        assert guardian is not None
        claim = CounterClaim(
            name=minor.name,
            certificate_type=minor.certificate_type,
            certificate_number=self._accounts.reveal(CERTIFICATE, minor.certificate_number),
            guardian_id=guardian_id,
            guardian=f"{guardian.name} {self.masked(CERTIFICATE, guardian.certificate_number)}",
            papers=papers.value,
        )

        await self.begin(RequestKind.GUARDIAN, minor_id, staff_id, claim, [Concerned(guardian_id)])

    async def open_requests(self, staff_id: str | None = None) -> list[OpenRequest]:
        """What waits for the second member of staff, or for its time: of the divisions of one, or of all."""
        since = self._sources.now() - REQUEST_SECONDS
        return await self._database.read(lambda: self._store.open(since, staff_id))

    def comparison(self, request: OpenRequest) -> Comparison:
        """What the record says beside what is claimed."""
        record = ComparedIdentity(request.name, request.certificate_type, request.certificate_number)
        return compared(request.kind, record, request.real_name_level, request.claim)

    async def disclose(self, request_id: str, staff_id: str, why: Disclosure) -> None:
        """Note that a member of staff who may confirm a request looks at whole numbers. Raises CounterRefusal."""
        for one in await self.open_requests(staff_id):
            if one.id == request_id and one.begun_by != staff_id:
                if await self._database.read(lambda: self._store.is_about(request_id, staff_id)):
                    break
                detail = {"request": request_id, "kind": one.kind.value, "reason": why.value}
                shown = self._line(EventType.COUNTER_NUMBER_SHOWN, one.account_id, staff_id, **detail)
                await self._database.add(shown)
                return
        raise CounterRefusal(Hindrance.NOT_YOURS)

    async def confirm(self, request_id: str, staff_id: str, *, name_differs: bool = False) -> RequestState:
        """Confirm what another member of staff began; where it stands now. Raises CounterRefusal.

        `name_differs`: whoever confirms has seen that the record names somebody else, and stands for it.
        """
        for again in (False, True):
            try:
                outcome = await self._database.write(
                    partial(
                        self._decisions.confirm, request_id, staff_id, again=again, name_differs=name_differs
                    )
                )
            except Conflict as error:  # somebody else at this moment: with the certificate, or with the phone
                kind = await self._database.read(lambda: self._store.kind(request_id))
                if kind is not RequestKind.UNMERGE or again:
                    raise CounterRefusal(CONFLICTS.get(kind, Hindrance.PHONE_TAKEN)) from error
            else:
                if isinstance(outcome, Hindrance):
                    raise CounterRefusal(outcome)
                self._approved.sent()
                return outcome
        raise AssertionError("unreachable")

    async def refuse(self, request_id: str, staff_id: str) -> None:
        """Refuse a request, take back one's own, or stop a recovery that waits. Raises CounterRefusal."""

        if not await self._database.write(lambda: self._decisions.refuse(request_id, staff_id)):
            raise CounterRefusal(Hindrance.DECIDED)

    async def objected(self, account_id: str) -> bool:
        """The owner of an account stops its recovery; False when none was under way."""

        return await self._database.write(
            lambda: self._decisions.withdraw(RequestKind.RECOVER, account_id, account_id)
        )

    async def recover_due(self) -> int:
        """Let the recoveries take effect that nobody stopped in time; how many."""
        await self._database.write(self._decisions.forget_lapsed)
        before = self._sources.now() - RECOVERY_WAIT_SECONDS
        done = 0
        for request_id in await self._database.read(lambda: self._store.due(before)):
            try:
                done += await self._database.write(partial(self._decisions.recover, request_id, before))
            except Conflict:  # another has the phone meanwhile, or it was closed
                await self._database.write(partial(self._decisions.give_up, request_id))
        return done

    def _begin(
        self,
        kind: RequestKind,
        account_id: str,
        staff_id: str,
        claim: CounterClaim,
        concerned: Sequence[Concerned],
    ) -> Transaction[Hindrance | None]:
        if (yield from self._store.is_one_of([Concerned(account_id), *concerned], staff_id)):
            return Hindrance.OWN_ACCOUNT
        request_id = self._sources.new_id()
        now = self._sources.now()
        new = CounterRequest(
            id=request_id,
            kind=kind,
            account_id=account_id,
            state=RequestState.PENDING,
            begun_by=staff_id,
            begun_at=now,
            claim=claim,
            decided_by=None,
            decided_at=None,
            division=(yield from self._store.place(staff_id)),
        )
        if not (yield from self._store.add(new, now - REQUEST_SECONDS, concerned)):
            return Hindrance.ALREADY_OPEN
        yield self._line(
            EventType.COUNTER_REQUESTED, account_id, staff_id, request=request_id, kind=kind.value
        )
        return None

    def _line(self, event: EventType, account_id: str, staff_id: str, **detail: object) -> Call:
        return self._audit.record(
            AuditEvent(event=event, account_id=account_id, actor=staff_id, detail=dict(detail))
        )
