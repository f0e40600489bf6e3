"""A platform's account of an organisation: it opens the organisation's login, and never the account of a person."""

from dataclasses import dataclass, field

from idp.accounts.invalid import InvalidAccount
from idp.accounts.model import Account, AccountKind, AccountState, NewAccount
from idp.accounts.names import normalized_name
from idp.accounts.store import AccountStore
from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.federation.linking.outcomes import ArrivalRefusalReason, ArrivalRefused
from idp.federation.linking.store import LinkStore
from idp.federation.model import UpstreamIdentity, UpstreamLink, UpstreamPerson
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from idp.infrastructure.foundation import Foundation
from idp.organizations.model import Human, Principal
from idp.organizations.registries.interface import Confirmed
from idp.organizations.service import Organizations

KIND = "organization_login"
"""The kind of link: a platform's account of an organisation, with the human whom it names, if any."""
NO_PASSWORD = ""
_LOCAL_LEVEL = 0
_RANDOM_BYTES = 10


@dataclass(frozen=True, slots=True)
class Represented:
    """An organisation's login, and the organisation that it is for."""

    account: Account
    principal: Principal = field(repr=False)


class OrganizationLogins:
    """An account of the kind `organization_login` for each pair of a platform's account and whom it names.

    Such an account holds nothing by which anybody could come in but the platform, and nothing about a person but the
    name that the platform told: what the representative has of their own cannot be reached from it.
    """

    def __init__(self, foundation: Foundation, links: LinkStore, organizations: Organizations) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._audit = AuditStore(foundation.sources)
        self._links = links
        self._organizations = organizations

    async def enter(
        self, identity: UpstreamIdentity, confirmed: Confirmed, address: str
    ) -> Represented | ArrivalRefused:
        """The organisation's login, opened where need be; raises the `MandateRefused` of the organisations room."""
        named = _named(identity)
        human = Human.NONE if named is None or not (name := _name(named)) else Human.ASSERTED
        shown = name if human is Human.ASSERTED else confirmed.name
        try:
            account = await self._account(identity, named, shown, address)
        except Conflict:  # somebody else came by the same account at this moment
            account = await self._account(identity, named, shown, address)
        if account.state != AccountState.ACTIVE:
            return ArrivalRefused(ArrivalRefusalReason.CLOSED)
        principal = await self._organizations.vouched_login(account.id, confirmed, human, address)
        return Represented(account, principal)

    async def _account(
        self, identity: UpstreamIdentity, named: UpstreamPerson | None, name: str, address: str
    ) -> Account:
        subject = identity.subject
        if named is not None:
            subject = f"{subject}\n{named.certificate_type}\n{named.certificate_number}\n{named.name}"
        index = self._links.index(KIND, subject)

        def work() -> Transaction[Account]:
            now = self._sources.now()
            link = yield from self._links.live(identity.profile, index)
            if link is None:
                account_id = yield from self._open(identity, name, address)
                yield from self._links.add(self._link(identity, index, account_id), subject)
            else:
                assert link.account_id is not None
                account_id = link.account_id
                yield from self._links.seen(link.id, _LOCAL_LEVEL, identity.level_source, now)
            account = yield from self._accounts.by_id(account_id)
            assert account is not None
            return account

        return await self._database.write(work)

    def _open(self, identity: UpstreamIdentity, name: str, address: str) -> Transaction[str]:
        account_id = self._sources.new_id()
        new = NewAccount(f"org{self._sources.new_bytes(_RANDOM_BYTES).hex()}", name, NO_PASSWORD)
        now = self._sources.now()
        yield from self._accounts.add(account_id, new, now, AccountKind.ORGANIZATION_LOGIN)
        detail = {"upstream": identity.profile, "kind": AccountKind.ORGANIZATION_LOGIN.value}
        yield self._audit.record(
            AuditEvent(
                event=EventType.ACCOUNT_REGISTERED, account_id=account_id, address=address, detail=detail
            )
        )
        return account_id

    def _link(self, identity: UpstreamIdentity, index: bytes, account_id: str) -> UpstreamLink:
        now = self._sources.now()
        return UpstreamLink(
            id=self._sources.new_id(),
            profile=identity.profile,
            kind=KIND,
            subject_index=index,
            level=_LOCAL_LEVEL,
            level_source=identity.level_source,
            linked_at=now,
            last_seen_at=now,
            account_id=account_id,
        )


def _named(identity: UpstreamIdentity) -> UpstreamPerson | None:
    """Whom the platform names as the human who is there: the agent, else the representative."""
    if identity.human is Human.NONE:
        return None
    if identity.agent is not None:
        return identity.agent.person
    return identity.organization.representative if identity.organization is not None else None


def _name(person: UpstreamPerson) -> str:
    """The name as it is shown; empty where it cannot be one."""
    try:
        return normalized_name(person.name)
    except InvalidAccount:
        return ""
