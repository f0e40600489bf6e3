"""Who may decide about a request at the counter: conditions within the statements that change it."""

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.types import Integer

from idp.accounts.concern import has_certificate, same_person
from idp.accounts.model import AccountState
from idp.accounts.store import accounts
from idp.counter.model import SUPERVISED
from idp.counter.request_tables import counter_concerned, counter_requests
from idp.organizations.roles import RoleName
from idp.organizations.roles_store import decides, staff_roles

_staff = bindparam("the_staff", type_=Text)


def in_office(who: ColumnElement[str], role: RoleName) -> ColumnElement[bool]:
    """Whether somebody has a role, by an account that is not frozen or closed."""
    return exists(
        select(staff_roles.c.role)
        .join(accounts, accounts.c.id == staff_roles.c.account_id)
        .where(
            staff_roles.c.account_id == who,
            staff_roles.c.role == literal(role.value, Text),
            accounts.c.state == literal(AccountState.ACTIVE.value, Text),
        )
        .correlate(counter_requests)
    )


def is_about(who: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a request is about somebody or profits them: by account, or by certificate."""
    return or_(
        same_person(counter_requests.c.account_id, who),
        exists(
            select(counter_concerned.c.request_id)
            .where(
                counter_concerned.c.request_id == counter_requests.c.id,
                or_(
                    same_person(counter_concerned.c.account_id, who),
                    has_certificate(who, counter_concerned.c.certificate_index),
                ),
            )
            .correlate_except(counter_concerned)
        ),
    )


def may_decide(first: ColumnElement[str], second: ColumnElement[str]) -> ColumnElement[bool]:
    """The one rule for acts of two: both in office, neither concerned, and where it must be one a supervisor."""
    return and_(
        not_(same_person(first, second)),
        not_(is_about(first)),
        not_(is_about(second)),
        in_office(first, RoleName.COUNTER),
        in_office(second, RoleName.COUNTER),
        or_(
            counter_requests.c.kind.not_in([literal(kind.value, Text) for kind in sorted(SUPERVISED)]),
            decides(first, RoleName.SUPERVISOR, place),
            decides(second, RoleName.SUPERVISOR, place),
        ),
    )


_begun_place = (
    select(staff_roles.c.division)
    .where(
        staff_roles.c.account_id == counter_requests.c.begun_by,
        staff_roles.c.role == literal_column(f"'{RoleName.COUNTER.value}'", Text),
    )
    .order_by(func.length(staff_roles.c.division).desc(), staff_roles.c.division)
    .limit(literal_column("1", Integer))
    .correlate_except(staff_roles)
    .scalar_subquery()
)
# What an earlier version wrote has no division of its own: that of who began it.
place = func.coalesce(counter_requests.c.division, _begun_place)
for_staff = decides(_staff, RoleName.COUNTER, place)
