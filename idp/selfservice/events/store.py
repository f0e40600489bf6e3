"""Reads the audit record for the person whom its lines are about; the record itself stays as it is."""

from sqlalchemy import ColumnElement, Integer, Text, bindparam, literal, or_, select, tuple_, union_all

from idp.audit.model import AuditRecord, EventType
from idp.audit.store import audit_events, audit_record_of, seldom
from idp.infrastructure.database import Statement, Transaction
from idp.selfservice.events.texts import FOR_PRINCIPAL, HIDDEN

_account = bindparam("the_account", type_=Text)
_most = bindparam("most", type_=Integer)
_c = audit_events.c


def _named(events: frozenset[EventType]) -> list[ColumnElement[str]]:
    return [literal(event.value, Text) for event in sorted(events)]


_latest_first = (_c.at.desc(), _c.id.desc())
_before = bindparam("before", type_=Text)
_last = audit_events.alias("last")
_last_at = (
    select(_last.c.at)
    .where(_last.c.id == _before, or_(_last.c.account_id == _account, _last.c.principal == _account))
    .scalar_subquery()
)
_further = tuple_(_c.at, _c.id) < tuple_(_last_at, _before)


def _page(*more: ColumnElement[bool]) -> Statement:
    """What is shown, latest first: what is told of the account and what was done in its name, each by its own index.

    As one condition with OR it would have every line of the account read and sorted.
    """
    own = (_c.account_id == _account, seldom, _c.event.not_in(_named(HIDDEN)))
    in_its_name = (
        _c.principal == _account,
        or_(_c.account_id.is_(None), _c.account_id != _account),
        _c.event.in_(_named(FOR_PRINCIPAL)),
    )
    parts = [
        select(select(audit_events).where(*where, *more).order_by(*_latest_first).limit(_most).subquery())
        for where in (own, in_its_name)
    ]
    both = union_all(*parts).subquery()
    return Statement(select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(_most))


LATEST = _page()
BEFORE = _page(_further)
ALL = Statement(select(audit_events).where(_c.account_id == _account).order_by(*_latest_first).limit(_most))


class EventStore:
    """One statement per method."""

    def page(self, account_id: str, before: str | None, most: int) -> Transaction[list[AuditRecord]]:
        """What a person is shown, latest first; from after a line on that was the last of another page."""
        call = LATEST(the_account=account_id, most=most)
        if before is not None:
            call = BEFORE(the_account=account_id, before=before, most=most)
        return [audit_record_of(row) for row in (yield call)]

    def all(self, account_id: str, most: int) -> Transaction[list[AuditRecord]]:
        """Every line about a person, latest first."""
        return [audit_record_of(row) for row in (yield ALL(the_account=account_id, most=most))]
