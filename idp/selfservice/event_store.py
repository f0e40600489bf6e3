"""Reads the audit record for the person whom its lines are about; the record itself stays as it is."""

from sqlalchemy import ColumnElement, Integer, Text, and_, bindparam, literal, or_, select

from idp.audit.model import Event
from idp.audit.store import audit_events
from idp.infrastructure.database import Row, Statement, Transaction
from idp.selfservice.event_texts import FOR_PRINCIPAL, HIDDEN

_account = bindparam("the_account", type_=Text)
_most = bindparam("most", type_=Integer)
_c = audit_events.c


def _named(events: frozenset[Event]) -> list[ColumnElement[str]]:
    return [literal(event.value, Text) for event in sorted(events)]


_mine = or_(_c.account_id == _account, and_(_c.principal == _account, _c.event.in_(_named(FOR_PRINCIPAL))))
_shown = and_(_mine, _c.event.not_in(_named(HIDDEN)))
_latest_first = (_c.at.desc(), _c.id.desc())
_last = audit_events.alias("last")
_last_at = (
    select(_last.c.at)
    .where(
        _last.c.id == bindparam("before", type_=Text),
        or_(_last.c.account_id == _account, _last.c.principal == _account),
    )
    .scalar_subquery()
)
LATEST = Statement(select(audit_events).where(_shown).order_by(*_latest_first).limit(_most))
BEFORE = Statement(
    select(audit_events)
    .where(
        _shown,
        or_(_c.at < _last_at, and_(_c.at == _last_at, _c.id < bindparam("before", type_=Text))),
    )
    .order_by(*_latest_first)
    .limit(_most)
)
ALL = Statement(select(audit_events).where(_c.account_id == _account).order_by(*_latest_first).limit(_most))


class EventStore:
    """One statement per method."""

    def page(self, account_id: str, before: str | None, most: int) -> Transaction[list[Row]]:
        """What a person is shown, latest first; from after a line on that was the last of another page."""
        if before is None:
            return list((yield LATEST(the_account=account_id, most=most)))
        return list((yield BEFORE(the_account=account_id, before=before, most=most)))

    def all(self, account_id: str, most: int) -> Transaction[list[Row]]:
        """Every line about a person, latest first."""
        return list((yield ALL(the_account=account_id, most=most)))
