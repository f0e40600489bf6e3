"""What must happen once, for as long as it could happen again: in the database, since a key-value store may forget."""

from idp.infrastructure.database import Database
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.sweeping import in_steps
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.single_use_store import FORGET, SPEND

FORGET_SECONDS = 600.0


class SingleUse:
    """Remembers by a keyed hash what was used, until it would be refused for its age anyway."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database
        self._vault = foundation.vault
        self._sources = foundation.sources

    async def spend(self, kind: str, key: str, seconds: float) -> bool:
        """Whether this is the first time; true for one caller in so many seconds. Raises DatabaseUnavailable."""
        name = self._vault.token_hash("single_use", f"{kind}:{key}").hex()
        call = SPEND(id=name, expires_at=self._sources.now() + seconds)
        return bool(await self._database.write(fetch(call)))

    async def forget_old(self) -> int:
        """Forget what has expired; how much."""
        background, now = self._database.background, self._sources.now()
        return await in_steps(lambda: self._forget(now, background))

    async def _forget(self, now: float, database: Database) -> int:
        return len(await database.write(fetch(FORGET(now=now))))
