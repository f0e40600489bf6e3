"""Choosing for whom to act: oneself, or one of those whose mandate the person holds now."""

from collections.abc import Sequence
from typing import Protocol

from idp.organizations.model import Principal, Relation
from idp.relying_parties.model import Client
from idp.sessions.model import Caller, Participant, Session
from idp.sessions.service import Sessions
from idp.sign_on.model import suits

ACTING = "/acting"
MYSELF = "self"


class MandateHolder(Protocol):
    """`idp.organizations.mandates.Mandates`, as far as it is needed here."""

    async def principals(self, account_id: str, /) -> Sequence[Principal]:
        """Everybody for whom the person may act now."""
        ...


class NotOffered(Exception):
    """The choice was not among those that the person has."""


class Acting:
    """What stands behind the page /acting."""

    def __init__(self, sessions: Sessions, mandates: MandateHolder) -> None:
        self._sessions = sessions
        self._mandates = mandates

    async def principals(self, session: Session) -> Sequence[Principal]:
        """Everybody for whom the person of a session may act now, and choose to.

        For whoever stands at a counter staff act in a session of its own, which is begun and ended there. An
        organisation's own login is there for its organisation.
        """
        if not session.is_person or _at_counter(session):
            return [session.principal] if session.principal is not None else []
        every = await self._mandates.principals(session.account_id)
        return [each for each in every if each.relation != Relation.COUNTER]

    async def choices(self, session: Session, client: Client | None) -> list[Principal | None]:
        """For whom the person may enter a client, or act at all; None stands for the person."""
        own = [None] if session.is_person and not _at_counter(session) else []
        every = [*own, *await self.principals(session)]
        return [choice for choice in every if client is None or suits(client, choice)]

    async def choose(
        self, session: Session, client: Client | None, chosen: str, caller: Caller
    ) -> str | None:
        """Act for the one with this mandate, or for oneself; the new cookie's value, None where all stays as it is.

        Raises NotOffered for what is not (any longer) among the choices, CannotRepresent when the moment was missed.
        """
        for choice in await self.choices(session, client):
            if chosen == (choice.mandate_id if choice else MYSELF):
                break
        else:
            raise NotOffered
        if session.mandate_id == (choice.mandate_id if choice else None):
            await self._sessions.stay(session)
            return None
        return await self._sessions.represent(session, choice, caller)

    async def joined(self, session: Session) -> list[Participant]:
        """The systems that a change logs out."""
        return await self._sessions.joined(session.id)


def _at_counter(session: Session) -> bool:
    return session.principal is not None and session.principal.relation == Relation.COUNTER
