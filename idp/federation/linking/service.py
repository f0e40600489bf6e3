"""Whose account somebody from a platform enters: by their subject there, at first by certificate; never by phone."""

from collections.abc import Callable, Collection
from dataclasses import replace

from idp.accounts.control import NOTHING, PRESENCE_LEVEL, ProvenControl
from idp.accounts.model import Account, AccountState, NewAccount, checked
from idp.accounts.names import placeholder_name, same_name
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.real_names.service import RealNames
from idp.accounts.real_names.store import RealNameStore
from idp.accounts.store import CERTIFICATE, AccountStore
from idp.accounts.verifiers.interface import IdentityClaim
from idp.accounts.verifiers.upstream import VERIFIER
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.federation.linking.arrivals import Arrival, Unread, is_child
from idp.federation.linking.conflict_store import ConflictStore
from idp.federation.linking.outcomes import (
    NOT_THEIRS,
    ArrivalRefusalReason,
    ArrivalRefused,
    Held,
    HolderDecision,
    Linked,
    LinkingRules,
    Unfit,
)
from idp.federation.linking.store import LinkStore
from idp.federation.model import ConflictContent, UpstreamConflict, UpstreamLink, reference
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict, Overtaken
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.translations import mark as _

ATTEMPTS = 3
LOCAL_LEVEL = 0
OPENING_SECONDS = 60.0
"""An account and the link that opened it are of one moment, but for the clock's ticks."""
_USERNAME_DIGITS = 10
NO_PASSWORD = ""
LINKED = _("您的账号已与%(platform)s的账号关联，今后可以从那里登录。如非本人操作，请立即联系服务台。")
UNLINKED = _("您的账号与%(platform)s的关联已解除，不能再从那里登录。如非本人操作，请立即联系服务台。")
CANCELLED = _("您在%(platform)s的账号已注销，它与本账号的关联已解除。")
AlsoEnds = Callable[[UpstreamLink], Transaction[object]]
"""What ends with a link, in its transaction."""
Notice = Callable[..., Transaction[None]]
"""`Notices.everywhere`."""


class Linking:
    """Every way through is one transaction; the unique rule on live links decides between two that come at once."""

    def __init__(
        self, foundation: Foundation, real_names: RealNames, notice: Notice, rules: LinkingRules
    ) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._real_names = real_names
        self._notice = notice
        self._rules = rules
        self._accounts = AccountStore(foundation.vault)
        self._records = RealNameStore(foundation.vault)
        self.links = LinkStore(foundation.vault)
        self.conflicts = ConflictStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)

    async def enter(
        self, arrival: Arrival, address: str, decision: HolderDecision | None = None
    ) -> Linked | ArrivalRefused | Held:
        """The account of somebody who came, linked or opened where need be.

        Held where the person has to say first whether the account is theirs that has their certificate by less.
        """
        for _attempt in range(ATTEMPTS - 1):
            try:
                outcome = await self._database.write(lambda: self._enter(arrival, address, decision))
            except Conflict:
                continue
            if not isinstance(outcome, NotRecorded):
                return outcome
        return await self._database.write(lambda: self._enter_unproved(arrival, address, decision))

    async def cancelled(self, profile: str, kind: str, subject: str, also: AlsoEnds | None = None) -> bool:
        """The platform says that an account is gone: its link ends, and what rested on it: a proof, or `also`."""
        index = self.links.index(kind, subject)

        def work() -> Transaction[bool]:
            link = yield from self.links.end(profile, index, "cancelled", self._sources.now())
            if link is None:
                return False
            if also is not None:
                yield from also(link)
            yield from self.unlinked(link, "cancelled")
            yield from self.tell(link, CANCELLED)
            return True

        return await self._database.write(work)

    @property
    def in_use(self) -> Collection[str]:
        """The platforms by which people come in."""
        return self._rules.titles.keys()

    def is_way_in(self, account_id: str) -> Transaction[bool]:
        """Whether a platform in use here brings somebody into the account."""
        links = yield from self.links.of_account(account_id)
        return any(link.profile in self.in_use for link in links)

    def tell(self, link: UpstreamLink, text: str) -> Transaction[None]:
        """Let the owner of a link know what became of it; that of a legal person has none."""
        if link.account_id is None:
            return
        account = yield from self._accounts.by_id(link.account_id)
        if account is not None:
            title = self._rules.titles.get(link.profile, link.profile)
            yield from self._notice(account, text, platform=title)

    def unlinked(
        self, link: UpstreamLink, reason: str, actor: str | None = None, address: str | None = None
    ) -> Transaction[None]:
        """What follows of a link's end: its proof ends, a login by it that is under way too, the record tells it.

        A link of a legal person proved nothing of anybody.
        """
        if link.account_id is None:
            return
        yield self._accounts.raised(link.account_id)
        source = link.profile if link.kind == "person" else f"{link.profile}:legal"
        yield from self._end_proofs(link.account_id, source, f"upstream {reason}", keep=None)
        detail = {"profile": link.profile, "reason": reason}
        line = AuditEvent(
            event=EventType.UPSTREAM_UNLINKED,
            account_id=link.account_id,
            actor=actor,
            address=address,
            detail=detail,
        )
        yield self._audit.record(line)

    def unfit(self, what: Unfit, arrival: Arrival, account_id: str | None) -> Transaction[str]:
        """Have a person settle what does not fit; the reference."""
        conflict_id = self._sources.new_id()
        conflict = UpstreamConflict(
            id=conflict_id,
            profile=arrival.profile,
            reason=what.value,
            subject_index=self.links.index(arrival.kind, arrival.subject),
            account_id=account_id,
            created_at=self._sources.now(),
            content=_content(arrival),
        )
        if what in (Unfit.NAME, Unfit.UNREADABLE) and (yield from self.conflicts.was_settled(conflict)):
            return ""
        kept = yield from self.conflicts.add(conflict)
        if kept == conflict_id:
            detail = {"profile": arrival.profile, "reason": what.value, "conflict": kept}
            yield self._audit.record(
                AuditEvent(event=EventType.UPSTREAM_CONFLICT, account_id=account_id, detail=detail)
            )
        return reference(kept)

    def _enter_unproved(
        self, arrival: Arrival, address: str, decision: HolderDecision | None
    ) -> Transaction[Linked | ArrivalRefused | Held]:
        """The certificate is somebody else's here: whoever came enters without it, and staff hear of it."""
        arriving = replace(arrival, level=LOCAL_LEVEL, claim=None)
        outcome = yield from self._enter(arriving, address, decision)
        assert not isinstance(outcome, NotRecorded)  # nothing is proved
        if isinstance(outcome, Linked):
            yield from self.unfit(Unfit.CERTIFICATE, arrival, outcome.account.id)
        return outcome

    def _enter(
        self, arrival: Arrival, address: str, decision: HolderDecision | None
    ) -> Transaction[Linked | ArrivalRefused | Held | NotRecorded]:
        index = self.links.index(arrival.kind, arrival.subject)
        link = yield from self.links.live(arrival.profile, index)
        if link is None:
            return (yield from self._first(arrival, index, address, decision))
        account = None if link.account_id is None else (yield from self._accounts.by_id(link.account_id))
        if account is None or account.state != AccountState.ACTIVE:
            return ArrivalRefused(ArrivalRefusalReason.CLOSED)
        came, arrival = arrival, self._read_by_account(account, arrival)
        if self._is_somebody_else(account, arrival):
            conflict = yield from self.unfit(Unfit.OTHER_IDENTITY, arrival, account.id)
            return ArrivalRefused(ArrivalRefusalReason.CONFLICT, conflict)
        if arrival.claim is None:  # told nothing new by number: what was proved stands, unless the level fell
            arrival = replace(arrival, level=link.level if arrival.level >= link.level else LOCAL_LEVEL)
        proof = self._proof(account, arrival) if link.level != arrival.level else None
        if proof and (against := (yield from self._real_names.against(account.id, proof))):
            return against
        now = self._sources.now()
        if not (yield from self.links.seen(link.id, arrival.level, arrival.level_source, now)):
            return (yield from self._first(came, index, address, decision))  # the link has ended meanwhile
        if account.real_name_level and arrival.claim and not same_name(account.name, arrival.claim.name):
            yield from self.unfit(Unfit.NAME, arrival, account.id)
        if arrival.unread is not None and arrival.unread.certificate_number:
            yield from self.unfit(Unfit.UNREADABLE, arrival, account.id)
        if link.level != arrival.level:
            # Whoever opened the account by this link has let everything else in themselves.
            opened_by_it = link.linked_at - account.created_at < OPENING_SECONDS
            shown = None if opened_by_it else NOTHING
            yield from self._prove(account, arrival, address, shown)
        return Linked((yield from self._again(account)))

    def _first(
        self, arrival: Arrival, index: bytes, address: str, decision: HolderDecision | None
    ) -> Transaction[Linked | ArrivalRefused | Held | NotRecorded]:
        if arrival.unread is not None and arrival.unread.certified and arrival.level > LOCAL_LEVEL:
            return ArrivalRefused(
                ArrivalRefusalReason.CONFLICT, (yield from self._unread(arrival, arrival.unread))
            )
        if arrival.claim is None:  # a level without a certificate is nobody's
            arrival = replace(arrival, level=LOCAL_LEVEL)
        account = yield from self._holder(arrival)
        if account is not None and account.state != AccountState.ACTIVE:
            return ArrivalRefused(ArrivalRefusalReason.CLOSED)
        if account is not None and arrival.claim and not same_name(account.name, arrival.claim.name):
            return ArrivalRefused(
                ArrivalRefusalReason.CONFLICT, (yield from self.unfit(Unfit.NAME, arrival, account.id))
            )
        if account is not None and not _is_as_sure(arrival.level, account.real_name_level):
            if decision is None or decision.account_id not in (None, account.id):
                return Held(account.id)
            if decision == NOT_THEIRS:
                account = None  # the certificate comes along: who has proved less does not keep it
        if account is None and is_child(arrival.claim, self._sources.now()):
            return ArrivalRefused(ArrivalRefusalReason.CHILD)
        proof, known_id = self._proof(account, arrival), None if account is None else account.id
        if proof and (against := (yield from self._real_names.against(known_id, proof))):
            return against
        known = account
        if account is None:
            account = yield from self._open(arrival, address)
        link = self._link(arrival, index, account.id)
        if known is not None:
            now = self._sources.now()
            for former in (yield from self.links.end_others(account.id, link, "superseded", now)):
                yield from self.unlinked(former, "superseded")
        yield self._accounts.raised(account.id)
        yield from self.links.add(link, arrival.subject)
        shown = None if known is None else ((decision.shown if decision else None) or NOTHING)
        yield from self._prove(account, arrival, address, shown)
        detail = {"profile": arrival.profile, "level": arrival.level, "new": known is None}
        if arrival.unread is not None:
            detail["unreadable"] = arrival.unread.problem
            if arrival.unread.certificate_number:
                yield from self.unfit(Unfit.UNREADABLE, arrival, account.id)
        yield self._audit.record(
            AuditEvent(event=EventType.UPSTREAM_LINKED, account_id=account.id, address=address, detail=detail)
        )
        if known is not None:
            title = self._rules.titles.get(arrival.profile, arrival.profile)
            yield from self._notice(known, LINKED, platform=title)
        return Linked((yield from self._again(account)), is_new=known is None)

    def _unread(self, arrival: Arrival, unread: Unread) -> Transaction[str]:
        """Have staff say whose a certificate is whose name cannot be read: nobody gets an account without one."""
        index = self._vault.blind_index(CERTIFICATE, unread.certificate_number)
        holder = yield from self.links.holder(unread.certificate_type, index)
        return (yield from self.unfit(Unfit.UNREADABLE, arrival, holder.id if holder else None))

    def _read_by_account(self, account: Account, arrival: Arrival) -> Arrival:
        """With the name that is known here, where only the name cannot be read and the certificate is the account's."""
        unread = arrival.unread
        if unread is None or not unread.certified:
            return arrival
        claim = IdentityClaim(account.name, unread.certificate_type, unread.certificate_number)
        known = replace(arrival, name=claim.name, claim=claim, unread=None)
        verified = account.real_name_level and account.certificate_index is not None
        return known if verified else arrival

    def _holder(self, arrival: Arrival) -> Transaction[Account | None]:
        """The account on which the certificate is verified, where the platform is sure enough of it.

        Else the one on which this platform verified it before: who closed an account there and opened another, or ended
        the link, has come back.
        """
        if arrival.claim is None or arrival.level < self._rules.level:
            return None
        index = self._vault.blind_index(CERTIFICATE, arrival.claim.certificate_number)
        type_ = arrival.claim.certificate_type
        holder = yield from self.links.holder(type_, index)
        return holder or (yield from self.links.former(arrival.profile, type_, index))

    def _open(self, arrival: Arrival, address: str) -> Transaction[Account]:
        """A new account of level 0; what the platform vouches for comes as a proof."""
        digits = f"{int.from_bytes(self._sources.new_bytes(8)) % 10**_USERNAME_DIGITS:0{_USERNAME_DIGITS}}"
        name = arrival.name or placeholder_name(digits)
        account_id = self._sources.new_id()
        new = checked(NewAccount(f"zh{digits}", name, NO_PASSWORD))
        yield from self._accounts.add(account_id, new, self._sources.now())
        detail = {"upstream": arrival.profile}
        yield self._audit.record(
            AuditEvent(
                event=EventType.ACCOUNT_REGISTERED, account_id=account_id, address=address, detail=detail
            )
        )
        account = yield from self._accounts.by_id(account_id)
        assert account is not None
        return account

    def _prove(
        self, account: Account, arrival: Arrival, address: str, shown: ProvenControl | None
    ) -> Transaction[None]:
        """The platform's level as a proof of ours, in place of the one that it gave before; see `RealNames.record`."""
        added: str | None = None
        if proof := self._proof(account, arrival):
            before = {one.id for one in (yield from self._records.of_account(account.id))}
            recorded = yield from self._real_names.record(account.id, proof, address=address, shown=shown)
            if isinstance(recorded, NotRecorded):
                raise Overtaken(account.id)
            records = yield from self._records.of_account(account.id)
            added = next(one.id for one in records if one.id not in before)
        yield from self._end_proofs(account.id, arrival.source, "upstream level changed", keep=added)

    def _proof(self, account: Account | None, arrival: Arrival) -> Proof | None:
        """What the platform proves of an account; None: of one that is to be opened."""
        if not arrival.level or arrival.claim is None:
            return None
        proof = VERIFIER.proof(arrival.claim, arrival.source, arrival.level, arrival.digest)
        return replace(proof, name=None) if account is not None and account.real_name_level else proof

    def _end_proofs(
        self, account_id: str, source: str, reason: str, *, keep: str | None
    ) -> Transaction[None]:
        now = self._sources.now()
        for one in (yield from self._records.of_account(account_id)):
            if (one.method, one.source) == (VERIFIER.method, source) and one.live(now) and one.id != keep:
                yield from self._real_names.end(one.id, reason)

    def _is_somebody_else(self, account: Account, arrival: Arrival) -> bool:
        if arrival.claim is None or not account.real_name_level or account.certificate_index is None:
            return False
        index = self._vault.blind_index(CERTIFICATE, arrival.claim.certificate_number)
        return bool(
            (account.certificate_type, account.certificate_index) != (arrival.claim.certificate_type, index)
        )

    def _again(self, account: Account) -> Transaction[Account]:
        """The account as it is now."""
        return (yield from self._accounts.by_id(account.id)) or account

    def _link(self, arrival: Arrival, index: bytes, account_id: str) -> UpstreamLink:
        now = self._sources.now()
        return UpstreamLink(
            id=self._sources.new_id(),
            profile=arrival.profile,
            kind=arrival.kind,
            subject_index=index,
            level=arrival.level,
            level_source=arrival.level_source,
            linked_at=now,
            last_seen_at=now,
            account_id=account_id,
        )


def _is_as_sure(arriving: int, held: int) -> bool:
    """Whether a platform's word is enough for an account: as sure as what it has, or of somebody who was there.

    A word that is surer is for the person to bring along (decision 18); one that is weaker, and shows knowledge alone,
    is what somebody else may know too.
    """
    return held in (0, arriving) or PRESENCE_LEVEL <= arriving <= held


def _content(arrival: Arrival) -> ConflictContent:
    claim = arrival.claim or arrival.unread
    return ConflictContent(
        kind=arrival.kind,
        subject=arrival.subject,
        level=arrival.unread.level if arrival.unread else arrival.level,
        name=arrival.name or (arrival.unread.name if arrival.unread else ""),
        certificate_type=claim.certificate_type if claim else "",
        certificate_number=claim.certificate_number if claim else "",
        problem=arrival.unread.problem if arrival.unread else "",
    )
