"""The tables of who came to a counter, whom the staff there looked up, and to which division an account belongs."""

from sqlalchemy import Column, ColumnElement, ForeignKey, Integer, Table, Text, bindparam, delete, or_, select
from sqlalchemy.dialects.postgresql import insert

from idp.accounts.model import Account
from idp.accounts.real_names.correction_store import OPEN as OPEN_CORRECTION
from idp.accounts.real_names.correction_store import corrections
from idp.accounts.store import account_of, accounts
from idp.federation.linking.conflict_store import OPEN as OPEN_CONFLICT
from idp.federation.linking.conflict_store import upstream_conflicts
from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.organizations.roles import RoleName
from idp.organizations.roles_store import decides, text

account_divisions = Table(
    "account_divisions",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("division", Text, nullable=False),
    Column("noted_by", Text, nullable=False),
    Column("noted_at", Instant, nullable=False),
)
counter_visits = Table(
    "counter_visits",
    metadata,
    Column("staff_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True, index=True),
    Column("reason", Text, nullable=False),
    Column("found_at", Instant, nullable=False, index=True),
)

_staff = bindparam("the_staff", type_=Text)
_account = bindparam("the_account", type_=Text)
_since = bindparam("since", type_=Instant())


def _division_of(account: ColumnElement[str]) -> ColumnElement[str]:
    return (
        select(account_divisions.c.division)
        .where(account_divisions.c.account_id == account)
        .correlate_except(account_divisions)
        .scalar_subquery()
    )


NOTE_DIVISION = Statement(insert(account_divisions).on_conflict_do_nothing(index_elements=["account_id"]))
# Whose division is another one is found by the whole certificate in hand only; whose none, by whoever they come to.
_visit = insert(counter_visits).from_select(
    ["staff_id", "account_id", "reason", "found_at"],
    select(_staff, _account, bindparam("the_reason", type_=Text), bindparam("now", type_=Instant())).where(
        decides(_staff, RoleName.COUNTER),
        or_(
            decides(_staff, RoleName.COUNTER, _division_of(_account), homeless=True),
            bindparam("in_hand", type_=Integer) == 1,
        ),
    ),
)
VISIT = Statement(
    _visit.on_conflict_do_update(
        index_elements=["staff_id", "account_id"],
        set_={"reason": _visit.excluded.reason, "found_at": _visit.excluded.found_at},
    ).returning(counter_visits.c.account_id),
    lock_key="the_account",
)
VISITED = Statement(
    select(accounts)
    .select_from(accounts.join(counter_visits, counter_visits.c.account_id == accounts.c.id))
    .where(
        accounts.c.id == _account,
        counter_visits.c.staff_id == _staff,
        counter_visits.c.found_at > _since,
        decides(_staff, RoleName.COUNTER),
    )
)
FORGET_VISITS = Statement(delete(counter_visits).where(counter_visits.c.found_at <= _since))
CORRECTIONS = Statement(
    select(corrections.c.id).where(
        corrections.c.state == text(OPEN_CORRECTION),
        decides(_staff, RoleName.COUNTER, _division_of(corrections.c.account_id)),
    )
)
CONFLICTS = Statement(
    select(upstream_conflicts.c.id).where(
        upstream_conflicts.c.state == text(OPEN_CONFLICT),
        decides(_staff, RoleName.COUNTER, _division_of(upstream_conflicts.c.account_id)),
    )
)


class VisitStore:
    """One statement per method."""

    def note_division(self, account_id: str, division: str, staff_id: str, now: float) -> Call:
        """The call that notes where an account belongs, by whose work there, if nothing is noted."""
        return NOTE_DIVISION(account_id=account_id, division=division, noted_by=staff_id, noted_at=now)

    def visit(
        self, staff_id: str, account_id: str, reason: str, now: float, *, in_hand: bool
    ) -> Transaction[bool]:
        """Note whom a member of staff serves; False where that is for another division."""
        asked = {"the_staff": staff_id, "the_account": account_id, "the_reason": reason, "now": now}
        return bool((yield VISIT(**asked, in_hand=int(in_hand))))

    def visited(self, account_id: str, staff_id: str, since: float) -> Transaction[Account | None]:
        """The account of somebody whom a member of staff serves."""
        call = VISITED(the_account=account_id, the_staff=staff_id, since=since)
        return first_as(account_of, (yield call))

    def forget(self, since: float) -> Call:
        """The call that forgets the visits before an instant."""
        return FORGET_VISITS(since=since)

    def corrections(self, staff_id: str) -> Transaction[frozenset[str]]:
        """The open corrections of the divisions of a member of staff."""
        return frozenset(row["id"] for row in (yield CORRECTIONS(the_staff=staff_id)))

    def conflicts(self, staff_id: str) -> Transaction[frozenset[str]]:
        """The same of conflicts."""
        return frozenset(row["id"] for row in (yield CONFLICTS(the_staff=staff_id)))
