"""The statements for what a person prefers to see."""

from sqlalchemy import Text, bindparam, select, update

from idp.accounts.model import Preference
from idp.accounts.store import accounts
from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.statement import Call

_language = bindparam("the_language", type_=Text)

PREFERENCES = Statement(
    select(accounts.c.elder_mode, accounts.c.language).where(accounts.c.id == bindparam("the_id"))
)
SET_ELDER = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"), accounts.c.elder_mode != bindparam("elder"))
    .values(elder_mode=bindparam("elder"), updated_at=bindparam("now"))
)
SET_LANGUAGE = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("the_id"), accounts.c.language.is_distinct_from(_language))
    .values(language=_language, updated_at=bindparam("now"))
)


class PreferenceStore:
    """One statement per method."""

    def of_account(self, account_id: str) -> Transaction[Preference]:
        """What the person chose."""
        row = first((yield PREFERENCES(the_id=account_id)))
        return Preference(bool(row["elder_mode"]), row["language"]) if row else Preference()

    def set_elder(self, account_id: str, elder: bool, now: float) -> Call:
        """The call that keeps the elder mode."""
        return SET_ELDER(the_id=account_id, elder=int(elder), now=now)

    def set_language(self, account_id: str, language: str, now: float) -> Call:
        """The call that keeps the language."""
        return SET_LANGUAGE(the_id=account_id, the_language=language, now=now)
