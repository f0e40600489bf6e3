"""What becomes of sessions and devices when the account they belong to changes its fate."""

from collections.abc import Callable

from sqlalchemy import bindparam, delete, null, update
from sqlalchemy.types import Text

from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.hooks import AccountLifecycleHook
from idp.infrastructure.database import Statement, Transaction
from idp.sessions.device_store import devices
from idp.sessions.store import sessions

_account = bindparam("the_account", type_=Text)

FORGET_DEVICES = Statement(
    delete(devices).where(devices.c.account_id == _account).returning(devices.c.id), lock_key="the_account"
)
WIPE_SESSIONS = Statement(
    update(sessions)
    .where(sessions.c.account_id == _account)
    .values(address=null(), user_agent=null(), device_id=null()),
    lock_key="the_account",
)

End = Callable[[str, str, str | None], Transaction[int]]
"""`Sessions.ended`: end the sessions of an account for a reason, but for one, telling the systems; how many."""


class SessionLifecycleHook(AccountLifecycleHook):
    """The part of the sessions room."""

    def __init__(self, ended: End) -> None:
        self._ended = ended

    def pause(self, account_id: str, reason: str) -> Transaction[None]:
        """See `AccountLifecycleHook.pause`."""
        yield from self._ended(account_id, reason, None)

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """Where somebody was and with what is nobody's business any more."""
        yield from self._ended(account_id, reason, None)
        yield FORGET_DEVICES(the_account=account_id)
        yield WIPE_SESSIONS(the_account=account_id)

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """No device is trusted, and each is news when it comes back."""
        ended = yield from self._ended(account_id, "secured", None)
        forgotten = yield FORGET_DEVICES(the_account=account_id)
        return {"sessions": ended, "devices": len(forgotten)}

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """Only the session of the act goes on; no device is trusted."""
        ended = yield from self._ended(account_id, "bound", shown.session_id)
        forgotten = yield FORGET_DEVICES(the_account=account_id)
        return {"sessions": ended, "devices": len(forgotten)}
