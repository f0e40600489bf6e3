"""Who may decide about a mandate, and whether it is in force: conditions within the statements that change it."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)

from idp.accounts.model import AccountState
from idp.accounts.store import accounts
from idp.infrastructure.database.schema import Instant
from idp.organizations.model import DAY, INVITATION_DAYS, MandateState, Rank, Relation, Role, stored
from idp.organizations.records import StoredMandate
from idp.organizations.store import legal_persons, mandates

c = mandates.c
the_id = bindparam("the_id", type_=Text)
the_actor = bindparam("the_actor", type_=Text)
now = bindparam("now", type_=Instant())

_manager = mandates.alias("manager")
_parent = mandates.alias("parent")
_parent_manager = mandates.alias("parent_manager")
_owner = accounts.alias("owner")
_organization = legal_persons.alias("organization")
_LEVEL = 1
"""The real-name level that an agent needs: somebody must know who it is."""


def text(value: str) -> ColumnElement[str]:
    """A word of ours within a statement: no parameter, or no partial index would ever fit it."""
    return literal_column(f"'{value}'", Text)


def is_state(*states: MandateState) -> ColumnElement[bool]:
    """Whether a mandate is in one of these states."""
    words = [text(state.value) for state in states]
    return c.state == words[0] if len(words) == 1 else c.state.in_(words)


def in_force(mandate: FromClause) -> ColumnElement[bool]:
    """Whether it is active and within its dates."""
    return and_(
        mandate.c.state == text(MandateState.ACTIVE.value),
        mandate.c.valid_from <= now,
        or_(mandate.c.valid_until.is_(None), mandate.c.valid_until > now),
    )


def _manages(
    manager: Any, organization: ColumnElement[str], actor: ColumnElement[str], *, every: bool
) -> ColumnElement[bool]:
    """Whether somebody represents an organisation or (unless `every`) is one of its administrators, now."""
    how = manager.c.relation == text(Relation.LEGAL_REPRESENTATIVE.value)
    if not every:
        administers = and_(
            manager.c.relation == text(Relation.AGENT.value),
            manager.c.role == text(Role.ADMINISTRATOR.value),
            manager.c.parent_mandate_id.is_(None),
        )
        how = or_(how, administers)
    return and_(
        manager.c.agent_account_id == actor,
        manager.c.principal_legal_person_id == organization,
        in_force(manager),
        how,
    )


def manages_organization(
    organization: ColumnElement[str], actor: ColumnElement[str] = the_actor, *, every: bool = False
) -> ColumnElement[bool]:
    """See `_manages`, for a statement about mandates."""
    return exists(
        select(_manager.c.id).where(_manages(_manager, organization, actor, every=every)).correlate(mandates)
    )


def _manages_parent(actor: ColumnElement[str]) -> ColumnElement[bool]:
    """Of a mandate that was passed on: whoever manages the organisation that passed it on."""
    return exists(
        select(_parent.c.id)
        .select_from(
            _parent.join(
                _parent_manager,
                _parent_manager.c.principal_legal_person_id == _parent.c.agent_legal_person_id,
            )
        )
        .where(
            _parent.c.id == c.parent_mandate_id,
            _manages(_parent_manager, _parent.c.agent_legal_person_id, actor, every=False),
        )
        .correlate(mandates)
    )


def granted(actor: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether somebody may grant a mandate, and therefore decide about it: nobody about their own.

    The representative about every agent, an administrator about agents that are none themselves, an organisation
    that is an agent about those to whom it passed that on, a person about the own helpers.
    """
    of_organization = or_(
        manages_organization(c.principal_legal_person_id, actor, every=True),
        and_(c.role == text(Role.AGENT.value), manages_organization(c.principal_legal_person_id, actor)),
        _manages_parent(actor),
    )
    personal = c.relation.in_([text(Relation.FAMILY_HELPER.value), text(Relation.COUNTER.value)])
    return and_(
        c.agent_account_id.is_distinct_from(actor),
        or_(
            and_(c.relation == text(Relation.AGENT.value), of_organization),
            and_(personal, c.principal_account_id == actor),
        ),
    )


def unchanged(name: str, *more: Any) -> ColumnElement[bool]:
    """Whether a mandate that was read before (the parameters `NAME_id`, `NAME_systems`, …) is in force as it was.

    Whether one scope lies in another is judged in Python, from exactly these texts. True where `NAME_id` is None.
    """
    one = mandates.alias(f"unchanged_{name}")
    the_one = bindparam(f"{name}_id", type_=Text)
    found = select(one.c.id).where(
        one.c.id == the_one,
        one.c.role == bindparam(f"{name}_role", type_=Text),
        one.c.systems == bindparam(f"{name}_systems", type_=Text),
        one.c["items"] == bindparam(f"{name}_items", type_=Text),
        one.c.valid_until.is_not_distinct_from(bindparam(f"{name}_until", type_=Instant())),
        in_force(one),
        *(one.c.agent_account_id == actor for actor in more),
    )
    return or_(the_one.is_(None), exists(found.correlate(mandates)))


def the_same(name: str, one: StoredMandate | None) -> dict[str, object]:
    """The parameters of `unchanged`."""
    return {
        f"{name}_id": one.id if one else None,
        f"{name}_role": one.role.value if one else None,
        f"{name}_systems": stored(one.systems) if one else None,
        f"{name}_items": stored(one.items) if one else None,
        f"{name}_until": one.valid_until if one else None,
    }


_rank = bindparam("the_rank", type_=Integer)


def authorized(actor: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether somebody may decide about a mandate: see `granted`; holding what was judged, and not from below.

    See `idp.organizations.authority`, which judges and gives the parameters.
    """
    covered = and_(
        c.systems == bindparam("judged_systems", type_=Text),
        c["items"] == bindparam("judged_items", type_=Text),
        c.valid_until.is_not_distinct_from(bindparam("judged_until", type_=Instant())),
    )
    highest = literal_column(str(int(Rank.PRINCIPAL)), Integer)
    above = and_(
        c.state == text(MandateState.SUSPENDED.value),
        _rank < func.coalesce(c.suspended_by_rank, highest),
    )
    return and_(
        granted(actor),
        covered,
        not_(above),
        or_(bindparam("own_id", type_=Text).is_not(None), c.principal_account_id == actor),
        unchanged("own", actor),
        unchanged("resting_on"),
    )


principal_lives = and_(
    or_(
        c.principal_legal_person_id.is_(None),
        exists(
            select(_organization.c.id)
            .where(
                _organization.c.id == c.principal_legal_person_id,
                _organization.c.state == text(AccountState.ACTIVE.value),
            )
            .correlate(mandates)
        ),
    ),
    or_(
        c.principal_account_id.is_(None),
        exists(
            select(_owner.c.id)
            .where(_owner.c.id == c.principal_account_id, _owner.c.state == text(AccountState.ACTIVE.value))
            .correlate(mandates)
        ),
    ),
)
parent_in_force = or_(
    c.parent_mandate_id.is_(None),
    exists(
        select(_parent.c.id).where(_parent.c.id == c.parent_mandate_id, in_force(_parent)).correlate(mandates)
    ),
)
is_fresh = and_(
    c.created_at > now - literal_column(str(INVITATION_DAYS * DAY), Instant()),
    or_(c.valid_until.is_(None), c.valid_until > now),
)


def is_invitee(account: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether an invitation is meant for an account: its proved phone, its name, known for certain."""
    invitee = accounts.alias("invitee")
    return exists(
        select(invitee.c.id)
        .where(
            invitee.c.id == account,
            invitee.c.state == text(AccountState.ACTIVE.value),
            invitee.c.phone_verified_at.is_not(None),
            invitee.c.phone_index == c.invitee_phone_index,
            invitee.c.name == c.invitee_name,
        )
        .correlate(mandates)
    )


def is_known(account: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether the person of an account has proved who they are."""
    known = accounts.alias("known")
    return exists(
        select(known.c.id).where(known.c.id == account, known.c.real_name_level >= _LEVEL).correlate(mandates)
    )
