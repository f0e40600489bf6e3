"""The table of what one member of staff began at the counter and another has to confirm."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import orjson
from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    LargeBinary,
    Text,
    and_,
    bindparam,
    case,
    delete,
    exists,
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
from idp.accounts.model import State as AccountState
from idp.accounts.store import accounts
from idp.counter.model import SUPERVISED, Claim, Concerned, Kind, NotAtCounter, State
from idp.counter.request_tables import counter_concerned, counter_requests
from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.vault import Vault
from idp.organizations.roles import Role
from idp.organizations.roles_store import decides, staff_roles

__all__ = ["CounterStore", "counter_concerned", "counter_requests"]

CONTENT = "counter_requests.content"
_id = bindparam("the_id", type_=Text)
_account = bindparam("the_account", type_=Text)
_staff = bindparam("the_staff", type_=Text)
_now = bindparam("now", type_=Instant())
_since = bindparam("since", type_=Instant())
_nothing = bindparam("nothing", type_=LargeBinary)
_pending, _waiting, _confirmed, _refused = (
    literal_column(f"'{state.value}'", Text)  # a parameter would fit no partial index
    for state in (State.PENDING, State.WAITING, State.CONFIRMED, State.REFUSED)
)
_is_open = counter_requests.c.state.in_([_pending, _waiting])
Index(
    "ix_counter_requests_open", counter_requests.c.begun_at, postgresql_where=_is_open, sqlite_where=_is_open
)


def _in_office(who: ColumnElement[str], role: Role) -> ColumnElement[bool]:
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


def _is_about(who: ColumnElement[str]) -> ColumnElement[bool]:
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


def _may_decide(first: ColumnElement[str], second: ColumnElement[str]) -> ColumnElement[bool]:
    """The one rule for acts of two: both in office, neither concerned, and where it must be one a supervisor."""
    return and_(
        not_(same_person(first, second)),
        not_(_is_about(first)),
        not_(_is_about(second)),
        _in_office(first, Role.COUNTER),
        _in_office(second, Role.COUNTER),
        or_(
            counter_requests.c.kind.not_in([literal(kind.value, Text) for kind in sorted(SUPERVISED)]),
            decides(first, Role.SUPERVISOR, _place),
            decides(second, Role.SUPERVISOR, _place),
        ),
    )


_begun_place = (
    select(staff_roles.c.division)
    .where(
        staff_roles.c.account_id == counter_requests.c.begun_by,
        staff_roles.c.role == literal_column(f"'{Role.COUNTER.value}'", Text),
    )
    .order_by(func.length(staff_roles.c.division).desc(), staff_roles.c.division)
    .limit(literal_column("1", Integer))
    .correlate_except(staff_roles)
    .scalar_subquery()
)
# What an earlier version wrote has no division of its own: that of who began it.
_place = func.coalesce(counter_requests.c.division, _begun_place)
_for_staff = decides(_staff, Role.COUNTER, _place)
PLACE = Statement(
    select(staff_roles.c.division)
    .where(
        staff_roles.c.account_id == _staff,
        staff_roles.c.role == literal_column(f"'{Role.COUNTER.value}'", Text),
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
IS_ABOUT = Statement(select(counter_requests.c.id).where(counter_requests.c.id == _id, _is_about(_staff)))
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
        _may_decide(counter_requests.c.begun_by, _staff),
        _for_staff,
    )
    .values(
        state=case(
            (counter_requests.c.kind != literal(Kind.RECOVER.value, Text), _confirmed),
            (decides(_staff, Role.SUPERVISOR, _place), _confirmed),
            else_=_waiting,
        ),
        open_key=case(
            (counter_requests.c.kind != literal(Kind.RECOVER.value, Text), null()),
            (decides(_staff, Role.SUPERVISOR, _place), null()),
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
        or_(counter_requests.c.begun_by == _staff, not_(_is_about(_staff))),
        _for_staff,
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
        _may_decide(counter_requests.c.begun_by, counter_requests.c.decided_by),
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
        or_(_staff.is_(None), _for_staff),
    )
    .order_by(counter_requests.c.begun_at)
)
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


class CounterStore:
    """One statement per method."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(
        self, row: Mapping[str, object], claim: Claim, since: float, concerned: Sequence[Concerned] = ()
    ) -> Transaction[None]:
        """Note a request and whom it is about. Raises NotAtCounter where that is whoever begins it, or one is open."""
        about = claim.guardian_id or claim.subject  # a child has two guardians, a person several accounts
        key = ":".join(filter(None, (str(row["kind"]), str(row["account_id"]), about)))
        yield FREE(the_key=key, since=since)
        if not (yield self._added({**row, "open_key": key}, claim)):
            raise NotAtCounter("already-open")
        for number, each in enumerate(concerned):
            yield ADD_CONCERNED(request_id=row["id"], number=number, **asdict(each))
        if (yield from self.is_about(str(row["id"]), str(row["begun_by"]))):
            raise NotAtCounter("own-account")

    def is_about(self, request_id: str, staff_id: str) -> Transaction[bool]:
        """Whether a request is about a member of staff, by any of its sides."""
        return bool((yield IS_ABOUT(the_id=request_id, the_staff=staff_id)))

    def is_same(self, account_id: str, staff_id: str) -> Transaction[bool]:
        """Whether two accounts are of one person as far as the record tells."""
        return bool((yield IS_SAME(the_account=account_id, the_staff=staff_id)))

    def _added(self, row: Mapping[str, object], claim: Claim) -> Call:
        content = self._vault.encrypt_bytes(CONTENT, orjson.dumps(claim.to_json()))
        return ADD(**row, content=content, state=State.PENDING.value, decided_by=None, decided_at=None)

    def claim(self, row: Row) -> Claim:
        """What was claimed."""
        return Claim.from_json(orjson.loads(self._vault.decrypt_bytes(CONTENT, row["content"])))

    def confirm(self, request_id: str, staff_id: str, since: float, now: float) -> Transaction[Row | None]:
        """Confirm a request that another began; its row for the one who did."""
        return first((yield CONFIRM(the_id=request_id, the_staff=staff_id, since=since, now=now)))

    def refuse(self, request_id: str, staff_id: str, now: float) -> Transaction[Row | None]:
        """Refuse, take back or stop a request that has not taken effect."""
        row = first((yield REFUSE(the_id=request_id, the_staff=staff_id, now=now, nothing=b"")))
        if row is not None:
            yield FORGET_CONCERNED(the_id=request_id)
        return row

    def due(self, since: float) -> Transaction[list[str]]:
        """The recoveries that have waited long enough."""
        return [row["id"] for row in (yield DUE(since=since))]

    def ripe(self, request_id: str, since: float) -> Transaction[Row | None]:
        """Claim a recovery that has waited long enough, of two who are still in office; its row for whoever did."""
        return first((yield RIPE(the_id=request_id, since=since)))

    def give_up(self, request_id: str, now: float) -> Transaction[Row | None]:
        """Refuse a recovery that cannot take effect any more."""
        row = first((yield GIVE_UP(the_id=request_id, now=now, nothing=b"")))
        if row is not None:
            yield FORGET_CONCERNED(the_id=request_id)
        return row

    def wipe(self, request_id: str) -> Transaction[None]:
        """Wipe what was claimed, and whom it was about."""
        yield WIPE(the_id=request_id, nothing=b"")
        yield FORGET_CONCERNED(the_id=request_id)

    def withdraw(self, kind: Kind, account_id: str, now: float) -> Transaction[list[str]]:
        """Refuse everything of a kind about a person that has not taken effect; the ids."""
        asked = WITHDRAW(the_account=account_id, the_kind=kind.value, now=now, nothing=b"")
        ids = [row["id"] for row in (yield asked)]
        for request_id in ids:
            yield FORGET_CONCERNED(the_id=request_id)
        return ids

    def lapse(self, since: float, now: float) -> Transaction[list[Row]]:
        """Refuse what was begun before an instant and confirmed by nobody."""
        rows = list((yield LAPSE(since=since, now=now, nothing=b"")))
        for row in rows:
            yield FORGET_CONCERNED(the_id=row["id"])
        return rows

    def place(self, staff_id: str) -> Transaction[str | None]:
        """The division in which a member of staff works; of several, the first of the narrowest."""
        row = first((yield PLACE(the_staff=staff_id)))
        return None if row is None else str(row["division"])

    def open(self, since: float, staff_id: str | None) -> Transaction[list[Row]]:
        """What waits for a decision or for its time, oldest first: of one's divisions, or (None) of all."""
        return list((yield OPEN(since=since, the_staff=staff_id)))

    def is_waiting(self, account_id: str, since: float) -> Transaction[bool]:
        """Whether something about a person is not decided yet."""
        return bool((yield OF_ACCOUNT(the_account=account_id, since=since)))

    def forget(self, account_id: str) -> Transaction[None]:
        """End and wipe everything about a person."""
        yield FORGET_ALL_CONCERNED(the_account=account_id)
        yield FORGET(the_account=account_id, nothing=b"")
