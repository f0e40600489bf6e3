"""What becomes of mandates, legal persons and staff roles when an account changes its fate."""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, literal, null, or_, select, union, update
from sqlalchemy.types import Integer, Text

from idp.accounts.belongings import Belongings, Obstacle
from idp.accounts.control import ProvenControl
from idp.audit.model import Event, Line
from idp.audit.store import AuditStore
from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.sources import Sources
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

Ended = Callable[[str, str], Transaction[None]]
"""`Sessions.end_acting`: end what lives on a mandate."""


class MandateBelongings(Belongings):
    """The part of the organizations room."""

    def __init__(self, sources: Sources, ended: Ended) -> None:
        self._sources = sources
        self._audit = AuditStore(sources)
        self._ended = ended

    def obstacles(self, account_id: str) -> Transaction[list[Obstacle]]:
        """See `Belongings.obstacles`."""
        found = []
        for statement, obstacle in (
            (REPRESENTS, Obstacle.REPRESENTATIVE),
            (GUARDS, Obstacle.GUARDIAN),
            (IS_STAFF, Obstacle.STAFF),
        ):
            if (yield statement(the_account=account_id)):
                found.append(obstacle)
        return found

    def close_to(self, account_id: str) -> Transaction[list[str]]:
        """See `Belongings.close_to`."""
        rows = yield CLOSE_TO(the_account=account_id)
        return sorted({row["id"] for row in rows} - {None, account_id})

    def agents_of_firms(self, account_id: str) -> Transaction[list[str]]:
        """See `Belongings.agents_of_firms`."""
        rows = yield AGENTS_OF_FIRMS(the_account=account_id)
        return sorted({row["id"] for row in rows} - {None, account_id})

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """Mandates of and for the person end, those of firms that were represented rest, roles are withdrawn."""
        now = self._sources.now()
        rows = yield END(the_account=account_id, reason=reason, now=now)
        yield from self._tell(Event.MANDATE_REVOKED, account_id, rows, reason)
        yield from self._end_below(account_id, rows, reason, now)
        rows = yield SUSPEND_REPRESENTED(the_account=account_id, reason=reason)
        yield from self._tell(Event.MANDATE_SUSPENDED, account_id, rows, reason)
        yield UNREPRESENT(the_account=account_id)  # whoever comes next is not held against who is gone
        for row in (yield DROP_ROLES(the_account=account_id)):
            detail = {"role": row["role"], "division": row["division"], "reason": reason}
            yield self._audit.record(Line(Event.ROLE_WITHDRAWN, account_id, detail=detail))

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """What was granted lately rests until the person has looked at it; invitations are taken back."""
        now = self._sources.now()
        rows = yield SUSPEND_LATE(the_account=account_id, since=since, reason="secured")
        yield from self._tell(Event.MANDATE_SUSPENDED, account_id, rows, "secured")
        invited = yield WITHDRAW_LATE(the_account=account_id, since=since, reason="secured", now=now)
        yield from self._tell(Event.MANDATE_REVOKED, account_id, invited, "secured")
        return {"mandates": len(rows) + len(invited)}

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """Who may act for the person by another's word rests; what the person sees in an own session stays."""
        return {} if shown.session_id is not None else (yield from self.secure(account_id, 0.0))

    def unidentified(self, account_id: str) -> Transaction[None]:
        """Whoever is not who was meant acts for nobody, and nobody for them by that name."""
        rows = yield SUSPEND_OF_PERSON(the_account=account_id, reason="unidentified")
        yield from self._tell(Event.MANDATE_SUSPENDED, account_id, rows, "unidentified")
        rows = yield SUSPEND_REPRESENTED(the_account=account_id, reason="unidentified")
        yield from self._tell(Event.MANDATE_SUSPENDED, account_id, rows, "unidentified")
        # Whoever accepted it would act by the name of somebody else.
        now = self._sources.now()
        rows = yield WITHDRAW_LATE(the_account=account_id, since=0.0, reason="unidentified", now=now)
        yield from self._tell(Event.MANDATE_REVOKED, account_id, rows, "unidentified")
        yield UNREPRESENT(the_account=account_id)

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """Who acts for the person just now begins anew, under the id of the account that remains."""
        moved: dict[str, Any] = {}
        for side, statement in MOVE.items():
            rows = yield statement(the_account=account_id, the_other=into)
            moved[side] = [row["id"] for row in rows]
            for row in rows:
                yield from self._ended(row["id"], "merged")
        rows = yield MOVE_REPRESENTED(the_account=account_id, the_other=into)
        moved["legal_persons"] = [row["id"] for row in rows]
        return moved

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """See `Belongings.give_back`."""
        for side, statement in RETURN.items():
            for mandate_id in moved[side]:
                yield statement(the_id=mandate_id, the_account=account_id, the_other=into)
                yield from self._ended(mandate_id, "merge undone")
        for legal_person_id in moved["legal_persons"]:
            yield RETURN_REPRESENTED(the_id=legal_person_id, the_account=account_id, the_other=into)

    def _end_below(self, account_id: str, rows: Sequence[Row], reason: str, now: float) -> Transaction[None]:
        """What was passed on from a mandate ends with it."""
        waiting = [row["id"] for row in rows]
        while waiting:
            below = yield END_BELOW(the_id=waiting.pop(), reason=reason, now=now)
            yield from self._tell(Event.MANDATE_REVOKED, account_id, below, reason)
            waiting += [row["id"] for row in below]

    def _tell(self, event: Event, account_id: str, rows: Sequence[Row], reason: str) -> Transaction[None]:
        for row in rows:
            yield from self._ended(row["id"], reason)
            detail = {"mandate": row["id"], "reason": reason}
            yield self._audit.record(Line(event, account_id, detail=detail))
