"""Changes of mandates, legal persons and staff roles that follow of what becomes of an account."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, literal, null, or_, select, union, update
from sqlalchemy.types import Integer, Text

from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.organizations.model import Rank
from idp.organizations.roles_store import staff_roles
from idp.organizations.store import legal_persons, mandates

ACTIVE, SUSPENDED, REVOKED, INVITED, DISSOLVED = "active", "suspended", "revoked", "invited", "dissolved"
GUARDIAN, COUNTER = "guardian", "counter"
_OPEN = tuple(literal(state, Text) for state in (INVITED, ACTIVE, SUSPENDED))

_account = bindparam("the_account", type_=Text)
_into = bindparam("the_other", type_=Text)
_id = bindparam("the_id", type_=Text)
_now = bindparam("now", type_=Instant())
_is_open = mandates.c.state.in_(_OPEN)
_represented = select(legal_persons.c.id).where(legal_persons.c.representative_account_id == _account)

REPRESENTS = Statement(
    select(legal_persons.c.id)
    .where(
        legal_persons.c.representative_account_id == _account,
        legal_persons.c.state != literal(DISSOLVED, Text),
    )
    .limit(literal(1, Integer))
)
GUARDS = Statement(
    select(mandates.c.id)
    .where(mandates.c.agent_account_id == _account, mandates.c.relation == literal(GUARDIAN, Text), _is_open)
    .limit(literal(1, Integer))
)
IS_STAFF = Statement(
    select(staff_roles.c.role).where(staff_roles.c.account_id == _account).limit(literal(1, Integer))
)
_lasts = mandates.c.state.in_([literal(ACTIVE, Text), literal(SUSPENDED, Text)])
_not_counter = mandates.c.relation != literal(COUNTER, Text)  # a clerk is nobody's next of kin
_close = union(
    select(mandates.c.agent_account_id.label("id")).where(
        mandates.c.principal_account_id == _account, _lasts, _not_counter
    ),
    select(mandates.c.principal_account_id).where(
        mandates.c.agent_account_id == _account, _lasts, _not_counter
    ),
    select(legal_persons.c.representative_account_id)
    .join(mandates, mandates.c.principal_legal_person_id == legal_persons.c.id)
    .where(mandates.c.agent_account_id == _account, _lasts),
).subquery()
CLOSE_TO = Statement(select(_close.c.id))
_commissioned = legal_persons.alias("commissioned")
_of_firms = union(
    select(mandates.c.agent_account_id.label("id")).where(
        mandates.c.principal_legal_person_id.in_(_represented), _lasts
    ),
    select(_commissioned.c.representative_account_id)
    .join(mandates, mandates.c.agent_legal_person_id == _commissioned.c.id)
    .where(mandates.c.principal_legal_person_id.in_(_represented), _lasts),
).subquery()
AGENTS_OF_FIRMS = Statement(select(_of_firms.c.id))
_end = {
    "ended_at": _now,
    "end_reason": bindparam("reason", type_=Text),
    "invitee_phone": null(),
    "invitee_phone_index": null(),
}


def _rest(above: Rank) -> dict[str, ColumnElement[Any]]:
    """Let mandates rest until somebody of this rank has looked at them."""
    return {
        "state": literal(SUSPENDED, Text),
        "end_reason": bindparam("reason", type_=Text),
        "suspended_by_rank": literal(int(above), Integer),
    }


END = Statement(
    update(mandates)
    .where(
        or_(mandates.c.agent_account_id == _account, mandates.c.principal_account_id == _account), _is_open
    )
    .values(state=literal(REVOKED, Text), **_end)
    .returning(mandates.c.id),
    lock_key="the_account",
)
END_BELOW = Statement(
    update(mandates)
    .where(mandates.c.parent_mandate_id == _id, _is_open)
    .values(state=literal(REVOKED, Text), **_end)
    .returning(mandates.c.id),
    lock_key="the_id",
)
SUSPEND_REPRESENTED = Statement(
    update(mandates)
    .where(mandates.c.principal_legal_person_id.in_(_represented), mandates.c.state == literal(ACTIVE, Text))
    .values(**_rest(Rank.PRINCIPAL))
    .returning(mandates.c.id),
    lock_key="the_account",
)
SUSPEND_OF_PERSON = Statement(
    update(mandates)
    .where(
        or_(mandates.c.agent_account_id == _account, mandates.c.principal_account_id == _account),
        mandates.c.state == literal(ACTIVE, Text),
    )
    .values(**_rest(Rank.PRINCIPAL))
    .returning(mandates.c.id),
    lock_key="the_account",
)
UNREPRESENT = Statement(
    update(legal_persons)
    .where(legal_persons.c.representative_account_id == _account)
    .values(representative_account_id=null()),
    lock_key="the_account",
)
_granted_lately = and_(
    or_(mandates.c.granted_by == _account, mandates.c.principal_account_id == _account),
    mandates.c.created_at > bindparam("since", type_=Instant()),
)
SUSPEND_LATE = Statement(
    update(mandates)
    .where(_granted_lately, mandates.c.state == literal(ACTIVE, Text))
    .values(**_rest(Rank.ANYBODY))
    .returning(mandates.c.id),
    lock_key="the_account",
)
WITHDRAW_LATE = Statement(
    update(mandates)
    .where(_granted_lately, mandates.c.state == literal(INVITED, Text))
    .values(state=literal(REVOKED, Text), **_end)
    .returning(mandates.c.id),
    lock_key="the_account",
)
DROP_ROLES = Statement(
    delete(staff_roles)
    .where(staff_roles.c.account_id == _account)
    .returning(staff_roles.c.role, staff_roles.c.division),
    lock_key="the_account",
)


def _move(side: str, other: str) -> Statement:
    """Nobody becomes an agent for themselves: what stood between the two accounts stays where it is."""
    mine, theirs = mandates.c[side], mandates.c[other]
    return Statement(
        update(mandates)
        .where(mine == _account, or_(theirs.is_(None), theirs != _into), _is_open)
        .values({side: _into})
        .returning(mandates.c.id),
        lock_key="the_account",
    )


def _return(side: str) -> Statement:
    return Statement(
        update(mandates).where(mandates.c.id == _id, mandates.c[side] == _into).values({side: _account}),
        lock_key="the_id",
    )


AGENT, PRINCIPAL = "agent_account_id", "principal_account_id"
MOVE = {AGENT: _move(AGENT, PRINCIPAL), PRINCIPAL: _move(PRINCIPAL, AGENT)}
RETURN = {AGENT: _return(AGENT), PRINCIPAL: _return(PRINCIPAL)}
MOVE_REPRESENTED = Statement(
    update(legal_persons)
    .where(legal_persons.c.representative_account_id == _account)
    .values(representative_account_id=_into)
    .returning(legal_persons.c.id),
    lock_key="the_account",
)
RETURN_REPRESENTED = Statement(
    update(legal_persons)
    .where(legal_persons.c.id == _id, legal_persons.c.representative_account_id == _into)
    .values(representative_account_id=_account),
    lock_key="the_id",
)


class MandateLifecycleHookStore:
    """One statement per method; what changes mandates tells which, by their ids."""

    def represents(self, account_id: str) -> Transaction[bool]:
        """Whether somebody represents a legal person."""
        return bool((yield REPRESENTS(the_account=account_id)))

    def guards(self, account_id: str) -> Transaction[bool]:
        """Whether somebody is a guardian."""
        return bool((yield GUARDS(the_account=account_id)))

    def is_staff(self, account_id: str) -> Transaction[bool]:
        """Whether somebody has a role of staff."""
        return bool((yield IS_STAFF(the_account=account_id)))

    def close_to(self, account_id: str) -> Transaction[list[str]]:
        """The accounts that act for a person, or for which the person acts."""
        return _others(account_id, (yield CLOSE_TO(the_account=account_id)))

    def agents_of_firms(self, account_id: str) -> Transaction[list[str]]:
        """The accounts that act for the legal persons that somebody represents."""
        return _others(account_id, (yield AGENTS_OF_FIRMS(the_account=account_id)))

    def end(self, account_id: str, reason: str, now: float) -> Transaction[list[str]]:
        """End the mandates of and for a person."""
        return _ids((yield END(the_account=account_id, reason=reason, now=now)))

    def end_below(self, mandate_id: str, reason: str, now: float) -> Transaction[list[str]]:
        """End what was passed on from a mandate."""
        return _ids((yield END_BELOW(the_id=mandate_id, reason=reason, now=now)))

    def suspend_represented(self, account_id: str, reason: str) -> Transaction[list[str]]:
        """Let the mandates rest of the legal persons that somebody represents."""
        return _ids((yield SUSPEND_REPRESENTED(the_account=account_id, reason=reason)))

    def suspend_of_person(self, account_id: str, reason: str) -> Transaction[list[str]]:
        """Let the mandates rest of and for a person."""
        return _ids((yield SUSPEND_OF_PERSON(the_account=account_id, reason=reason)))

    def unrepresent(self, account_id: str) -> Call:
        """The call that leaves the legal persons that somebody represents without representative."""
        return UNREPRESENT(the_account=account_id)

    def suspend_late(self, account_id: str, since: float, reason: str) -> Transaction[list[str]]:
        """Let rest what a person granted since an instant."""
        return _ids((yield SUSPEND_LATE(the_account=account_id, since=since, reason=reason)))

    def withdraw_late(self, account_id: str, since: float, reason: str, now: float) -> Transaction[list[str]]:
        """Take back the invitations that a person made since an instant."""
        return _ids((yield WITHDRAW_LATE(the_account=account_id, since=since, reason=reason, now=now)))

    def drop_roles(self, account_id: str) -> Transaction[list[tuple[str, str]]]:
        """Withdraw the roles of a member of staff; each, and its division."""
        return [(row["role"], row["division"]) for row in (yield DROP_ROLES(the_account=account_id))]

    def move(self, side: str, account_id: str, into: str) -> Transaction[list[str]]:
        """Give a side (AGENT or PRINCIPAL) of an account's open mandates to another account."""
        return _ids((yield MOVE[side](the_account=account_id, the_other=into)))

    def move_represented(self, account_id: str, into: str) -> Transaction[list[str]]:
        """Make another account the representative; the ids of the legal persons."""
        return _ids((yield MOVE_REPRESENTED(the_account=account_id, the_other=into)))

    def give_back(self, side: str, mandate_id: str, account_id: str, into: str) -> Call:
        """The call that returns a side of a mandate that was moved."""
        return RETURN[side](the_id=mandate_id, the_account=account_id, the_other=into)

    def give_back_represented(self, legal_person_id: str, account_id: str, into: str) -> Call:
        """The call that returns a legal person that was moved."""
        return RETURN_REPRESENTED(the_id=legal_person_id, the_account=account_id, the_other=into)


def _ids(rows: Sequence[Row]) -> list[str]:
    return [row["id"] for row in rows]


def _others(account_id: str, rows: Sequence[Row]) -> list[str]:
    return sorted({row["id"] for row in rows} - {None, account_id})
