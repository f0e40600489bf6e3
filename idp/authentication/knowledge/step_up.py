"""What somebody knows, beside the phone they hold: lifts a login by SMS to one that may change the account."""

from idp.accounts.store import AccountStore
from idp.authentication.model import LoggedIn, LoginRejected
from idp.authentication.phone.registration import More, Registration
from idp.authentication.service import Authentication
from idp.infrastructure.foundation import Foundation
from idp.sessions.model import Caller, Session


class KnowledgeStepUp:
    """Asks a session for as much as recovery would."""

    def __init__(
        self, foundation: Foundation, registration: Registration, authentication: Authentication
    ) -> None:
        self._database = foundation.database
        self._accounts = AccountStore(foundation.vault)
        self._registration = registration
        self._authentication = authentication

    async def show(
        self, session: Session, more: More, caller: Caller, device: str | None
    ) -> LoginRejected | LoggedIn | None:
        """The strengthened session, if the password, or name and certificate number are right; None once it ended."""
        account = await self._database.read(lambda: self._accounts.by_id(session.account_id))
        if account is None:
            return None
        shown = await self._registration.more(account, more, caller, device)
        if isinstance(shown, LoginRejected):
            return shown
        return await self._authentication.strengthen(session, account, (shown,), caller, device)
