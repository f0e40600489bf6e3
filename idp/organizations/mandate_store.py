"""Every change of a mandate, each one statement that asks for its state and for the right to change it."""

from sqlalchemy import and_, bindparam, case, exists, literal_column, not_, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.types import Integer, Text

from idp.accounts.concern import same_person
from idp.accounts.store import PHONE, accounts
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.vault import Vault
from idp.organizations.mandate_conditions import (
    authorized,
    c,
    in_force,
    is_fresh,
    is_invitee,
    is_known,
    is_state,
    manages_organization,
    now,
    parent_in_force,
    principal_lives,
    text,
    the_actor,
    the_id,
    the_same,
    unchanged,
)
from idp.organizations.model import ALL, OPEN, MandateState, Relation, Role, stored
from idp.organizations.records import StoredMandate
from idp.organizations.store import mandate_of, mandates

INVITEE_PHONE = "mandates.invitee_phone"
_reason = bindparam("reason", type_=Text)
_organization = bindparam("the_organization", type_=Text)
_above = mandates.alias("above")
_opener = accounts.alias("opener")
_open = is_state(*OPEN)
# Whom an invitation was meant for is nobody's business once it was answered.
_answered = {"invitee_phone": null(), "invitee_phone_index": null()}
_ended = {"ended_at": now, "end_reason": _reason, **_answered}


def _turn(condition, state: MandateState, **values) -> Statement:  # type: ignore[no-untyped-def]
    changed = update(mandates).where(c.id == the_id, condition)
    return Statement(changed.values(state=text(state.value), **values).returning(mandates), lock_key="the_id")


# What a grant rests on is asked for in the statement that makes it: a mandate of the granter, an open account.
_columns = list(mandates.columns)
_new_agent, _new_principal = (
    bindparam(f"new_{name}", type_=Text) for name in ("agent_account_id", "principal_account_id")
)
ADD = Statement(
    insert(mandates)
    .from_select(
        [column.name for column in _columns],
        select(*(bindparam(f"new_{column.name}", type_=column.type) for column in _columns)).where(
            unchanged("own"),
            unchanged("resting_on"),
            # Nobody acts for themselves, by another account of theirs neither.
            or_(
                _new_agent.is_(None),
                _new_principal.is_(None),
                not_(same_person(_new_agent, _new_principal)),
            ),
            exists(
                select(_opener.c.id).where(
                    _opener.c.id == bindparam("opener_id", type_=Text), _opener.c.state == text("active")
                )
            ),
        ),
    )
    .returning(mandates)
)
_acceptable = and_(
    is_state(MandateState.INVITED),
    is_fresh,
    authorized(c.granted_by),
    principal_lives,
    parent_in_force,
)
_accepted = {"decided_at": now, "end_reason": null(), **_answered}
ACCEPT = _turn(
    and_(
        _acceptable,
        c.agent_legal_person_id.is_(None),
        c.principal_account_id.is_distinct_from(the_actor),
        c.granted_by != the_actor,
        is_invitee(the_actor),
        is_known(the_actor),
    ),
    MandateState.ACTIVE,
    agent_account_id=the_actor,
    **_accepted,
)
ACCEPT_FOR_ORGANIZATION = _turn(
    and_(_acceptable, manages_organization(c.agent_legal_person_id, every=True)),
    MandateState.ACTIVE,
    **_accepted,
)
DECLINE = _turn(
    and_(
        is_state(MandateState.INVITED),
        or_(is_invitee(the_actor), manages_organization(c.agent_legal_person_id, every=True)),
    ),
    MandateState.DECLINED,
    decided_at=now,
    **_ended,
)
SUSPEND = _turn(
    and_(is_state(MandateState.ACTIVE), authorized(the_actor)),
    MandateState.SUSPENDED,
    end_reason=_reason,
    suspended_by_rank=bindparam("the_rank", type_=Integer),
)
RESUME = _turn(
    and_(
        is_state(MandateState.SUSPENDED),
        authorized(the_actor),
        or_(c.valid_until.is_(None), c.valid_until > now),
        # Not one that was closed: an invitation that never was accepted has no agent.
        or_(c.agent_account_id.is_not(None), c.agent_legal_person_id.is_not(None)),
    ),
    MandateState.ACTIVE,
    end_reason=null(),
    suspended_by_rank=null(),
)
REVOKE = _turn(and_(_open, authorized(the_actor)), MandateState.REVOKED, **_ended)
_another = mandates.alias("another")
# By staff, for a reason: a guardianship is granted by nobody who could take it back.
END_GUARDIANSHIP = _turn(
    and_(
        is_state(MandateState.ACTIVE, MandateState.SUSPENDED),
        c.relation == text(Relation.GUARDIAN.value),
        not_(same_person(c.principal_account_id, the_actor)),
        # Nor by any guardian of the same child: that is for somebody whom it does not concern.
        not_(
            exists(
                select(_another.c.id).where(
                    _another.c.principal_account_id == c.principal_account_id,
                    same_person(_another.c.agent_account_id, the_actor),
                    _another.c.relation == text(Relation.GUARDIAN.value),
                    _another.c.state.in_(
                        [text(MandateState.ACTIVE.value), text(MandateState.SUSPENDED.value)]
                    ),
                )
            )
        ),
    ),
    MandateState.REVOKED,
    **_ended,
)
RESIGN = _turn(
    and_(
        is_state(MandateState.ACTIVE, MandateState.SUSPENDED),
        c.relation != text(Relation.LEGAL_REPRESENTATIVE.value),
        or_(c.agent_account_id == the_actor, manages_organization(c.agent_legal_person_id, every=True)),
    ),
    MandateState.REVOKED,
    **_ended,
)
RENEW = Statement(
    update(mandates)
    .where(
        c.id == the_id,
        is_state(MandateState.ACTIVE),
        c.valid_until == bindparam("old_end", type_=Instant()),
        c.valid_until > now,
        c.relation != text(Relation.COUNTER.value),  # for as long as somebody is present, and no longer
        authorized(the_actor),
    )
    .values(valid_from=now, valid_until=bindparam("new_end", type_=Instant()))
    .returning(mandates),
    lock_key="the_id",
)
_is_representative = c.relation == text(Relation.LEGAL_REPRESENTATIVE.value)
MANAGING = Statement(
    select(mandates)
    .where(
        c.agent_account_id == the_actor,
        c.principal_legal_person_id == _organization,
        in_force(mandates),
        principal_lives,
        or_(
            _is_representative,
            and_(
                c.relation == text(Relation.AGENT.value),
                c.role == text(Role.ADMINISTRATOR.value),
                c.parent_mandate_id.is_(None),
            ),
        ),
    )
    .order_by(
        case(
            (_is_representative, literal_column("0")),
            (and_(c.systems == text(ALL), c["items"] == text(ALL)), literal_column("1")),
            else_=literal_column("2"),
        ),
        c.id,
    )
)
HELD_BY = Statement(
    select(mandates).where(c.id == the_id, c.agent_legal_person_id == _organization, in_force(mandates))
)


class MandateStore:
    """One statement per method; each returns the mandates that it changed."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def add(
        self,
        new: StoredMandate,
        opener_id: str,
        own: StoredMandate | None = None,
        resting_on: StoredMandate | None = None,
        *,
        phone: str | None = None,
    ) -> Transaction[StoredMandate | None]:
        """Add a mandate, if the account that does so is open and what it is granted by is in force as it was read.

        That is the granter's `own` mandate, and the one that a mandate which is passed on rests on. `phone` is whom an
        invitation is for: kept by the same index as that of accounts, to be compared in SQL.
        """
        held = the_same("own", own) | the_same("resting_on", resting_on)
        invitee = {
            "new_invitee_phone": None if phone is None else self._vault.encrypt(INVITEE_PHONE, phone),
            "new_invitee_phone_index": None if phone is None else self._vault.blind_index(PHONE, phone),
        }
        call = ADD(**_values(new), **invitee, **held, opener_id=opener_id, now=new.created_at)
        return first_as(mandate_of, (yield call))

    def turn(
        self, statement: Statement, mandate_id: str, actor: str, at: float, **more: object
    ) -> Transaction[StoredMandate | None]:
        """Change the state of one mandate; None where its state or the actor's rights do not allow it."""
        return first_as(mandate_of, (yield statement(the_id=mandate_id, the_actor=actor, now=at, **more)))

    def managing(self, account_id: str, organization_id: str, at: float) -> Transaction[StoredMandate | None]:
        """The mandate by which somebody manages an organisation now: the highest, if there are several."""
        return next(iter((yield from self.all_managing(account_id, organization_id, at))), None)

    def all_managing(
        self, account_id: str, organization_id: str, at: float
    ) -> Transaction[list[StoredMandate]]:
        """Every such mandate: the representative's first, then those without bounds."""
        call = MANAGING(the_actor=account_id, the_organization=organization_id, now=at)
        return [mandate_of(row) for row in (yield call)]

    def held_by(self, mandate_id: str, organization_id: str, at: float) -> Transaction[StoredMandate | None]:
        """The mandate that an organisation may pass on."""
        call = HELD_BY(the_id=mandate_id, the_organization=organization_id, now=at)
        return first_as(mandate_of, (yield call))


def _values(new: StoredMandate) -> dict[str, object]:
    return {
        "new_id": new.id,
        "new_relation": new.relation.value,
        "new_principal_legal_person_id": new.principal_legal_person_id,
        "new_principal_account_id": new.principal_account_id,
        "new_agent_legal_person_id": new.agent_legal_person_id,
        "new_agent_account_id": new.agent_account_id,
        "new_parent_mandate_id": new.parent_mandate_id,
        "new_invitee_name": new.invitee_name,
        "new_role": new.role.value,
        "new_systems": stored(new.systems),
        "new_items": stored(new.items),
        "new_valid_from": new.valid_from,
        "new_valid_until": new.valid_until,
        "new_state": new.state.value,
        "new_granted_by": new.granted_by,
        "new_evidence_reference": new.evidence_reference,
        "new_created_at": new.created_at,
        "new_decided_at": new.decided_at,
        "new_ended_at": new.ended_at,
        "new_end_reason": new.end_reason,
        "new_suspended_by_rank": new.suspended_by_rank,
    }
