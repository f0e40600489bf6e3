"""By what somebody decides about a mandate: how high they stand, and how much they hold themselves.

Whether one scope lies in another is judged here, from rows that were read; the statement that changes something holds
that both are still what was judged (`mandate_conditions.authorized`).
"""

from dataclasses import dataclass, field

from idp.infrastructure.database import Transaction
from idp.organizations.mandate_conditions import the_same
from idp.organizations.mandate_list_store import MandateLists
from idp.organizations.mandate_store import MandateStore
from idp.organizations.model import MandateRefused, MandateState, Rank, Relation, Role, Scope, stored
from idp.organizations.records import StoredMandate


@dataclass(frozen=True, slots=True)
class MandateAuthority:
    """What somebody may decide by: the own mandate (None for a person's own matters) and what it covers.

    `bounds` is the most that may be granted by it: less than `scope`, where a mandate rests on another.
    """

    rank: Rank
    scope: Scope
    bounds: Scope
    own: StoredMandate | None = field(default=None, repr=False)

    def parameters(self, target: StoredMandate, resting_on: StoredMandate | None = None) -> dict[str, object]:
        """What `authorized` is asked with: the rank, and exactly what was judged."""
        judged = {
            "judged_systems": stored(target.systems),
            "judged_items": stored(target.items),
            "judged_until": target.valid_until,
        }
        held = the_same("own", self.own) | the_same("resting_on", resting_on)
        return {"the_rank": int(self.rank), **judged, **held}


def rank_of(own: StoredMandate, *, of_agent: bool = False) -> Rank:
    """How high whoever manages an organisation by a mandate stands, `of_agent` towards those it is an agent for."""
    if own.relation == Relation.LEGAL_REPRESENTATIVE:
        return Rank.REPRESENTATIVE_OF_AGENT if of_agent else Rank.PRINCIPAL
    if own.systems or own.items:
        return Rank.LIMITED_ADMINISTRATOR_OF_AGENT if of_agent else Rank.LIMITED_ADMINISTRATOR
    return Rank.ADMINISTRATOR_OF_AGENT if of_agent else Rank.ADMINISTRATOR


def authorities(
    store: MandateStore, lists: MandateLists, target: StoredMandate, actor: str, at: float
) -> Transaction[list[MandateAuthority]]:
    """Everything by which somebody may decide about a mandate, the highest first; whether they may at all is SQL's."""
    found: list[MandateAuthority] = []
    if target.principal_account_id is not None and target.principal_account_id == actor:
        found.append(MandateAuthority(Rank.PRINCIPAL, Scope(), Scope()))
    parent = None
    if target.parent_mandate_id is not None:
        parent = yield from lists.one(target.parent_mandate_id)
    for organization_id, of_agent in (
        (target.principal_legal_person_id, False),
        (parent.agent_legal_person_id if parent else None, True),
    ):
        if organization_id is None:
            continue
        for own in (yield from store.all_managing(actor, organization_id, at)):
            try:
                bounds = own.scope.meet(parent.scope) if parent else own.scope
            except MandateRefused:
                continue  # nothing that both cover
            found.append(MandateAuthority(rank_of(own, of_agent=of_agent), own.scope, bounds, own))
    return sorted(found, key=lambda one: -one.rank)


def decisions(
    store: MandateStore, lists: MandateLists, target: StoredMandate, actor: str, at: float
) -> Transaction[frozenset[str]]:
    """What somebody may do with a mandate that others hold, as it stands: what pages offer, and nothing else.

    The words are those of `Mandates`: renew, suspend, resume, revoke.
    """
    if target.agent_account_id == actor or target.relation in _NOT_GRANTED:
        return frozenset()
    found: set[str] = set()
    rests = target.state == MandateState.SUSPENDED
    by = target.suspended_by_rank
    least = Rank.ANYBODY if not rests else Rank.PRINCIPAL if by is None else by
    for one in (yield from authorities(store, lists, target, actor, at)):
        if one.rank < least or not _grants(one, target) or not one.scope.covers(target.scope, dates=False):
            continue
        found.add("revoke")
        if target.state == MandateState.ACTIVE:
            found.add("suspend")
            if _lengthens(one, target):
                found.add("renew")
        if rests and one.scope.covers(target.scope, dates=True):
            found.add("resume")
    return frozenset(found)


_NOT_GRANTED = (Relation.LEGAL_REPRESENTATIVE, Relation.GUARDIAN)


def _grants(one: MandateAuthority, target: StoredMandate) -> bool:
    """Whether it is granted by such authority at all: about administrators the representative alone decides."""
    of_agent = one.rank <= Rank.REPRESENTATIVE_OF_AGENT
    return of_agent or one.rank is Rank.PRINCIPAL or target.role != Role.ADMINISTRATOR


def _lengthens(one: MandateAuthority, target: StoredMandate) -> bool:
    """Whether an end can be put off: not beyond that of the own mandate."""
    until, latest = target.valid_until, one.bounds.valid_until
    return until is not None and (latest is None or latest > until) and target.relation != Relation.COUNTER
