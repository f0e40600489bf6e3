"""What becomes of grants and consents when the account they belong to changes its fate."""

from typing import Any

from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.hooks import AccountLifecycleHook
from idp.infrastructure.database import Transaction
from idp.infrastructure.sources import Sources
from idp.oauth.lifecycle_hook_store import GrantLifecycleHookStore


class GrantLifecycleHook(AccountLifecycleHook):
    """The part of the oauth room. A closed account's grants are dead by themselves; here they end for good."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._store = GrantLifecycleHookStore()

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """See `AccountLifecycleHook.end`."""
        yield from self._store.revoke_grants(account_id, self._sources.now())
        yield self._store.forget_consents(account_id)

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """See `AccountLifecycleHook.secure`."""
        return {"grants": (yield from self._store.revoke_grants(account_id, self._sources.now()))}

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """What systems may do offline by another's word ends too."""
        now = self._sources.now()
        return {"grants": (yield from self._store.revoke_others(account_id, shown.session_id, now))}

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """A consent that both gave stays as the account that remains gave it."""
        return {"consents": (yield from self._store.move_consents(account_id, into))}

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """One that was withdrawn since stays withdrawn: that was the person's own decision."""
        for client_id, scope, instant in moved["consents"]:
            yield self._store.return_consent(account_id, into, (client_id, scope, instant))
