"""The tables of legal persons and of mandates to act for somebody."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    literal,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant, Sealed
from idp.organizations.model import LegalPersonKind, LegalPersonState, MandateState, Relation, Role, read
from idp.organizations.records import LegalPerson, StoredMandate

legal_persons = Table(
    "legal_persons",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("unified_social_credit_code", Text, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("representative_account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("represented_since", Instant),
    Column("method", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)

mandates = Table(
    "mandates",
    metadata,
    Column("id", Text, primary_key=True),
    Column("relation", Text, nullable=False),
    Column("principal_legal_person_id", Text, ForeignKey("legal_persons.id"), index=True),
    Column("principal_account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("agent_legal_person_id", Text, ForeignKey("legal_persons.id")),
    Column("agent_account_id", Text, ForeignKey("accounts.id"), index=True),
    Column("parent_mandate_id", Text, ForeignKey("mandates.id"), index=True),
    Column("invitee_name", Text),
    Column("invitee_phone", Sealed),
    Column("invitee_phone_index", LargeBinary),
    Column("role", Text, nullable=False),
    Column("systems", Text, nullable=False),
    Column("items", Text, nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant),
    Column("state", Text, nullable=False),
    Column("granted_by", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("decided_at", Instant),
    Column("ended_at", Instant),
    Column("end_reason", Text),
    # How high whoever let it rest stood (`Rank`); none: above everybody but the principal.
    Column("suspended_by_rank", Integer),
    Index("ix_mandates_invitee_phone_index", "invitee_phone_index"),
    Index("ix_mandates_granted_by", "granted_by"),
    Index("ix_mandates_agent_legal_person_id", "agent_legal_person_id"),
)
# What ends by itself: looked for every minute among all that ever was.
_not_ended = mandates.c.ended_at.is_(None)
Index("ix_mandates_valid_until", mandates.c.valid_until, postgresql_where=_not_ended, sqlite_where=_not_ended)
_invited = mandates.c.state == literal_column("'invited'")
Index(
    "ix_mandates_invited_created_at", mandates.c.created_at, postgresql_where=_invited, sqlite_where=_invited
)

_code = bindparam("the_code", type_=Text)
_id = bindparam("the_id", type_=Text)
_account = bindparam("the_account", type_=Text)
_now = bindparam("now", type_=Instant())
_active = literal(LegalPersonState.ACTIVE.value, Text)
_c = legal_persons.c
_evidence = {
    "method": bindparam("the_method", type_=Text),
    "evidence_reference": bindparam("the_evidence", type_=Text),
    "updated_at": _now,
}

REGISTER = Statement(
    insert(legal_persons)
    .on_conflict_do_nothing(index_elements=["unified_social_credit_code"])
    .returning(_c.id),
    lock_key="unified_social_credit_code",
)
# Whoever it is proved for takes over; the one who was it already changes nothing.
TAKE_OVER = Statement(
    update(legal_persons)
    .where(
        _c.unified_social_credit_code == _code,
        _c.state == _active,
        _c.representative_account_id.is_distinct_from(_account),
    )
    .values(
        name=bindparam("the_name", type_=Text),
        representative_account_id=_account,
        represented_since=_now,
        **_evidence,
    )
    .returning(*_c),
    lock_key="the_code",
)
# The same person again: one of several who come at the same moment.
CONFIRM = Statement(
    update(legal_persons)
    .where(
        _c.unified_social_credit_code == _code,
        _c.state == _active,
        _c.representative_account_id == _account,
        _c.represented_since == bindparam("since", type_=Instant()),
    )
    .values(name=bindparam("the_name", type_=Text), represented_since=_now, **_evidence)
    .returning(*_c),
    lock_key="the_code",
)
STEP_DOWN = Statement(
    update(legal_persons)
    .where(_c.id == _id, _c.state == _active, _c.representative_account_id == _account)
    .values(representative_account_id=null(), represented_since=null(), updated_at=_now)
    .returning(*_c),
    lock_key="the_id",
)
DISSOLVE = Statement(
    update(legal_persons)
    .where(_c.unified_social_credit_code == _code, _c.state == _active)
    .values(state=literal(LegalPersonState.DISSOLVED.value, Text), updated_at=_now)
    .returning(*_c),
    lock_key="the_code",
)
BY_CODE = Statement(select(legal_persons).where(_c.unified_social_credit_code == _code))
BY_ID = Statement(select(legal_persons).where(_c.id == _id))
ALL = Statement(
    select(legal_persons).order_by(_c.unified_social_credit_code).limit(bindparam("most", type_=Integer))
)


class LegalPersonStore:
    """One statement per method."""

    def register(self, new: LegalPerson) -> Transaction[bool]:
        """Add a legal person; False when its code is known already."""
        call = REGISTER(
            id=new.id,
            name=new.name,
            kind=new.kind.value,
            unified_social_credit_code=new.unified_social_credit_code,
            state=new.state.value,
            representative_account_id=new.representative_account_id,
            represented_since=new.represented_since,
            method=new.method,
            evidence_reference=new.evidence_reference,
            created_at=new.created_at,
            updated_at=new.updated_at,
        )
        return bool((yield call))

    def take_over(self, found: LegalPerson) -> Transaction[LegalPerson | None]:
        """Make somebody the representative of the active legal person of a code, as it was found in a register.

        None when they are already, or there is none.
        """
        account_id = found.representative_account_id
        call = TAKE_OVER(the_code=found.unified_social_credit_code, the_account=account_id, **_found(found))
        return first_as(legal_person_of, (yield call))

    def confirm(self, found: LegalPerson, since: float | None) -> Transaction[LegalPerson | None]:
        """Note a new proof of the same representative; for one of several at the same moment."""
        account_id = found.representative_account_id
        call = CONFIRM(
            the_code=found.unified_social_credit_code, the_account=account_id, since=since, **_found(found)
        )
        return first_as(legal_person_of, (yield call))

    def step_down(self, legal_person_id: str, account_id: str, now: float) -> Transaction[LegalPerson | None]:
        """Leave a legal person without representative, if it is this one."""
        call = STEP_DOWN(the_id=legal_person_id, the_account=account_id, now=now)
        return first_as(legal_person_of, (yield call))

    def dissolve(self, code: str, now: float) -> Transaction[LegalPerson | None]:
        """End a legal person; None when there is no active one."""
        return first_as(legal_person_of, (yield DISSOLVE(the_code=code, now=now)))

    def by_code(self, code: str) -> Transaction[LegalPerson | None]:
        """The legal person of a code."""
        return first_as(legal_person_of, (yield BY_CODE(the_code=code)))

    def by_id(self, legal_person_id: str) -> Transaction[LegalPerson | None]:
        """The legal person of an id."""
        return first_as(legal_person_of, (yield BY_ID(the_id=legal_person_id)))

    def all(self, most: int) -> Transaction[list[LegalPerson]]:
        """Every legal person, by code."""
        return [legal_person_of(row) for row in (yield ALL(most=most))]


def _found(found: LegalPerson) -> dict[str, object]:
    return {
        "the_name": found.name,
        "the_method": found.method,
        "the_evidence": found.evidence_reference,
        "now": found.updated_at,
    }


def legal_person_of(row: Row) -> LegalPerson:
    """The legal person of a row with every column of `legal_persons`."""
    return LegalPerson(
        id=row["id"],
        name=row["name"],
        kind=LegalPersonKind(row["kind"]),
        unified_social_credit_code=row["unified_social_credit_code"],
        state=LegalPersonState(row["state"]),
        method=row["method"],
        evidence_reference=row["evidence_reference"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        representative_account_id=row["representative_account_id"],
        represented_since=row["represented_since"],
    )


def mandate_of(row: Row) -> StoredMandate:
    """The mandate of a row with every column of `mandates`."""
    return StoredMandate(
        id=row["id"],
        relation=Relation(row["relation"]),
        role=Role(row["role"]),
        state=MandateState(row["state"]),
        granted_by=row["granted_by"],
        evidence_reference=row["evidence_reference"],
        valid_from=row["valid_from"],
        created_at=row["created_at"],
        valid_until=row["valid_until"],
        systems=read(row["systems"]),
        items=read(row["items"]),
        principal_legal_person_id=row["principal_legal_person_id"],
        principal_account_id=row["principal_account_id"],
        agent_legal_person_id=row["agent_legal_person_id"],
        agent_account_id=row["agent_account_id"],
        parent_mandate_id=row["parent_mandate_id"],
        invitee_name=row["invitee_name"],
        decided_at=row["decided_at"],
        ended_at=row["ended_at"],
        end_reason=row["end_reason"],
        suspended_by_rank=row["suspended_by_rank"],
    )
