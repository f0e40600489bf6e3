"""Acting for a person who stands at the counter: a session of its own by a mandate that lasts as long as a visit."""

from collections.abc import Awaitable, Callable

from idp.accounts.model import AccountState
from idp.accounts.store import AccountStore
from idp.counter.model import CounterRefusal, Hindrance
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.masking import masked_name
from idp.infrastructure.web.presence import Presence
from idp.organizations.mandates import Mandates
from idp.organizations.model import COUNTER_SECONDS
from idp.sessions.model import Caller, Session
from idp.sessions.service import CannotRepresent, Sessions

Concerns = Callable[[str, str], Awaitable[bool]]
"""`Counter.is_concerned`: whether a member of staff and an account are one person."""


class PresenceActing:
    """The counter's way into acting for somebody, and out of it; the own session stays as it is."""

    def __init__(
        self, foundation: Foundation, mandates: Mandates, sessions: Sessions, is_concerned: Concerns
    ) -> None:
        self._database = foundation.database
        self._sources = foundation.sources
        self._accounts = AccountStore(foundation.vault)
        self._mandates = mandates
        self._sessions = sessions
        self._is_concerned = is_concerned

    async def begin(
        self, applicant_id: str, session: Session, own: str, caller: Caller
    ) -> tuple[str, Presence]:
        """Let a member of staff act for an applicant who is present; the new session's cookie, and what goes with it.

        `own` is the cookie of `session`. Raises CounterRefusal.
        """
        if await self._is_concerned(session.account_id, applicant_id):
            raise CounterRefusal(Hindrance.OWN_ACCOUNT)
        applicant = await self._database.read(lambda: self._accounts.by_id(applicant_id))
        if applicant is None or applicant.state != AccountState.ACTIVE:
            raise CounterRefusal(Hindrance.CLOSED)
        mandate_id = await self._mandates.begin_counter(applicant_id, session.account_id)
        held = await self._mandates.principals(session.account_id)
        principal = next((each for each in held if each.mandate_id == mandate_id), None)
        if mandate_id is None or principal is None:
            raise CounterRefusal(Hindrance.MANDATE)
        try:
            token = await self._sessions.accompany(session, principal, caller)
        except CannotRepresent as error:
            await self._mandates.resign(session.account_id, mandate_id, caller.address)
            raise CounterRefusal(Hindrance.MANDATE) from error
        until = principal.valid_until or self._sources.now() + COUNTER_SECONDS
        return token, Presence(masked_name(applicant.name), until, session.account_id, mandate_id, own)

    async def end(self, presence: Presence, caller: Caller) -> None:
        """The visit is over: the mandate, and what lives on it in every system."""
        await self._mandates.resign(presence.staff_id, presence.mandate_id, caller.address)
