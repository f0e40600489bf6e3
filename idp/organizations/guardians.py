"""Guardians: a parent registers a child, or is entered at the counter; it ends by itself when the child is of age."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar
from uuid import UUID, uuid5

from idp.accounts.invalid import InvalidAccount
from idp.accounts.model import Account, AccountState, NewAccount
from idp.accounts.names import normalized_name
from idp.accounts.real_names.authority import AuthorityUnavailable
from idp.accounts.real_names.certificates import birth_date_of, checked_number, is_minor, stored_type
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.real_names.service import RealNames
from idp.accounts.store import BIRTH_DATE
from idp.accounts.verifiers.interface import IdentityClaim
from idp.audit.model import AuditEvent, EventType
from idp.infrastructure.beijing import BEIJING, day_of
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict, Overtaken
from idp.infrastructure.foundation import Foundation
from idp.organizations import mandate_store as statements
from idp.organizations.ledger import Ledger
from idp.organizations.model import (
    ADULT,
    DAY,
    MandateRefusalReason,
    MandateRefused,
    MandateState,
    Relation,
    Role,
)
from idp.organizations.records import NamedMandate, StoredMandate

T = TypeVar("T")

GUARDIAN_LEVEL = 2
ATTEMPTS_PER_DAY = 5
METHOD = "guardian"
_ATTEMPTS = "guardians.attempts"
_NAME_BYTES = 9
_NAMESPACE = UUID("6f0d2c5e-52d4-4d5c-9d0e-0f6a3c1b7e21")
_IN_FORCE = (MandateState.ACTIVE, MandateState.SUSPENDED)

Check = Callable[[IdentityClaim], Awaitable[Proof | None]]
"""The population service: a proof where name and number belong together. Raises AuthorityUnavailable."""


class Impediment(StrEnum):
    """What stands against somebody becoming a guardian, papers apart; a word for pages."""

    SAME = "same"
    GUARDIAN = "guardian"
    AGE = "not-a-minor"
    ALREADY = "guarded"
    CONCERNED = "own-account"


class Guardians:
    """`actor` is the guardian's account, or that of the member of staff who saw the papers."""

    def __init__(
        self, foundation: Foundation, ledger: Ledger, real_names: RealNames, check: Check | None
    ) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._sources = foundation.sources
        self._ledger = ledger
        self._real_names = real_names
        self._check = check

    async def register_minor(
        self, guardian_id: str, name: str, certificate_type: str, number: str, address: str | None = None
    ) -> str:
        """Open an account for a child who has none, with this person as guardian; the mandate's id. Raises Refused.

        The population service knows that name and number belong together, not whose child it is: the guardian
        states that, and the statement is in the record. A child who has an account already, or whose guardian
        somebody else is, is for the counter, where papers are seen; the answer does not tell which it is.
        """
        guardian = await self._database.read(lambda: self._ledger.accounts.by_id(guardian_id))
        if guardian is None or guardian.real_name_level < GUARDIAN_LEVEL:
            raise MandateRefused(MandateRefusalReason.LEVEL)
        claim, born = self._claim(name, certificate_type, number)
        if await self._key_value.increment(_ATTEMPTS, guardian_id, int(DAY)) > ATTEMPTS_PER_DAY:
            raise MandateRefused(MandateRefusalReason.TOO_OFTEN)
        proof = await self._proved(claim)
        try:
            mandate_id = await self._write(lambda: self._open(guardian_id, claim, proof, born, address))
        except Conflict as error:
            raise MandateRefused(MandateRefusalReason.NOT_CONFIRMED) from error
        if mandate_id is None:
            raise MandateRefused(MandateRefusalReason.NOT_CONFIRMED)
        return mandate_id

    async def against(self, guardian_id: str, minor_id: str, staff_id: str) -> Impediment | None:
        """What stands against it now; None when only the papers are to be seen."""
        return await self._database.read(lambda: self._against(guardian_id, minor_id, staff_id))

    async def of(self, minor_id: str) -> list[NamedMandate]:
        """The mandates of the guardians that somebody has."""
        found = await self._database.read(lambda: self._ledger.lists.of_person(minor_id))
        return [one for one in found if one.relation is Relation.GUARDIAN and one.state in _IN_FORCE]

    def end(self, mandate_id: str, reason: str, actor: str) -> Transaction[str | None]:
        """End a guardianship by what staff were shown, such as a judgment, for a `checked_reason`; the minor's id.

        None where it has ended already, or whoever ends it is concerned.
        """
        ended = yield from self._ledger.store.turn(
            statements.END_GUARDIANSHIP, mandate_id, actor, self._sources.now(), reason=reason
        )
        if ended is not None:
            yield from self._ledger.closed([ended], reason, actor)
        return None if ended is None else ended.principal_account_id

    def enter(
        self, guardian_id: str, minor_id: str, *, actor: str, evidence: str
    ) -> Transaction[Impediment | None]:
        """Enter a guardian whose papers were seen, where nothing stands against it; what does."""
        if (found := (yield from self._against(guardian_id, minor_id, actor))) is not None:
            return found
        minor = yield from self._ledger.accounts.by_id(minor_id)
        born = None if minor is None else self._birth_date(minor)
        if born is None:
            return Impediment.AGE
        # Of two who are entered at once, both have this id, so that one of them is a conflict.
        earlier = yield from self._ledger.lists.of_person(minor_id)
        number = sum(one.agent_account_id == guardian_id for one in earlier)
        mandate_id = str(uuid5(_NAMESPACE, f"{minor_id} {guardian_id} {number}"))
        done = yield from self._empower(
            self._guardianship(mandate_id, guardian_id, minor_id, born, granted_by=actor, evidence=evidence)
        )
        return Impediment.GUARDIAN if done is None else None

    def _against(self, guardian_id: str, minor_id: str, staff_id: str) -> Transaction[Impediment | None]:
        if guardian_id == minor_id:
            return Impediment.SAME
        if staff_id in (guardian_id, minor_id):
            return Impediment.CONCERNED
        guardian = yield from self._ledger.accounts.by_id(guardian_id)
        if guardian is None or guardian.state != AccountState.ACTIVE or self._is_child(guardian):
            return Impediment.GUARDIAN
        if guardian.real_name_level < GUARDIAN_LEVEL:
            return Impediment.GUARDIAN
        minor = yield from self._ledger.accounts.by_id(minor_id)
        if minor is None or minor.state != AccountState.ACTIVE or not self._is_child(minor):
            return Impediment.AGE
        if minor.real_name_level < 1:  # what nobody has verified tells no age
            return Impediment.AGE
        if (yield from self._is_concerned(staff_id, guardian, minor)):
            return Impediment.CONCERNED
        guarded = yield from self._ledger.lists.is_guarded(minor_id, guardian_id)
        return Impediment.ALREADY if guarded else None

    def _is_concerned(self, staff_id: str, guardian: Account, minor: Account) -> Transaction[bool]:
        """Whether it is about the member of staff: by the certificate, by another account, or as a guardian."""
        staff = yield from self._ledger.accounts.by_id(staff_id)
        own = None if staff is None else staff.certificate_index
        if own is not None and own in (guardian.certificate_index, minor.certificate_index):
            return True
        return (yield from self._ledger.lists.is_guarded(minor.id, staff_id))

    def _is_child(self, account: Account) -> bool:
        born = self._birth_date(account)
        return born is not None and is_minor(born, self._today())

    def _claim(self, name: str, certificate_type: str, number: str) -> tuple[IdentityClaim, date]:
        try:
            plain = checked_number(certificate_type, number, self._today())
            claim = IdentityClaim(normalized_name(name), stored_type(certificate_type).value, plain)
        except InvalidAccount as error:
            raise MandateRefused(
                MandateRefusalReason.NAME
                if str(error).startswith("name")
                else MandateRefusalReason.CERTIFICATE
            ) from error
        born = birth_date_of(claim.certificate_type, plain)
        if born is None:
            raise MandateRefused(MandateRefusalReason.CERTIFICATE)
        if not is_minor(born, self._today()):
            raise MandateRefused(MandateRefusalReason.NOT_A_MINOR)
        return claim, born

    async def _proved(self, claim: IdentityClaim) -> Proof:
        if self._check is None:
            raise MandateRefused(MandateRefusalReason.UNAVAILABLE)
        try:
            proof = await self._check(claim)
        except AuthorityUnavailable as error:
            raise MandateRefused(MandateRefusalReason.UNAVAILABLE) from error
        if proof is None:
            raise MandateRefused(MandateRefusalReason.NOT_CONFIRMED)
        return proof

    def _open(
        self, guardian_id: str, claim: IdentityClaim, proof: Proof, born: date, address: str | None
    ) -> Transaction[str | None]:
        """The mandate's id; None where the child is known already, or the guardian's account is not open any more."""
        guardian = yield from self._ledger.accounts.by_id(guardian_id)
        if guardian is None or guardian.state != AccountState.ACTIVE:
            return None
        if (yield from self._real_names.against(None, proof)) is not None:
            return None
        minor_id = self._sources.new_id()
        username = f"m{self._sources.new_bytes(_NAME_BYTES).hex()}"
        # Nobody can log in to it; who comes of age claims it by the certificate.
        account = NewAccount(username, claim.name, password_hash="")
        yield from self._ledger.accounts.add(minor_id, account, self._sources.now())
        recorded = yield from self._real_names.record(minor_id, proof, verifier=guardian_id, address=address)
        if isinstance(recorded, NotRecorded):
            raise Overtaken(minor_id)
        yield self._ledger.audit.record(
            AuditEvent(
                event=EventType.ACCOUNT_REGISTERED,
                account_id=minor_id,
                address=address,
                actor=guardian_id,
                detail={"by": METHOD},
            )
        )
        mandate_id = yield from self._empower(
            self._guardianship(
                self._sources.new_id(), guardian_id, minor_id, born, granted_by=guardian_id, evidence="stated"
            ),
            address,
        )
        if mandate_id is None:
            raise Overtaken(guardian_id)
        return mandate_id

    def _guardianship(
        self, mandate_id: str, guardian_id: str, minor_id: str, born: date, *, granted_by: str, evidence: str
    ) -> StoredMandate:
        now = self._sources.now()
        return StoredMandate(
            id=mandate_id,
            relation=Relation.GUARDIAN,
            role=Role.AGENT,
            state=MandateState.ACTIVE,
            granted_by=granted_by,
            evidence_reference=f"{METHOD}:{evidence[:150]}",
            valid_from=now,
            created_at=now,
            valid_until=comes_of_age(born),
            principal_account_id=minor_id,
            agent_account_id=guardian_id,
            decided_at=now,
        )

    def _empower(self, guardianship: StoredMandate, address: str | None = None) -> Transaction[str | None]:
        guardian_id = guardianship.agent_account_id or ""
        added = yield from self._ledger.store.add(guardianship, guardian_id)
        if added is None:
            return None
        yield from self._ledger.changed(EventType.MANDATE_ACCEPTED, added, guardianship.granted_by, address)
        return added.id

    def _birth_date(self, minor: Account) -> date | None:
        text = self._ledger.accounts.reveal(BIRTH_DATE, minor.birth_date)
        return None if text is None else date.fromisoformat(text)

    def _today(self) -> date:
        return day_of(self._sources.now())

    async def _write(self, work: Callable[[], Transaction[T]]) -> T:
        outcome = await self._database.write(work)
        self._ledger.sent()
        return outcome


def comes_of_age(born: date) -> float:
    """The first instant of the 18th birthday, in China; who was born on 29 February has it on 1 March."""
    try:
        day = born.replace(year=born.year + ADULT)
    except ValueError:
        day = date(born.year + ADULT, 3, 1)
    return datetime(day.year, day.month, day.day, tzinfo=BEIJING).timestamp()
