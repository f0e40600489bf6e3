"""What is read of mandates: for whom somebody acts, who acts for whom, with the names that people know."""

from sqlalchemy import Integer, Text, and_, bindparam, case, exists, literal_column, or_, select, union

from idp.accounts.store import accounts
from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.organizations.mandate_conditions import (
    c,
    in_force,
    is_fresh,
    is_invitee,
    is_state,
    manages_organization,
    now,
    parent_in_force,
    principal_lives,
    text,
    the_actor,
    the_id,
)
from idp.organizations.model import (
    LEGAL_PERSON,
    OPEN,
    PERSON,
    MandateState,
    Principal,
    Relation,
    Role,
    read,
)
from idp.organizations.records import NamedMandate, OwnOrganization
from idp.organizations.store import legal_person_of, legal_persons, mandates

MOST = 500
_organization = bindparam("the_organization", type_=Text)
_principal_organization = legal_persons.alias("principal_organization")
_principal_person = accounts.alias("principal_person")
_agent_organization = legal_persons.alias("agent_organization")
_agent_person = accounts.alias("agent_person")
_above = mandates.alias("above_it")
_through = legal_persons.alias("through")
_named = (
    mandates.outerjoin(_principal_organization, _principal_organization.c.id == c.principal_legal_person_id)
    .outerjoin(_principal_person, _principal_person.c.id == c.principal_account_id)
    .outerjoin(_agent_organization, _agent_organization.c.id == c.agent_legal_person_id)
    .outerjoin(_agent_person, _agent_person.c.id == c.agent_account_id)
    .outerjoin(_above, _above.c.id == c.parent_mandate_id)
    .outerjoin(_through, _through.c.id == _above.c.agent_legal_person_id)
)
_SHOWN = (
    select(
        mandates,
        _principal_organization.c.name.label("principal_organization_name"),
        _principal_organization.c.unified_social_credit_code.label("principal_code"),
        _principal_person.c.name.label("principal_person_name"),
        _agent_organization.c.name.label("agent_organization_name"),
        _agent_person.c.name.label("agent_person_name"),
        _through.c.id.label("through_id"),
        _through.c.name.label("through_name"),
    )
    .select_from(_named)
    .order_by(c.created_at.desc(), c.id.desc())
    .limit(literal_column(str(MOST), Integer))
)
_open = is_state(*OPEN)
_invited = mandates.alias("invited")
_managing = mandates.alias("managing")
_invitee = accounts.alias("the_invitee")
# Found by the phone or through the organisation first, and judged afterwards: all that are open would be too many.
_perhaps_theirs = union(
    select(_invited.c.id)
    .join(_invitee, _invitee.c.phone_index == _invited.c.invitee_phone_index)
    .where(_invitee.c.id == the_actor),
    select(_invited.c.id)
    .join(_managing, _managing.c.principal_legal_person_id == _invited.c.agent_legal_person_id)
    .where(_managing.c.agent_account_id == the_actor),
)
_is_live = and_(in_force(mandates), parent_in_force, principal_lives)

PRINCIPALS = Statement(_SHOWN.where(c.agent_account_id == the_actor, _is_live))
OF_AGENT = Statement(_SHOWN.where(c.agent_account_id == the_actor, _open))
INVITATIONS = Statement(
    _SHOWN.where(
        c.id.in_(_perhaps_theirs),
        is_state(MandateState.INVITED),
        is_fresh,
        principal_lives,
        or_(is_invitee(the_actor), manages_organization(c.agent_legal_person_id, every=True)),
    )
)
OF_PERSON = Statement(_SHOWN.where(c.principal_account_id == the_actor))
OF_ORGANIZATION = Statement(
    _SHOWN.where(
        c.principal_legal_person_id == _organization,
        c.relation == text(Relation.AGENT.value),
        c.parent_mandate_id.is_(None),
    )
)
HELD = Statement(_SHOWN.where(c.agent_legal_person_id == _organization, _open))
PASSED_ON = Statement(_SHOWN.where(_above.c.agent_legal_person_id == _organization))
ONE = Statement(_SHOWN.where(c.id == the_id))
_mine = mandates.alias("mine")
_is_mine = and_(
    _mine.c.agent_account_id == the_actor,
    _mine.c.principal_legal_person_id == legal_persons.c.id,
    _mine.c.parent_mandate_id.is_(None),
    _mine.c.state.in_([text(MandateState.ACTIVE.value), text(MandateState.SUSPENDED.value)]),
)
ORGANIZATIONS = Statement(
    select(
        legal_persons,
        _mine.c.id.label("mandate_id"),
        _mine.c.relation,
        _mine.c.role,
        _mine.c.state.label("mandate_state"),
        _mine.c.valid_until,
        case((in_force(_mine), literal_column("1")), else_=literal_column("0")).label("in_force"),
    )
    .select_from(legal_persons.join(_mine, _is_mine))
    .where(or_(_mine.c.valid_until.is_(None), _mine.c.valid_until > now))
    .order_by(legal_persons.c.name, _mine.c.relation.desc())
    .limit(literal_column(str(MOST), Integer))
)
IS_GUARDED = Statement(
    select(accounts.c.id)
    .where(
        accounts.c.id == the_id,
        exists(
            select(mandates.c.id).where(
                c.principal_account_id == the_id,
                c.agent_account_id == the_actor,
                c.relation == text(Relation.GUARDIAN.value),
                _open,
            )
        ),
    )
    .limit(literal_column("1", Integer))
)


class MandateLists:
    """One statement per method."""

    def principals(self, account_id: str, at: float) -> Transaction[list[Principal]]:
        """Everybody for whom somebody may act now."""
        return [_principal_of(row) for row in (yield PRINCIPALS(the_actor=account_id, now=at))]

    def of_agent(self, account_id: str) -> Transaction[list[NamedMandate]]:
        """What somebody holds, suspended ones too."""
        return [_named_of(row) for row in (yield OF_AGENT(the_actor=account_id))]

    def invitations(self, account_id: str, at: float) -> Transaction[list[NamedMandate]]:
        """What somebody may accept or decline."""
        return [_named_of(row) for row in (yield INVITATIONS(the_actor=account_id, now=at))]

    def of_person(self, account_id: str) -> Transaction[list[NamedMandate]]:
        """Who acts, or acted, for a person."""
        return [_named_of(row) for row in (yield OF_PERSON(the_actor=account_id))]

    def of_organization(self, organization_id: str) -> Transaction[list[NamedMandate]]:
        """Who acts, or acted, for an organisation."""
        return [_named_of(row) for row in (yield OF_ORGANIZATION(the_organization=organization_id))]

    def held(self, organization_id: str) -> Transaction[list[NamedMandate]]:
        """For whom an organisation acts."""
        return [_named_of(row) for row in (yield HELD(the_organization=organization_id))]

    def passed_on(self, organization_id: str) -> Transaction[list[NamedMandate]]:
        """Those of an organisation who act for the ones that it is an agent of."""
        return [_named_of(row) for row in (yield PASSED_ON(the_organization=organization_id))]

    def organizations(self, account_id: str, at: float) -> Transaction[list[OwnOrganization]]:
        """The organisations that somebody represents or acts for, with that mandate."""
        return [_own_organization_of(row) for row in (yield ORGANIZATIONS(the_actor=account_id, now=at))]

    def one(self, mandate_id: str) -> Transaction[NamedMandate | None]:
        """One mandate."""
        return first_as(_named_of, (yield ONE(the_id=mandate_id)))

    def is_guarded(self, minor_id: str, guardian_id: str) -> Transaction[bool]:
        """Whether somebody is a minor's guardian already."""
        return bool((yield IS_GUARDED(the_id=minor_id, the_actor=guardian_id)))


def _principal_of(row: Row) -> Principal:
    is_organization = row["principal_legal_person_id"] is not None
    return Principal(
        kind=LEGAL_PERSON if is_organization else PERSON,
        id=row["principal_legal_person_id"] or row["principal_account_id"],
        name=row["principal_organization_name"] if is_organization else row["principal_person_name"],
        number=row["principal_code"] if is_organization else None,
        relation=row["relation"],
        mandate_id=row["id"],
        systems=read(row["systems"]),
        items=read(row["items"]),
        valid_until=row["valid_until"],
    )


def _named_of(row: Row) -> NamedMandate:
    return NamedMandate(
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
        principal_organization_name=row["principal_organization_name"],
        principal_code=row["principal_code"],
        principal_person_name=row["principal_person_name"],
        agent_organization_name=row["agent_organization_name"],
        agent_person_name=row["agent_person_name"],
        through_id=row["through_id"],
        through_name=row["through_name"],
    )


def _own_organization_of(row: Row) -> OwnOrganization:
    return OwnOrganization(
        organization=legal_person_of(row),
        mandate_id=row["mandate_id"],
        relation=Relation(row["relation"]),
        role=Role(row["role"]),
        mandate_state=MandateState(row["mandate_state"]),
        valid_until=row["valid_until"],
        in_force=bool(row["in_force"]),
    )
