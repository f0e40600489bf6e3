"""What a person prefers to see, kept with the account so that it comes along to a new device."""

from dataclasses import dataclass

from idp.accounts.preference_store import PREFERENCES, SET_ELDER, SET_LANGUAGE
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import first
from idp.infrastructure.foundation import Foundation


@dataclass(frozen=True, slots=True)
class Preference:
    """The elder mode (长辈版), and the language (BCP 47), None where the person never chose one."""

    elder: bool = False
    language: str | None = None


class Preferences:
    """No line in the audit record: how large and in which language one reads concerns nobody."""

    def __init__(self, base: Foundation) -> None:
        self._database = base.database
        self._sources = base.sources

    async def of_account(self, account_id: str) -> Preference:
        """What the person chose."""

        def work() -> Transaction[Preference]:
            row = first((yield PREFERENCES(the_id=account_id)))
            return Preference(bool(row["elder_mode"]), row["language"]) if row else Preference()

        return await self._database.read(work)

    async def elder(self, account_id: str) -> bool:
        """Whether the person chose the elder mode."""
        return (await self.of_account(account_id)).elder

    async def keep_elder(self, account_id: str, elder: bool) -> None:
        """Remember the choice."""

        def work() -> Transaction[None]:
            yield SET_ELDER(the_id=account_id, elder=int(elder), now=self._sources.now())

        await self._database.write(work)

    async def keep_language(self, account_id: str, language: str) -> None:
        """Remember the language, for pages on a new device and for messages."""

        def work() -> Transaction[None]:
            yield SET_LANGUAGE(the_id=account_id, the_language=language, now=self._sources.now())

        await self._database.write(work)
