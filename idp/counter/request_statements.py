"""Every statement about requests at the counter."""

from sqlalchemy import (
    Index,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    case,
    delete,
    func,
    literal,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.concern import has_certificate, same_person
from idp.accounts.store import accounts
from idp.counter.model import RequestKind, RequestState
from idp.counter.request_conditions import for_staff, is_about, may_decide, place
from idp.counter.request_tables import counter_concerned, counter_requests
from idp.infrastructure.database import Statement
from idp.infrastructure.database.schema import Instant
from idp.organizations.roles import RoleName
from idp.organizations.roles_store import decides, staff_roles

_id = bindparam("the_id", type_=Text)
_account = bindparam("the_account", type_=Text)
_staff = bindparam("the_staff", type_=Text)
_now = bindparam("now", type_=Instant())
_since = bindparam("since", type_=Instant())
_nothing = bindparam("nothing", type_=LargeBinary)
_pending, _waiting, _confirmed, _refused = (
    literal_column(f"'{state.value}'", Text)  # a parameter would fit no partial index
    for state in (RequestState.PENDING, RequestState.WAITING, RequestState.CONFIRMED, RequestState.REFUSED)
)
_is_open = counter_requests.c.state.in_([_pending, _waiting])
Index(
    "ix_counter_requests_open", counter_requests.c.begun_at, postgresql_where=_is_open, sqlite_where=_is_open
)

PLACE = Statement(
    select(staff_roles.c.division)
    .where(
        staff_roles.c.account_id == _staff,
        staff_roles.c.role == literal_column(f"'{RoleName.COUNTER.value}'", Text),
    )
    .order_by(func.length(staff_roles.c.division).desc(), staff_roles.c.division)
    .limit(literal_column("1", Integer))
)

# One open request of a kind for an account and its other side: the database holds it, by a key that each decision
# clears.
ADD = Statement(
    insert(counter_requests)
    .on_conflict_do_nothing(index_elements=["open_key"])
    .returning(counter_requests.c.id),
    lock_key="open_key",
)
# A key whose request is open no more: nobody confirmed it on its day, or a release decided it that knows no keys.
FREE = Statement(
    update(counter_requests)
    .where(
        counter_requests.c.open_key == bindparam("the_key", type_=Text),
        counter_requests.c.state != _waiting,
        or_(counter_requests.c.state != _pending, counter_requests.c.begun_at <= _since),
    )
    .values(open_key=null()),
    lock_key="the_key",
)
ADD_CONCERNED = Statement(insert(counter_concerned))
IS_ABOUT = Statement(select(counter_requests.c.id).where(counter_requests.c.id == _id, is_about(_staff)))
IS_CONCERNED = Statement(
    select(accounts.c.id).where(
        accounts.c.id == _staff,
        or_(
            same_person(_account, _staff),
            has_certificate(_staff, bindparam("the_index", type_=LargeBinary)),
        ),
    )
)
IS_SAME = Statement(
    select(accounts.c.id).where(accounts.c.id == _account, same_person(accounts.c.id, _staff))
)
FORGET_ALL_CONCERNED = Statement(
    delete(counter_concerned).where(
        counter_concerned.c.request_id.in_(
            select(counter_requests.c.id).where(counter_requests.c.account_id == _account)
        )
    ),
    lock_key="the_account",
)
FORGET_CONCERNED = Statement(
    delete(counter_concerned).where(counter_concerned.c.request_id == _id), lock_key="the_id"
)
# Two different people, neither of them the person it is about by account or certificate, both still in office, on the
# same day.
CONFIRM = Statement(
    update(counter_requests)
    .where(
        counter_requests.c.id == _id,
        counter_requests.c.state == _pending,
        counter_requests.c.begun_at > _since,
        may_decide(counter_requests.c.begun_by, _staff),
        for_staff,
    )
    .values(
        state=case(
            (counter_requests.c.kind != literal(RequestKind.RECOVER.value, Text), _confirmed),
            (decides(_staff, RoleName.SUPERVISOR, place), _confirmed),
            else_=_waiting,
        ),
        open_key=case(
            (counter_requests.c.kind != literal(RequestKind.RECOVER.value, Text), null()),
            (decides(_staff, RoleName.SUPERVISOR, place), null()),
            else_=counter_requests.c.open_key,
        ),
        decided_by=_staff,
        decided_at=_now,
    )
    .returning(counter_requests),
    lock_key="the_id",
)
REFUSE = Statement(
    update(counter_requests)
    .where(
        counter_requests.c.id == _id,
        counter_requests.c.state.in_([_pending, _waiting]),
        or_(counter_requests.c.begun_by == _staff, not_(is_about(_staff))),
        for_staff,
    )
    .values(state=_refused, open_key=null(), decided_by=_staff, decided_at=_now, content=_nothing)
    .returning(counter_requests.c.account_id, counter_requests.c.kind),
    lock_key="the_id",
)
_ripe = (counter_requests.c.state == _waiting, counter_requests.c.decided_at <= _since)
DUE = Statement(select(counter_requests.c.id).where(_is_open, *_ripe))
# Whoever had to leave meanwhile may have had to because of it.
RIPE = Statement(
    update(counter_requests)
    .where(
        counter_requests.c.id == _id,
        *_ripe,
        may_decide(counter_requests.c.begun_by, counter_requests.c.decided_by),
    )
    .values(state=_confirmed, open_key=null())
    .returning(counter_requests),
    lock_key="the_id",
)
GIVE_UP = Statement(
    update(counter_requests)
    .where(counter_requests.c.id == _id, counter_requests.c.state == _waiting)
    .values(state=_refused, open_key=null(), decided_at=_now, content=_nothing)
    .returning(counter_requests.c.account_id, counter_requests.c.kind),
    lock_key="the_id",
)
# What was claimed to be done and is hindered: it waits on as it did before.
PUT_BACK = Statement(
    update(counter_requests)
    .where(counter_requests.c.id == _id)
    .values(
        state=bindparam("the_state", type_=Text),
        decided_by=bindparam("decider", type_=Text),
        decided_at=bindparam("the_instant", type_=Instant()),
        open_key=bindparam("the_key", type_=Text),
    ),
    lock_key="the_id",
)
WIPE = Statement(update(counter_requests).where(counter_requests.c.id == _id).values(content=_nothing))
WITHDRAW = Statement(
    update(counter_requests)
    .where(
        counter_requests.c.account_id == _account,
        counter_requests.c.kind == bindparam("the_kind", type_=Text),
        counter_requests.c.state.in_([_pending, _waiting]),
    )
    .values(state=_refused, open_key=null(), decided_at=_now, content=_nothing)
    .returning(counter_requests.c.id),
    lock_key="the_account",
)
LAPSE = Statement(
    update(counter_requests)
    .where(_is_open, counter_requests.c.state == _pending, counter_requests.c.begun_at <= _since)
    .values(state=_refused, open_key=null(), decided_at=_now, content=_nothing)
    .returning(counter_requests.c.id, counter_requests.c.account_id, counter_requests.c.kind)
)
_begun = accounts.alias("begun")
OPEN = Statement(
    select(
        counter_requests,
        accounts.c.name,
        accounts.c.username,
        accounts.c.real_name_level,
        accounts.c.certificate_type,
        accounts.c.certificate_number,
        accounts.c.phone,
        _begun.c.name.label("begun_by_name"),
    )
    .select_from(
        counter_requests.join(accounts, accounts.c.id == counter_requests.c.account_id).join(
            _begun, _begun.c.id == counter_requests.c.begun_by
        )
    )
    .where(
        _is_open,
        (counter_requests.c.state == _waiting) | (counter_requests.c.begun_at > _since),
        or_(_staff.is_(None), for_staff),
    )
    .order_by(counter_requests.c.begun_at)
)
KIND = Statement(select(counter_requests.c.kind).where(counter_requests.c.id == _id))
OF_ACCOUNT = Statement(
    select(counter_requests.c.id).where(
        counter_requests.c.account_id == _account,
        (counter_requests.c.state == _waiting)
        | ((counter_requests.c.state == _pending) & (counter_requests.c.begun_at > _since)),
    )
)
FORGET = Statement(
    update(counter_requests)
    .where(counter_requests.c.account_id == _account)
    .values(
        content=_nothing,
        open_key=null(),
        state=case(
            (counter_requests.c.state.in_([_pending, _waiting]), _refused), else_=counter_requests.c.state
        ),
    ),
    lock_key="the_account",
)
