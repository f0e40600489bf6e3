"""What an identity platform says at a login: this person represents an organisation, or was sent by it."""

from dataclasses import replace

from sqlalchemy import bindparam, literal, null, update
from sqlalchemy.types import Text

from idp.audit.model import Event
from idp.infrastructure.database import Row, Statement, Transaction
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.organizations.binding import Binding
from idp.organizations.confirmed_rows import mandate_row, organization_row
from idp.organizations.model import (
    DAY,
    LOGINS,
    Human,
    LegalPersonState,
    MandateState,
    Principal,
    Reason,
    Refused,
    Relation,
    Scope,
    checked_scope,
    stored,
)
from idp.organizations.registries.interface import Confirmed, Holding
from idp.organizations.store import mandates

UPSTREAM = "upstream"
"""The registry's word in `evidence`, which is upstream:PLATFORM:DIGEST, and who granted such a mandate."""
VOUCHED_DAYS = 30
"""So long an agent counts whom a platform named and has not named since: nobody tells us when it takes them back."""

_c = mandates.c
_organization = bindparam("the_organization", type_=Text)
_now = bindparam("now", type_=Instant())
_is_vouched = (
    _c.principal_legal_person_id == _organization,
    _c.granted_by == literal(UPSTREAM, Text),
    _c.state == literal(MandateState.ACTIVE.value, Text),
)
RENEW = Statement(
    update(mandates)
    .where(*_is_vouched, _c.agent_account_id == bindparam("the_account", type_=Text))
    .values(
        valid_until=bindparam("new_end", type_=Instant()),
        items=bindparam("new_items", type_=Text),
        evidence_reference=bindparam("the_evidence", type_=Text),
    )
    .returning(mandates),
    lock_key="the_organization",
)
END = Statement(
    update(mandates)
    .where(*_is_vouched, _c.evidence_reference.like(bindparam("the_pattern", type_=Text)))
    .values(
        state=literal(MandateState.REVOKED.value, Text),
        ended_at=_now,
        end_reason=bindparam("reason", type_=Text),
        invitee_phone=null(),
    )
    .returning(mandates),
    lock_key="the_organization",
)


class Vouched(Binding):
    """The part of `Organizations` that believes identity platforms; whom to believe, the caller decides."""

    async def vouched(self, account_id: str, confirmed: Confirmed, address: str | None = None) -> Principal:
        """Write down what a platform vouches for; for whom the person acts from now on. Raises Refused.

        NOT_THE_HOLDER where another person is known as the representative: a platform may be behind the register.
        """

        def work() -> Transaction[Principal | None]:
            known = yield from self._store.by_code(confirmed.code)
            if known is not None and known["state"] != LegalPersonState.ACTIVE:
                raise Refused(Reason.DISSOLVED)
            if confirmed.holding is Holding.REPRESENTATIVE:
                if known is not None and known["representative_account_id"] not in (None, account_id):
                    raise Refused(Reason.NOT_THE_HOLDER)
                organization_id = yield from self._represent(account_id, confirmed, address, account_id)
                relation = Relation.LEGAL_REPRESENTATIVE
            else:
                organization_id = yield from self._engage(account_id, confirmed, known, address)
                relation = Relation.AGENT
            found = yield from self._ledger.lists.principals(account_id, self._sources.now())
            fitting = [one for one in found if (one.id, one.relation) == (organization_id, relation)]
            return fitting[0] if fitting else None

        principal = await self._write(work)
        if principal is None:
            raise Refused(Reason.NOT_YOURS)
        return principal

    async def vouched_login(
        self, account_id: str, confirmed: Confirmed, human: Human, address: str | None = None
    ) -> Principal:
        """Let an account that is an organisation's login act for it, and for nobody else. Raises Refused."""

        def work() -> Transaction[Principal | None]:
            known = yield from self._store.by_code(confirmed.code)
            if known is not None and known["state"] != LegalPersonState.ACTIVE:
                raise Refused(Reason.DISSOLVED)
            organization_id = yield from self._engage(account_id, confirmed, known, address)
            found = yield from self._ledger.lists.principals(account_id, self._sources.now())
            return next((one for one in found if one.id == organization_id), None)

        principal = await self._write(work)
        if principal is None:
            raise Refused(Reason.NOT_YOURS)
        relation = next(word for word, how_sure in LOGINS.items() if how_sure is human)
        return replace(principal, relation=relation)

    async def by_code(self, code: str) -> Row | None:
        """The organisation of a code."""
        return await self._database.read(lambda: self._store.by_code(code))

    def no_longer_vouched(self, organization_id: str, platform: str) -> Transaction[int]:
        """A platform has closed an organisation's account: end whom it had named; how many.

        Within the transaction that ends the link: were it another, what comes between would leave agents without one.
        """
        reason = "cancelled upstream"
        rows = yield END(
            the_organization=organization_id,
            the_pattern=f"{UPSTREAM}:{platform}:%",
            reason=reason,
            now=self._sources.now(),
        )
        yield from self._ledger.closed(list(rows), reason, UPSTREAM)
        return len(rows)

    def _engage(
        self, account_id: str, confirmed: Confirmed, known: Row | None, address: str | None
    ) -> Transaction[str]:
        """An agent's mandate, renewed where the platform has named the same person before."""
        now = self._sources.now()
        organization_id = self._sources.new_id() if known is None else str(known["id"])
        if known is None and not (
            yield from self._store.register(organization_row(organization_id, confirmed, now))
        ):
            known = yield from self._store.by_code(confirmed.code)
            organization_id = str(known["id"]) if known else organization_id
        latest = now + VOUCHED_DAYS * DAY
        scope = checked_scope(Scope((), confirmed.items, min(confirmed.valid_until or latest, latest)), now)
        renewed = first(
            (
                yield RENEW(
                    the_organization=organization_id,
                    the_account=account_id,
                    new_end=scope.valid_until,
                    new_items=stored(scope.items),
                    the_evidence=confirmed.evidence,
                )
            )
        )
        if renewed is None:
            yield from self._appoint_anew(account_id, confirmed, organization_id, scope, address)
        return organization_id

    def _appoint_anew(
        self, account_id: str, confirmed: Confirmed, organization_id: str, scope: Scope, address: str | None
    ) -> Transaction[None]:
        yield from self._refuse_resting(account_id, organization_id, UPSTREAM)
        now = self._sources.now()
        row = mandate_row(self._sources.new_id(), now, organization_id, account_id, confirmed, scope)
        added = yield from self._ledger.store.add(row, account_id)
        if added is not None:
            yield from self._ledger.changed(Event.MANDATE_ACCEPTED, added, account_id, address)
