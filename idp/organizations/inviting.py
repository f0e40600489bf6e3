"""Invitations: somebody is asked to act for an organisation or a person, within what the asking one may grant."""

from dataclasses import dataclass, field, replace

from idp.accounts.contacts.phones import checked_phone
from idp.accounts.invalid import InvalidAccount
from idp.accounts.names import normalized_name
from idp.accounts.store import PHONE
from idp.audit.model import EventType
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.masking import masked_given_name
from idp.infrastructure.messages import Messages
from idp.infrastructure.translations import CHINESE, Translations
from idp.infrastructure.translations import mark as _
from idp.organizations.ledger import Ledger
from idp.organizations.model import (
    DAY,
    HELPER_DAYS,
    INVITATION_DAYS,
    LegalPersonState,
    MandateRefusalReason,
    MandateRefused,
    MandateState,
    Relation,
    Role,
    Scope,
    checked_code,
    checked_scope,
)
from idp.organizations.records import NamedMandate, StoredMandate

INVITATIONS_PER_DAY = 50
INVITATIONS_TO_A_PHONE = 5
HELPER_LEVEL = 1
"""Whoever is to be helped must be known, so that the helper's systems know for whom they work."""
_PER_ACTOR = "mandates.invited-by"
_PER_PHONE = "mandates.invited"
_PER_PAIR = "mandates.invited-by-to"
INVITED = _(
    "%(principal)s 请您代为办事。请在 %(days)s 天内用本手机号登录用户中心，在“代办授权”里接受或拒绝。"
)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is asked to act: a person by name and phone, or an organisation by its code."""

    name: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    code: str = ""
    role: Role = Role.AGENT
    scope: Scope = field(default_factory=Scope)


class Inviting:
    """The part of `Mandates` that grants. `address` is where the person is, for the record."""

    def __init__(self, foundation: Foundation, ledger: Ledger, messages: Messages) -> None:
        self._database = foundation.database
        self._key_value = foundation.key_value
        self._vault = foundation.vault
        self._sources = foundation.sources
        self._ledger = ledger
        self._store = ledger.store
        self._lists = ledger.lists
        self._messages = messages
        self._translations = Translations()

    async def invite(
        self, actor: str, organization_id: str, invitation: Invitation, address: str | None = None
    ) -> str:
        """Ask somebody to act for an organisation; the mandate's id. Raises Refused."""
        now = self._sources.now()
        managing = await self._database.read(lambda: self._store.managing(actor, organization_id, now))
        if managing is None:
            raise MandateRefused(MandateRefusalReason.NOT_YOURS)
        if managing.relation is not Relation.LEGAL_REPRESENTATIVE and invitation.role is Role.ADMINISTRATOR:
            raise MandateRefused(MandateRefusalReason.NOT_YOURS)
        asked = self._asked(Relation.AGENT, actor, invitation, managing.scope)
        asked = replace(asked, principal_legal_person_id=organization_id)
        return await self._invite(asked, invitation, address, managing)

    async def pass_on(
        self,
        actor: str,
        held_id: str,
        organization_id: str,
        invitation: Invitation,
        address: str | None = None,
    ) -> str:
        """Ask somebody of an organisation that is an agent to act by its mandate; the new mandate's id."""
        now = self._sources.now()

        def look() -> Transaction[tuple[StoredMandate | None, StoredMandate | None]]:
            managing = yield from self._store.managing(actor, organization_id, now)
            return managing, (yield from self._store.held_by(held_id, organization_id, now))

        managing, held = await self._database.read(look)
        if managing is None or held is None or invitation.code or invitation.role is not Role.AGENT:
            raise MandateRefused(MandateRefusalReason.NOT_YOURS)
        # Neither more than the organisation holds, nor more than whoever passes it on may do for the organisation.
        asked = replace(
            self._asked(Relation.AGENT, actor, invitation, held.scope.meet(managing.scope)),
            principal_legal_person_id=held.principal_legal_person_id,
            parent_mandate_id=held_id,
        )
        return await self._invite(asked, invitation, address, managing, held)

    async def invite_helper(self, actor: str, invitation: Invitation, address: str | None = None) -> str:
        """Ask a relative or friend to act for oneself; the mandate's id. Raises Refused."""
        until = invitation.scope.valid_until or self._sources.now() + HELPER_DAYS * DAY
        scope = Scope(invitation.scope.systems, invitation.scope.items, until)
        plain = Invitation(invitation.name, invitation.phone, "", Role.AGENT, scope)
        asked = self._asked(Relation.FAMILY_HELPER, actor, plain, Scope())
        return await self._invite(replace(asked, principal_account_id=actor), plain, address)

    async def _invite(
        self,
        asked: StoredMandate,
        invitation: Invitation,
        address: str | None,
        own: StoredMandate | None = None,
        resting_on: StoredMandate | None = None,
    ) -> str:
        actor, phone, silent = asked.granted_by, None, False
        if invitation.code:
            agent = await self._organization(asked, invitation.code)
            wanted = replace(asked, agent_legal_person_id=agent)
        else:
            name, phone = await self._invitee(asked, invitation)
            wanted = replace(asked, invitee_name=name)
            silent = await self._is_told_enough(actor, phone)
        await self._limit(_PER_ACTOR, actor, INVITATIONS_PER_DAY)

        def work() -> Transaction[bool]:
            added = yield from self._store.add(wanted, actor, own, resting_on, phone=phone)
            if added is None:
                return False
            yield from self._ledger.note(EventType.MANDATE_INVITED, added, actor, address)
            shown = yield from self._lists.one(added.id)
            assert shown is not None
            if not silent:
                yield from self._ledger.ask(shown, phone, self._text(shown), self._messages)
            return True

        if not await self._database.write(work):
            raise MandateRefused(MandateRefusalReason.NOT_YOURS)
        self._ledger.sent()
        return wanted.id

    async def _organization(self, asked: StoredMandate, code: str) -> str:
        """The id of the legal person that is asked to act. Raises Refused."""
        plain = checked_code(code)
        found = await self._database.read(lambda: self._ledger.legal_persons.by_code(plain))
        if found is None or found.state is not LegalPersonState.ACTIVE:
            raise MandateRefused(MandateRefusalReason.UNKNOWN_ORGANIZATION)
        if found.id == asked.principal_legal_person_id:
            raise MandateRefused(MandateRefusalReason.OWN)
        return found.id

    async def _invitee(self, asked: StoredMandate, invitation: Invitation) -> tuple[str, str]:
        """The name and the phone of the person who is asked to act. Raises Refused."""
        try:
            name = normalized_name(invitation.name)
        except InvalidAccount as error:
            raise MandateRefused(MandateRefusalReason.NAME) from error
        try:
            phone = checked_phone(invitation.phone)
        except InvalidAccount as error:
            raise MandateRefused(MandateRefusalReason.PHONE) from error
        account = await self._database.read(lambda: self._ledger.accounts.by_id(asked.granted_by))
        if account is None or account.phone_index == self._vault.blind_index(PHONE, phone):
            raise MandateRefused(MandateRefusalReason.OWN)
        if asked.relation is Relation.FAMILY_HELPER and account.real_name_level < HELPER_LEVEL:
            raise MandateRefused(MandateRefusalReason.LEVEL)
        return name, phone

    async def _is_told_enough(self, actor: str, phone: str) -> bool:
        """Whether the invitation goes without a message. Raises Refused where the same actor asks too often.

        A phone is told a few times a day, whoever asks; who comes later is not refused for what others have used up,
        and the invitation stands in the person's own pages.
        """
        index = self._vault.blind_index(PHONE, phone).hex()
        await self._limit(_PER_PAIR, f"{actor}:{index}", INVITATIONS_TO_A_PHONE)
        return await self._key_value.increment(_PER_PHONE, index, int(DAY)) > INVITATIONS_TO_A_PHONE

    async def _limit(self, kind: str, key: str, most: int) -> None:
        """A text message costs money, and the one who gets it attention."""
        if await self._key_value.increment(kind, key, int(DAY)) > most:
            raise MandateRefused(MandateRefusalReason.TOO_OFTEN)

    def _text(self, shown: NamedMandate) -> str:
        principal = shown.principal_organization_name or masked_given_name(shown.principal_person_name or "")
        return self._translations.gettext(CHINESE, INVITED, principal=principal, days=INVITATION_DAYS)

    def _asked(self, relation: Relation, actor: str, invitation: Invitation, outer: Scope) -> StoredMandate:
        """A mandate as it is asked for, of no principal yet. Raises Refused."""
        now = self._sources.now()
        scope = checked_scope(invitation.scope, now).within(outer)
        return StoredMandate(
            id=self._sources.new_id(),
            relation=relation,
            role=invitation.role,
            state=MandateState.INVITED,
            granted_by=actor,
            evidence_reference="invitation",
            valid_from=now,
            created_at=now,
            valid_until=scope.valid_until,
            systems=scope.systems,
            items=scope.items,
        )
