"""What becomes of counter requests when the account they are about changes its fate."""

from idp.accounts.lifecycle.hooks import AccountLifecycleHook, Obstacle
from idp.counter.model import REQUEST_SECONDS
from idp.counter.store import CounterStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation


class CounterLifecycleHook(AccountLifecycleHook):
    """The part of the counter room."""

    def __init__(self, foundation: Foundation) -> None:
        self._sources = foundation.sources
        self._store = CounterStore(foundation.vault)

    def obstacles(self, account_id: str) -> Transaction[list[Obstacle]]:
        """See `AccountLifecycleHook.obstacles`."""
        since = self._sources.now() - REQUEST_SECONDS
        return [Obstacle.COUNTER] if (yield from self._store.is_waiting(account_id, since)) else []

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """Nothing about the person is decided any more, and what was written down is wiped."""
        yield from self._store.forget(account_id)
