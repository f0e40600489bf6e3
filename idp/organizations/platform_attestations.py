"""What an identity platform says at a login: this person represents an organisation, or was sent by it."""

from dataclasses import replace

from idp.audit.model import EventType
from idp.infrastructure.database import Transaction
from idp.organizations.binding import Binding
from idp.organizations.confirmed_records import new_legal_person, new_mandate
from idp.organizations.model import (
    DAY,
    LOGINS,
    Human,
    LegalPersonState,
    MandateRefusalReason,
    MandateRefused,
    Principal,
    Relation,
    Scope,
    limited_scope,
)
from idp.organizations.platform_attestation_store import UPSTREAM, VouchedStore
from idp.organizations.records import LegalPerson
from idp.organizations.registries.interface import Confirmed, Holding

__all__ = ["UPSTREAM", "PlatformAttestations"]

VOUCHED_DAYS = 30
"""So long an agent counts whom a platform named and has not named since: nobody tells us when it takes them back."""


class PlatformAttestations(Binding):
    """The part of `Organizations` that believes identity platforms; whom to believe, the caller decides."""

    _vouched = VouchedStore()

    async def vouched(self, account_id: str, confirmed: Confirmed, address: str | None = None) -> Principal:
        """Write down what a platform vouches for; for whom the person acts from now on. Raises Refused.

        NOT_THE_HOLDER where another person is known as the representative: a platform may be behind the register.
        """

        def work() -> Transaction[Principal | MandateRefusalReason]:
            known = yield from self._store.by_code(confirmed.code)
            if known is not None and known.state is not LegalPersonState.ACTIVE:
                return MandateRefusalReason.DISSOLVED
            if confirmed.holding is Holding.REPRESENTATIVE:
                if known is not None and known.representative_account_id not in (None, account_id):
                    return MandateRefusalReason.NOT_THE_HOLDER
                engaged = yield from self._represent(account_id, confirmed, address, account_id)
                relation = Relation.LEGAL_REPRESENTATIVE
            else:
                engaged = yield from self._engage(account_id, confirmed, known, address)
                if isinstance(engaged, MandateRefusalReason):
                    return engaged
                relation = Relation.AGENT
            found = yield from self._ledger.lists.principals(account_id, self._sources.now())
            fitting = [one for one in found if (one.id, one.relation) == (engaged, relation)]
            return fitting[0] if fitting else MandateRefusalReason.NOT_YOURS

        principal = await self._write(work)
        if isinstance(principal, MandateRefusalReason):
            raise MandateRefused(principal)
        return principal

    async def vouched_login(
        self, account_id: str, confirmed: Confirmed, human: Human, address: str | None = None
    ) -> Principal:
        """Let an account that is an organisation's login act for it, and for nobody else. Raises Refused."""

        def work() -> Transaction[Principal | MandateRefusalReason]:
            known = yield from self._store.by_code(confirmed.code)
            if known is not None and known.state is not LegalPersonState.ACTIVE:
                return MandateRefusalReason.DISSOLVED
            engaged = yield from self._engage(account_id, confirmed, known, address)
            if isinstance(engaged, MandateRefusalReason):
                return engaged
            found = yield from self._ledger.lists.principals(account_id, self._sources.now())
            return next((one for one in found if one.id == engaged), MandateRefusalReason.NOT_YOURS)

        principal = await self._write(work)
        if isinstance(principal, MandateRefusalReason):
            raise MandateRefused(principal)
        relation = next(word for word, how_sure in LOGINS.items() if how_sure is human)
        return replace(principal, relation=relation)

    async def by_code(self, code: str) -> LegalPerson | None:
        """The organisation of a code."""
        return await self._database.read(lambda: self._store.by_code(code))

    def no_longer_vouched(self, organization_id: str, platform: str) -> Transaction[int]:
        """A platform has closed an organisation's account: end whom it had named; how many.

        Within the transaction that ends the link: were it another, what comes between would leave agents without one.
        """
        reason = "cancelled upstream"
        ended = yield from self._vouched.end(organization_id, platform, reason, self._sources.now())
        yield from self._ledger.closed(ended, reason, UPSTREAM)
        return len(ended)

    def _engage(
        self, account_id: str, confirmed: Confirmed, known: LegalPerson | None, address: str | None
    ) -> Transaction[str | MandateRefusalReason]:
        """An agent's mandate, renewed where the platform has named the same person before."""
        now = self._sources.now()
        latest = now + VOUCHED_DAYS * DAY
        until = min(confirmed.valid_until or latest, latest)
        scope = limited_scope(Scope((), confirmed.items, until), now)
        if isinstance(scope, MandateRefusalReason):
            return scope
        organization_id = self._sources.new_id() if known is None else known.id
        if known is None and not (
            yield from self._store.register(new_legal_person(organization_id, confirmed, now))
        ):
            known = yield from self._store.by_code(confirmed.code)
            organization_id = known.id if known else organization_id
        if (yield from self._vouched.renew(organization_id, account_id, scope, confirmed.evidence)):
            return organization_id
        return (yield from self._appoint_anew(account_id, confirmed, organization_id, scope, address))

    def _appoint_anew(
        self, account_id: str, confirmed: Confirmed, organization_id: str, scope: Scope, address: str | None
    ) -> Transaction[str | MandateRefusalReason]:
        if (yield from self._rests(account_id, organization_id, UPSTREAM)):
            return MandateRefusalReason.NOT_YOURS
        now = self._sources.now()
        mandate = new_mandate(self._sources.new_id(), now, organization_id, account_id, confirmed, scope)
        added = yield from self._ledger.store.add(mandate, account_id)
        if added is not None:
            yield from self._ledger.changed(EventType.MANDATE_ACCEPTED, added, account_id, address)
        return organization_id
