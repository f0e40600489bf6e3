"""How an organisation gets its representative, or its licence an agent: by what a registry vouches for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, TypeVar

from idp.accounts.real_names.authority import Authority, AuthorityUnavailable
from idp.accounts.store import CERTIFICATE
from idp.audit.model import AuditEvent, EventType
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.single_use import SingleUse
from idp.infrastructure.vault import Unreadable
from idp.organizations.confirmed_records import method_of, new_legal_person, new_mandate
from idp.organizations.ledger import Ledger
from idp.organizations.model import (
    DAY,
    LegalPersonState,
    MandateRefusalReason,
    MandateRefused,
    MandateState,
    Relation,
    Role,
    Scope,
    checked_code,
    checked_organisation_name,
    limited_scope,
)
from idp.organizations.records import LegalPerson
from idp.organizations.registries import licence_qr, register_lookup
from idp.organizations.registries.interface import (
    Confirmed,
    Holding,
    LegalPersonRegistry,
    NotConfirmed,
    Outcome,
    Picture,
    PictureState,
    RegistryClaim,
)

T = TypeVar("T")

REPRESENTATIVE_LEVEL = 2
"""The real-name level at which a person can bind an organisation."""
ATTEMPTS_PER_HOUR = 10
LICENCE_DAYS = {Holding.ADMINISTRATOR: 365, Holding.TEMPORARY: 30}
"""How long a mandate from a licence lasts at most: nobody tells us when it is taken back in the licence's own app."""
_ATTEMPTS = "organizations.attempts"
_USED = "organizations.used-ticket"
_USED_SECONDS = 86_400
_TICKET = "organizations.ticket"


@dataclass(frozen=True, slots=True)
class Started:
    """A picture for somebody to scan, and the sealed ticket that only the same person can redeem."""

    content: str
    ticket: str
    seconds: int


class Binding:
    """The part of `Organizations` that believes registries. `account_id` is the human who is logged in."""

    def __init__(
        self,
        foundation: Foundation,
        ledger: Ledger,
        registries: Sequence[LegalPersonRegistry],
        authority: Authority | None,
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._single_use = SingleUse(foundation)
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._ledger = ledger
        self._store = ledger.legal_persons
        self._registries: Mapping[str, LegalPersonRegistry] = {
            registry.name: registry for registry in registries
        }
        self._authority = authority

    async def bind(self, account_id: str, code: str, name: str, address: str | None = None) -> str:
        """Make somebody the representative of an organisation, if the register says so; its id. Raises Refused."""
        claim = replace(
            await self._claim(account_id), code=checked_code(code), name=checked_organisation_name(name)
        )
        await self._limit(account_id)
        confirmed = await self._confirmed(account_id, await self._ask(claim), address)
        return await self._take(account_id, confirmed, address)

    async def start_licence(self, account_id: str) -> Started:
        """Have a picture made for the licence app. Raises Refused."""
        claim = await self._claim(account_id)
        await self._limit(account_id)
        try:
            picture = await self._registries[licence_qr.NAME].begin(self._open(), claim)
        except AuthorityUnavailable as error:
            raise MandateRefused(MandateRefusalReason.UNAVAILABLE) from error
        assert isinstance(picture, Picture)
        content = {"ticket": picture.ticket, "content": picture.content, "account": account_id}
        return Started(picture.content, self._vault.seal(_TICKET, content), picture.seconds)

    def picture(self, account_id: str, sealed: str) -> Started:
        """The same picture once more. Raises Refused."""
        return Started(self._opened(account_id, sealed)["content"], sealed, 0)

    async def licence(self, account_id: str, sealed: str, address: str | None = None) -> PictureState | str:
        """How far the scan has come, or the id of the organisation that it bound. Raises Refused."""
        opened = self._opened(account_id, sealed)
        try:
            outcome = await self._registries[licence_qr.NAME].outcome(self._open(), opened["ticket"])
        except AuthorityUnavailable as error:
            raise MandateRefused(MandateRefusalReason.UNAVAILABLE) from error
        if isinstance(outcome, PictureState):
            return outcome
        claim = await self._claim(account_id)
        confirmed = await self._confirmed(account_id, outcome, address)
        if confirmed.holder_name is not None and confirmed.holder_name != claim.holder_name:
            await self._refuse(account_id, MandateRefusalReason.NOT_THE_HOLDER, address)
        if confirmed.holding is Holding.REPRESENTATIVE:
            # The licence names its holder and no number: two people may have one name, so the register decides.
            asked = replace(claim, code=confirmed.code, name=confirmed.name)
            confirmed = await self._confirmed(account_id, await self._ask(asked), address)
        if not await self._single_use.spend(_USED, opened["ticket"], _USED_SECONDS):
            raise MandateRefused(MandateRefusalReason.OVER)
        return await self._take(account_id, confirmed, address)

    @property
    def available(self) -> bool:
        """Whether there is a registry to ask."""
        return self._authority is not None

    def _opened(self, account_id: str, sealed: str) -> dict[str, Any]:
        """What a ticket holds, for whom it was made."""
        try:
            opened = self._vault.unseal(_TICKET, sealed)
        except Unreadable as error:
            raise MandateRefused(MandateRefusalReason.OVER) from error
        if opened["account"] != account_id:
            raise MandateRefused(MandateRefusalReason.OVER)
        return opened

    def _open(self) -> Authority:
        if self._authority is None:
            raise MandateRefused(MandateRefusalReason.UNAVAILABLE)
        return self._authority

    async def _claim(self, account_id: str) -> RegistryClaim:
        """Who somebody is by their own real-name login; raises Refused."""
        account = await self._database.read(lambda: self._ledger.accounts.by_id(account_id))
        if account is None or account.real_name_level < REPRESENTATIVE_LEVEL:
            raise MandateRefused(MandateRefusalReason.LEVEL)
        number = self._ledger.accounts.reveal(CERTIFICATE, account.certificate_number)
        if number is None:
            raise MandateRefused(MandateRefusalReason.NO_CERTIFICATE)
        return RegistryClaim("", "", account.name, str(account.certificate_type), number)

    async def _ask(self, claim: RegistryClaim) -> Outcome:
        try:
            outcome = await self._registries[register_lookup.NAME].begin(self._open(), claim)
        except AuthorityUnavailable as error:
            raise MandateRefused(MandateRefusalReason.UNAVAILABLE) from error
        assert not isinstance(outcome, Picture)
        return outcome

    async def _confirmed(self, account_id: str, outcome: Outcome, address: str | None) -> Confirmed:
        if not isinstance(outcome, Confirmed):
            dissolved = isinstance(outcome, NotConfirmed) and outcome.dissolved
            await self._refuse(
                account_id,
                MandateRefusalReason.DISSOLVED if dissolved else MandateRefusalReason.NOT_CONFIRMED,
                address,
            )
        code, name = checked_code(outcome.code), checked_organisation_name(outcome.name)
        return replace(outcome, code=code, name=name)

    async def _refuse(self, account_id: str, reason: MandateRefusalReason, address: str | None) -> NoReturn:
        line = AuditEvent(
            event=EventType.LEGAL_PERSON_REFUSED,
            account_id=account_id,
            address=address,
            detail={"reason": reason.value},
        )
        await self._database.add(self._ledger.audit.record(line))
        raise MandateRefused(reason)

    async def _limit(self, account_id: str) -> None:
        if await self._key_value.increment(_ATTEMPTS, account_id, 3600) > ATTEMPTS_PER_HOUR:
            raise MandateRefused(MandateRefusalReason.TOO_OFTEN)

    async def _take(
        self, account_id: str, confirmed: Confirmed, address: str | None, actor: str | None = None
    ) -> str:
        """Write down what a registry vouched for; the organisation's id."""
        take = self._represent if confirmed.holding is Holding.REPRESENTATIVE else self._appoint

        def work() -> Transaction[str | MandateRefusalReason]:
            return (yield from take(account_id, confirmed, address, actor or account_id))

        organization_id = await self._write(work)
        if isinstance(organization_id, MandateRefusalReason):
            raise MandateRefused(organization_id)
        return organization_id

    def _represent(
        self, account_id: str, confirmed: Confirmed, address: str | None, actor: str
    ) -> Transaction[str | MandateRefusalReason]:
        """One of several at the same moment changes the legal person, and gets the mandate with it."""
        now = self._sources.now()
        organization_id = self._sources.new_id()
        found = replace(
            new_legal_person(organization_id, confirmed, now),
            representative_account_id=account_id,
            represented_since=now,
        )
        if not (yield from self._store.register(found)):
            taken = yield from self._store.take_over(found)
            if taken is None:
                return (yield from self._confirm(account_id, confirmed, found, actor))
            organization_id = taken.id
            yield from self._ledger.representative_changed(taken, account_id, actor, address)
        yield from self._empower(organization_id, account_id, confirmed, actor)
        detail = {"code": confirmed.code, "method": method_of(confirmed)}
        line = AuditEvent(
            event=EventType.LEGAL_PERSON_BOUND,
            account_id=account_id,
            address=address,
            actor=actor,
            detail=detail,
            principal=organization_id,
        )
        yield self._ledger.audit.record(line)
        return organization_id

    def _confirm(
        self, account_id: str, confirmed: Confirmed, found: LegalPerson, actor: str
    ) -> Transaction[str | MandateRefusalReason]:
        """The same representative again: what rests of their own mandate counts again."""
        known = yield from self._store.by_code(confirmed.code)
        if known is None or known.state is not LegalPersonState.ACTIVE:
            return MandateRefusalReason.DISSOLVED
        if (yield from self._store.confirm(found, known.represented_since)) is not None:
            yield from self._empower(known.id, account_id, confirmed, actor, again=True)
        return known.id

    def _empower(
        self, organization_id: str, account_id: str, confirmed: Confirmed, actor: str, *, again: bool = False
    ) -> Transaction[None]:
        """Make the representative's own mandate."""
        now = self._sources.now()
        if again:
            kept = yield from self._ledger.sweeps.restore(organization_id, account_id, now)
            if kept is not None:
                return
        own = replace(
            new_mandate(self._sources.new_id(), now, organization_id, account_id, confirmed, Scope()),
            relation=Relation.LEGAL_REPRESENTATIVE,
            granted_by=actor,
        )
        added = yield from self._ledger.store.add(own, account_id)
        if added is not None:
            yield from self._ledger.note(EventType.MANDATE_ACCEPTED, added, actor)

    def _appoint(
        self, account_id: str, confirmed: Confirmed, address: str | None, actor: str
    ) -> Transaction[str | MandateRefusalReason]:
        """An administrator or a temporary agent by the licence; an earlier such mandate makes room."""
        now = self._sources.now()
        organization_id = self._sources.new_id()
        if not (yield from self._store.register(new_legal_person(organization_id, confirmed, now))):
            known = yield from self._store.by_code(confirmed.code)
            if known is None or known.state is not LegalPersonState.ACTIVE:
                return MandateRefusalReason.DISSOLVED
            organization_id = known.id
        latest = now + LICENCE_DAYS[confirmed.holding] * DAY
        until = min(confirmed.valid_until or latest, latest)
        if until <= now:
            return MandateRefusalReason.DISSOLVED
        if (yield from self._rests(account_id, organization_id, licence_qr.NAME)):
            return MandateRefusalReason.NOT_YOURS
        scope = limited_scope(Scope((), confirmed.items, until), now)
        if isinstance(scope, MandateRefusalReason):
            return scope
        earlier = yield from self._ledger.sweeps.replace_licence(organization_id, account_id, now)
        yield from self._ledger.closed(earlier, "replaced", actor, address, quiet=True)
        mandate = new_mandate(self._sources.new_id(), now, organization_id, account_id, confirmed, scope)
        if confirmed.holding is Holding.ADMINISTRATOR:
            mandate = replace(mandate, role=Role.ADMINISTRATOR)
        added = yield from self._ledger.store.add(mandate, account_id)
        if added is not None:
            yield from self._ledger.changed(EventType.MANDATE_ACCEPTED, added, actor, address)
        return organization_id

    def _rests(self, account_id: str, organization_id: str, granted_by: str) -> Transaction[bool]:
        """Whether somebody let such a mandate rest: a registry does not undo that by naming the same person again."""
        return any(
            one.state is MandateState.SUSPENDED
            and one.granted_by == granted_by
            and one.principal_legal_person_id == organization_id
            for one in (yield from self._ledger.lists.of_agent(account_id))
        )

    def sent(self) -> None:
        """A transaction of somebody else, which held steps of ours, is on disk: its notices may go out."""
        self._ledger.sent()

    async def _write(self, work: Callable[[], Transaction[T]]) -> T:
        outcome = await self._database.write(work)
        self._ledger.sent()
        return outcome
