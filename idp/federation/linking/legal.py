"""Somebody who comes for a legal person: who they are, which organisation it is, and by what right they act for it."""

from dataclasses import dataclass, field
from datetime import datetime

from idp.federation.linking.arrivals import Arrival, of_agent
from idp.federation.linking.organization_logins import OrganizationLogins, Represented
from idp.federation.linking.outcomes import ArrivalRefusalReason, ArrivalRefused, Held, Linked, Unfit
from idp.federation.linking.service import Linking
from idp.federation.model import UpstreamIdentity, UpstreamLink, UpstreamOrganization, UserType
from idp.infrastructure import typed
from idp.infrastructure.beijing import BEIJING
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.organizations import model as organizations
from idp.organizations.model import DAY, Human, MandateRefusalReason, Principal, Relation
from idp.organizations.platform_attestations import UPSTREAM
from idp.organizations.registries.interface import Confirmed, Holding
from idp.organizations.service import Organizations

LEGAL = UserType.LEGAL.value
_DATES = ("%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y-%m-%d %H:%M:%S", "%Y%m%d%H%M%S")
_WHY = {
    MandateRefusalReason.DISSOLVED: ArrivalRefusalReason.ORGANIZATION,
    MandateRefusalReason.DATES: ArrivalRefusalReason.AGENT_EXPIRED,
    MandateRefusalReason.SCOPE: ArrivalRefusalReason.AGENT,
    MandateRefusalReason.NOT_YOURS: ArrivalRefusalReason.AGENT,
}


@dataclass(frozen=True, slots=True)
class LinkedActor:
    """Somebody linked, and for whom they act."""

    linked: Linked
    principal: Principal = field(repr=False)


class LegalLinking:
    """Nothing is opened before what the platform says of the organisation was found good."""

    def __init__(self, foundation: Foundation, linking: Linking, service: Organizations, level: int) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._linking = linking
        self._organizations = service
        self._level = level
        self._logins = OrganizationLogins(foundation, linking.links, service)

    async def enter(
        self, identity: UpstreamIdentity, address: str
    ) -> LinkedActor | Represented | ArrivalRefused:
        """Who came, and the organisation that they may act for: a person where the platform has them prove that."""
        confirmed = await self._confirmed(identity)
        if isinstance(confirmed, ArrivalRefused):
            return confirmed
        if identity.human is Human.PROVEN:
            return await self._proven(identity, confirmed, address)
        try:
            entered = await self._logins.enter(identity, confirmed, address)
        except organizations.MandateRefused as refused:
            return ArrivalRefused(_WHY.get(refused.reason, ArrivalRefusalReason.AGENT))
        if isinstance(entered, Represented):
            await self._link(identity, entered.principal.id)
        return entered

    async def _proven(
        self, identity: UpstreamIdentity, confirmed: Confirmed, address: str
    ) -> LinkedActor | ArrivalRefused:
        organization = identity.organization or UpstreamOrganization()
        arrival = of_agent(identity, identity.agent.person if identity.agent else organization.representative)
        if arrival is None:
            return ArrivalRefused(ArrivalRefusalReason.AGENT)
        linked = await self._linking.enter(arrival, address)
        if isinstance(linked, Held):  # for the person alone to say, when they come for themselves
            return ArrivalRefused(ArrivalRefusalReason.HELD)
        if isinstance(linked, ArrivalRefused):
            return linked
        try:
            principal = await self._organizations.vouched(linked.account.id, confirmed, address)
        except organizations.MandateRefused as refused:
            if refused.reason is not MandateRefusalReason.NOT_THE_HOLDER:
                return ArrivalRefused(_WHY.get(refused.reason, ArrivalRefusalReason.AGENT))
            return await self._two_representatives(arrival, linked.account.id)
        await self._link(identity, principal.id)
        return LinkedActor(linked, principal)

    async def cancelled(self, profile: str, subject: str) -> bool:
        """The platform has closed an organisation's account: whom it named acts no more."""

        def acts_no_more(link: UpstreamLink) -> Transaction[int]:
            if link.legal_person_id is None:
                return 0
            return (yield from self._organizations.no_longer_vouched(link.legal_person_id, profile))

        ended = await self._linking.cancelled(profile, LEGAL, subject, acts_no_more)
        self._organizations.sent()
        return ended

    async def _confirmed(self, identity: UpstreamIdentity) -> Confirmed | ArrivalRefused:
        organization = identity.organization or UpstreamOrganization()
        if identity.level < self._level:
            return ArrivalRefused(ArrivalRefusalReason.LEVEL)
        try:
            code = organizations.checked_code(organization.unified_social_credit_code)
            name = organizations.checked_organisation_name(organization.name)
        except organizations.MandateRefused:
            return ArrivalRefused(ArrivalRefusalReason.NO_CODE)
        known = await self._organizations.by_code(code)
        if known is not None and known.state is not organizations.LegalPersonState.ACTIVE:
            return ArrivalRefused(ArrivalRefusalReason.ORGANIZATION)
        until = valid_until(identity.agent.valid_until if identity.agent else "")
        if isinstance(until, ArrivalRefused):
            return until
        if until is not None and until <= self._sources.now():
            return ArrivalRefused(ArrivalRefusalReason.AGENT_EXPIRED)
        return Confirmed(
            code=code,
            name=name,
            holding=Holding.REPRESENTATIVE if represents(identity) else Holding.TEMPORARY,
            evidence=f"{UPSTREAM}:{identity.profile}:{identity.answer_digest[:32]}",
            certain=True,
            items=identity.agent.scope if identity.agent else (),
            valid_until=until,
        )

    async def _two_representatives(self, arrival: Arrival, account_id: str) -> ArrivalRefused:
        def work() -> Transaction[str]:
            return (yield from self._linking.unfit(Unfit.REPRESENTATIVE, arrival, account_id))

        return ArrivalRefused(ArrivalRefusalReason.CONFLICT, await self._database.write(work))

    async def _link(self, identity: UpstreamIdentity, organization_id: str) -> None:
        """Note which organisation the platform's account is."""
        links, now = self._linking.links, self._sources.now()
        index = links.index(LEGAL, identity.subject)

        def work() -> Transaction[None]:
            live = yield from links.live(identity.profile, index)
            if live is not None and live.legal_person_id == organization_id:
                yield from links.seen(live.id, identity.level, identity.level_source, now)
                return
            if live is not None:
                yield from links.end(identity.profile, index, "another organisation", now)
            link = UpstreamLink(
                id=self._sources.new_id(),
                profile=identity.profile,
                kind=LEGAL,
                subject_index=index,
                level=identity.level,
                level_source=identity.level_source,
                linked_at=now,
                last_seen_at=now,
                legal_person_id=organization_id,
            )
            yield from links.add(link, identity.subject)

        try:
            await self._database.write(work)
        except Conflict:
            return  # linked by a colleague at this moment


def represents(identity: UpstreamIdentity) -> bool:
    """Whether whoever came is the legal representative: by number where the platform tells both, else by its word."""
    representative = identity.organization.representative if identity.organization else None
    if identity.agent is None:
        return True
    if representative is not None and representative.certificate_number:
        theirs = identity.agent.person.certificate_number
        return typed.certificate_number(representative.certificate_number) == typed.certificate_number(theirs)
    return identity.agent.relation == Relation.LEGAL_REPRESENTATIVE


def valid_until(text: str) -> float | ArrivalRefused | None:
    """The end of the last day (or the instant) that a platform names; what cannot be read is no mandate."""
    if not text:
        return None
    for form in _DATES:
        try:
            found = datetime.strptime(text, form).replace(tzinfo=BEIJING)
        except ValueError:
            continue
        return found.timestamp() + (0 if "%H" in form else DAY)
    return ArrivalRefused(ArrivalRefusalReason.AGENT)
