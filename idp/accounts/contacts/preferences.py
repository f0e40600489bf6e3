"""What a person prefers to see, kept with the account so that it comes along to a new device."""

from idp.accounts.contacts.preference_store import PreferenceStore
from idp.accounts.model import Preference
from idp.infrastructure.foundation import Foundation


class Preferences:
    """No line in the audit record: how large and in which language one reads concerns nobody."""

    def __init__(self, base: Foundation) -> None:
        self._database = base.database
        self._sources = base.sources
        self._store = PreferenceStore()

    async def of_account(self, account_id: str) -> Preference:
        """What the person chose."""
        return await self._database.read(lambda: self._store.of_account(account_id))

    async def elder(self, account_id: str) -> bool:
        """Whether the person chose the elder mode."""
        return (await self.of_account(account_id)).elder

    async def keep_elder(self, account_id: str, elder: bool) -> None:
        """Remember the choice."""
        await self._database.add(self._store.set_elder(account_id, elder, self._sources.now()))

    async def keep_language(self, account_id: str, language: str) -> None:
        """Remember the language, for pages on a new device and for messages."""
        await self._database.add(self._store.set_language(account_id, language, self._sources.now()))
