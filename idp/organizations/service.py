"""Legal persons: what is known of them, bound by their representative, handed to the next one, dissolved."""

from idp.audit.model import AuditEvent, EventType
from idp.infrastructure.database import Transaction
from idp.organizations.model import checked_code, checked_organisation_name
from idp.organizations.platform_attestations import PlatformAttestations
from idp.organizations.records import LegalPerson, NamedMandate, OwnOrganization, StoredMandate
from idp.organizations.registries.interface import Confirmed, Holding

OPERATOR = "operator"
MOST = 1000


class Organizations(PlatformAttestations):
    """`actor` is the account of the human who acts, or the name of an operator's command line."""

    async def of_account(self, account_id: str) -> list[OwnOrganization]:
        """The organisations that somebody represents or is an agent of, with that mandate."""
        return await self._database.read(
            lambda: self._ledger.lists.organizations(account_id, self._sources.now())
        )

    async def managed(
        self, account_id: str, organization_id: str
    ) -> tuple[LegalPerson, StoredMandate] | None:
        """An organisation that somebody manages now, and the mandate by which they do."""

        def work() -> Transaction[tuple[LegalPerson, StoredMandate] | None]:
            found = yield from self._store.by_id(organization_id)
            by = yield from self._ledger.store.managing(account_id, organization_id, self._sources.now())
            return None if found is None or by is None else (found, by)

        return await self._database.read(work)

    async def agents(self, organization_id: str) -> list[NamedMandate]:
        """Who acts, or acted, for an organisation."""
        return await self._database.read(lambda: self._ledger.lists.of_organization(organization_id))

    async def held(self, organization_id: str) -> list[NamedMandate]:
        """For whom an organisation acts."""
        return await self._database.read(lambda: self._ledger.lists.held(organization_id))

    async def passed_on(self, organization_id: str) -> list[NamedMandate]:
        """Who of an organisation acts for those that it acts for."""
        return await self._database.read(lambda: self._ledger.lists.passed_on(organization_id))

    async def step_down(self, account_id: str, organization_id: str, address: str | None = None) -> bool:
        """Somebody is no longer the representative: whom they had empowered waits for the next one."""

        def work() -> Transaction[bool]:
            left = yield from self._store.step_down(organization_id, account_id, self._sources.now())
            if left is None:
                return False
            yield from self._ledger.representative_changed(left, None, account_id, address)
            return True

        return await self._write(work)

    async def set_representative(
        self, code: str, account_id: str, actor: str, name: str = "", evidence: str = "file"
    ) -> str:
        """What an operator knows from a file: a new representative, of a new organisation too. Raises Refused."""
        plain = checked_code(code)
        known = await self._database.read(lambda: self._store.by_code(plain))
        confirmed = Confirmed(
            code=plain,
            name=checked_organisation_name(name or (known.name if known else "")),
            holding=Holding.REPRESENTATIVE,
            evidence=f"{OPERATOR}:{evidence[:100]}",
            certain=True,
        )
        return await self._take(account_id, confirmed, None, actor)

    async def dissolve(self, code: str, actor: str) -> bool:
        """An organisation is no more, and nobody acts for it or through it; False where there is none."""
        plain = checked_code(code)
        now = self._sources.now()

        def work() -> Transaction[bool]:
            gone = yield from self._store.dissolve(plain, now)
            if gone is None:
                return False
            ended = yield from self._ledger.sweeps.end_all(gone.id, "dissolved", now)
            yield from self._ledger.closed(ended, "dissolved", actor, quiet=True)
            yield self._ledger.audit.record(
                AuditEvent(
                    event=EventType.LEGAL_PERSON_DISSOLVED,
                    actor=actor,
                    detail={"code": plain},
                    principal=gone.id,
                )
            )
            return True

        return await self._write(work)

    async def all(self, most: int = MOST) -> list[LegalPerson]:
        """Every organisation, by code."""
        return await self._database.read(lambda: self._store.all(most))
