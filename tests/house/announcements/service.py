"""Announces, and forgets what is over."""

from idp.announcements.store import AnnouncementStore
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.foundation import Foundation


class Announcements:
    """What people should know."""

    def __init__(self, foundation: Foundation) -> None:
        self._database, self._sources = foundation.database, foundation.sources
        self._store = AnnouncementStore()

    async def add(self, text: str, hours: float) -> str:
        """Announce something for so many hours; its id."""
        announcement_id = self._sources.new_id()
        until = self._sources.now() + hours * 3600
        await self._database.write(fetch(self._store.add(announcement_id, text, until)))
        return announcement_id

    async def current(self) -> list[str]:
        """What is announced now."""
        now = self._sources.now()
        return await self._database.read(lambda: self._store.current(now))

    async def forget_old(self) -> None:
        """Wipe what is over."""
        now = self._sources.now()
        await self._database.background.write(fetch(self._store.forget_old(now)))
