"""Changes of many mandates at once: what follows of a new representative, a dissolution, a parent's end, a date."""

from sqlalchemy import ColumnElement, and_, bindparam, case, literal_column, null, or_, select, union, update
from sqlalchemy.types import Integer, Text

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant
from idp.organizations.mandate_conditions import c, is_state, now, text, the_actor, the_id
from idp.organizations.model import DAY, INVITATION_DAYS, OPEN, MandateState, Rank, Relation
from idp.organizations.records import StoredMandate
from idp.organizations.store import mandate_of, mandates

MOST = 200
"""As many as are ended at once."""

_reason = bindparam("reason", type_=Text)
_organization = bindparam("the_organization", type_=Text)
_above = mandates.alias("above")
_open = is_state(*OPEN)
_ended = {"ended_at": now, "end_reason": _reason, "invitee_phone": null(), "invitee_phone_index": null()}
# An invitation that is accepted at this very moment is suspended with the others: whichever comes first, the other
# sees its row. Two statements would let it slip between them.
_given, _passed_on = mandates.alias("given"), mandates.alias("passed_on")
_granted_for = select(_given.c.id).where(_given.c.principal_legal_person_id == _organization)
_granted_through = (
    select(_passed_on.c.id)
    .join(_above, _above.c.id == _passed_on.c.parent_mandate_id)
    .where(_above.c.agent_legal_person_id == _organization)
)
_held = mandates.alias("held")
_granted_to = select(_held.c.id).where(_held.c.agent_legal_person_id == _organization)
_is_representative = c.relation == text(Relation.LEGAL_REPRESENTATIVE.value)
_closes = or_(is_state(MandateState.INVITED), _is_representative)
TURN_ALL = Statement(
    update(mandates)
    .where(
        c.id.in_(union(_granted_for, _granted_through)),
        or_(
            is_state(MandateState.INVITED, MandateState.ACTIVE),
            and_(_is_representative, is_state(MandateState.SUSPENDED)),
        ),
    )
    .values(
        state=case((_closes, text(MandateState.REVOKED.value)), else_=text(MandateState.SUSPENDED.value)),
        ended_at=case((_closes, now), else_=null()),
        end_reason=_reason,
        # Whom the organisation had empowered waits for its new representative, elsewhere too.
        suspended_by_rank=case(
            (c.principal_legal_person_id == _organization, literal_column(str(int(Rank.PRINCIPAL)), Integer)),
            else_=literal_column(str(int(Rank.REPRESENTATIVE_OF_AGENT)), Integer),
        ),
        invitee_phone=null(),
        invitee_phone_index=null(),
    )
    .returning(mandates),
    lock_key="the_organization",
)
END_ALL = Statement(
    update(mandates)
    .where(c.id.in_(union(_granted_for, _granted_through, _granted_to)), _open)
    .values(state=text(MandateState.REVOKED.value), **_ended)
    .returning(mandates),
    lock_key="the_organization",
)
END_BELOW = Statement(
    update(mandates)
    .where(c.parent_mandate_id == the_id, _open)
    .values(state=bindparam("the_state", type_=Text), **_ended)
    .returning(mandates),
    lock_key="the_id",
)
# Those whom somebody invited that may not grant any more.
WITHDRAW = Statement(
    update(mandates)
    .where(
        c.granted_by == the_actor,
        c.principal_legal_person_id == _organization,
        is_state(MandateState.INVITED),
    )
    .values(state=text(MandateState.REVOKED.value), **_ended)
    .returning(mandates),
    lock_key="the_actor",
)


def _expire(*due: ColumnElement[bool], oldest: ColumnElement[float]) -> Statement:
    """End some of those that are past their date, the longest first, as an index has them."""
    found = select(c.id).where(*due).order_by(oldest).limit(literal_column(str(MOST), Integer))
    return Statement(
        update(mandates)
        .where(c.id.in_(found.scalar_subquery()), _open)
        .values(state=text(MandateState.EXPIRED.value), **_ended)
        .returning(mandates)
    )


EXPIRE = _expire(c.ended_at.is_(None), _open, c.valid_until <= now, oldest=c.valid_until)
EXPIRE_INVITATIONS = _expire(
    is_state(MandateState.INVITED),
    c.created_at <= now - literal_column(str(INVITATION_DAYS * DAY), Instant()),
    oldest=c.created_at,
)
# What rests of a representative whom the register has confirmed again, or what counts anyway.
RESTORE = Statement(
    update(mandates)
    .where(
        c.principal_legal_person_id == _organization,
        c.agent_account_id == the_actor,
        _is_representative,
        is_state(MandateState.ACTIVE, MandateState.SUSPENDED),
    )
    .values(state=text(MandateState.ACTIVE.value), end_reason=null(), suspended_by_rank=null())
    .returning(mandates),
    lock_key="the_organization",
)
REPLACE_LICENCE = Statement(
    update(mandates)
    .where(
        c.principal_legal_person_id == _organization,
        c.agent_account_id == the_actor,
        c.granted_by == text("licence_qr"),
        _open,
    )
    .values(state=text(MandateState.REVOKED.value), **_ended)
    .returning(mandates),
    lock_key="the_organization",
)


class MandateSweeps:
    """One statement per method; each returns the mandates that it changed."""

    def turn_all(self, organization_id: str, reason: str, at: float) -> Transaction[list[StoredMandate]]:
        """Suspend what lives on an organisation, end its representatives and invitations."""
        call = TURN_ALL(the_organization=organization_id, reason=reason, now=at)
        return [mandate_of(row) for row in (yield call)]

    def end_all(self, organization_id: str, reason: str, at: float) -> Transaction[list[StoredMandate]]:
        """End what an organisation granted and what it was granted."""
        call = END_ALL(the_organization=organization_id, reason=reason, now=at)
        return [mandate_of(row) for row in (yield call)]

    def end_below(
        self, mandate_id: str, state: MandateState, reason: str, at: float
    ) -> Transaction[list[StoredMandate]]:
        """End what was passed on from a mandate."""
        call = END_BELOW(the_id=mandate_id, the_state=state.value, reason=reason, now=at)
        return [mandate_of(row) for row in (yield call)]

    def withdraw(
        self, account_id: str, organization_id: str, reason: str, at: float
    ) -> Transaction[list[StoredMandate]]:
        """Take back the invitations that somebody made for an organisation."""
        call = WITHDRAW(the_actor=account_id, the_organization=organization_id, reason=reason, now=at)
        return [mandate_of(row) for row in (yield call)]

    def restore(self, organization_id: str, account_id: str, at: float) -> Transaction[StoredMandate | None]:
        """Let a representative's own mandate count again."""
        call = RESTORE(the_organization=organization_id, the_actor=account_id, now=at)
        return first_as(mandate_of, (yield call))

    def replace_licence(
        self, organization_id: str, account_id: str, at: float
    ) -> Transaction[list[StoredMandate]]:
        """End what somebody had by the same organisation's licence before."""
        call = REPLACE_LICENCE(
            the_organization=organization_id, the_actor=account_id, reason="replaced", now=at
        )
        return [mandate_of(row) for row in (yield call)]

    def expire(self, at: float) -> Transaction[list[StoredMandate]]:
        """End some of what is past its date; each mandate for one of those who do so at once."""
        expired = [mandate_of(row) for row in (yield EXPIRE(now=at, reason="expired"))]
        invitations = yield EXPIRE_INVITATIONS(now=at, reason="expired")
        return expired + [mandate_of(row) for row in invitations]
