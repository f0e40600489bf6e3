"""What becomes of links to upstream platforms when an account changes its fate."""

from typing import Any

from idp.accounts.control import ProvenControl
from idp.accounts.lifecycle.hooks import AccountLifecycleHook
from idp.federation.linking.conflict_store import ConflictStore
from idp.federation.linking.store import LinkStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.foundation import Foundation

MOVED = "upstream"


class UpstreamLifecycleHook(AccountLifecycleHook):
    """The part of the federation room."""

    def __init__(self, foundation: Foundation) -> None:
        self._sources = foundation.sources
        self._links = LinkStore(foundation.vault)
        self._conflicts = ConflictStore(foundation.vault)

    def end(self, account_id: str, reason: str) -> Transaction[None]:
        """Whoever comes from there again is somebody new here."""
        now = self._sources.now()
        yield from self._links.end_of_account(account_id, 0.0, reason, now)
        yield from self._links.wipe(account_id)
        yield from self._conflicts.dismiss_of_account(account_id, reason, now)

    def secure(self, account_id: str, since: float) -> Transaction[dict[str, int]]:
        """What somebody else linked is a way in for them."""
        ended = yield from self._links.end_of_account(account_id, since, "secured", self._sources.now())
        return {"upstreams": ended}

    def bound(self, account_id: str, shown: ProvenControl) -> Transaction[dict[str, int]]:
        """Who comes from there is not known to be the one who proved more, unless they have just come."""
        now = self._sources.now()
        ended = yield from self._links.end_unshown(account_id, shown.since, shown.level, "bound", now)
        return {"upstreams": ended}

    def recover(self, account_id: str, now: float) -> Transaction[None]:
        """Whoever comes from there may be the one from whom the account is taken back."""
        yield from self.secure(account_id, 0.0)

    def move(self, account_id: str, into: str) -> Transaction[dict[str, Any]]:
        """The same person comes from there, to the account that remains."""
        return {MOVED: (yield from self._links.move(account_id, into))}

    def give_back(self, account_id: str, into: str, moved: dict[str, Any]) -> Transaction[None]:
        """See `AccountLifecycleHook.give_back`."""
        for link_id in moved.get(MOVED, []):
            yield from self._links.move_back(link_id, account_id, into)
