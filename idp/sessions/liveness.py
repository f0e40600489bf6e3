"""Whether a mandate may be acted upon now, as a condition inside the statements that judge sessions and grants."""

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Table,
    Text,
    and_,
    bindparam,
    exists,
    literal_column,
    or_,
    select,
)

from idp.accounts.store import accounts
from idp.infrastructure.database.schema import Instant
from idp.organizations.model import Relation
from idp.organizations.roles import RoleName
from idp.organizations.roles_store import decides
from idp.organizations.store import legal_persons, mandates

_ACTIVE = literal_column("'active'", Text)  # a state of accounts, legal persons and mandates alike
_COUNTER = literal_column(f"'{Relation.COUNTER.value}'", Text)
_now = bindparam("now", type_=Instant())
_mandate = mandates.alias("mandate")
_parent = mandates.alias("parent")
_person = accounts.alias("principal_account")
_organization = legal_persons.alias("principal_legal_person")
_joined = (
    _mandate.outerjoin(_parent, _parent.c.id == _mandate.c.parent_mandate_id)
    .outerjoin(_organization, _organization.c.id == _mandate.c.principal_legal_person_id)
    .outerjoin(_person, _person.c.id == _mandate.c.principal_account_id)
)


def _in_force(mandate: FromClause) -> ColumnElement[bool]:
    return and_(
        mandate.c.state == _ACTIVE,
        mandate.c.valid_from <= _now,
        or_(mandate.c.valid_until.is_(None), mandate.c.valid_until > _now),
    )


def mandate_in_force(mandate_id: ColumnElement[str], *of: Table, **columns: object) -> ColumnElement[bool]:
    """True where a mandate is in force now, with the one that it was passed on from, and its principal is active.

    One that staff have for somebody who is present is in force while they are in office.

    `columns` are further values that the mandate must have. Needs the parameter `now`.
    """
    found = select(_mandate.c.id).select_from(_joined)
    found = found.where(
        _mandate.c.id == mandate_id,
        _in_force(_mandate),
        or_(_mandate.c.parent_mandate_id.is_(None), _in_force(_parent)),
        or_(_mandate.c.principal_legal_person_id.is_(None), _organization.c.state == _ACTIVE),
        or_(_mandate.c.principal_account_id.is_(None), _person.c.state == _ACTIVE),
        or_(_mandate.c.relation != _COUNTER, decides(_mandate.c.agent_account_id, RoleName.COUNTER)),
        *(_mandate.c[name] == value for name, value in columns.items()),
    )
    return exists(found.correlate(*of)) if of else exists(found)


def mandate_lives(of: Table) -> ColumnElement[bool]:
    """True for a row of sessions or grants that needs no mandate, or whose mandate is in force now.

    Judged at each use instead of copied: whoever revokes is obeyed before anybody has found what must end.
    """
    return or_(of.c.mandate_id.is_(None), mandate_in_force(of.c.mandate_id, of))
