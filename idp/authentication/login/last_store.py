"""When somebody was last here: read from the sessions, which are kept after their end."""

from sqlalchemy import bindparam, func, select
from sqlalchemy.types import Text

from idp.infrastructure.database import Statement, Transaction
from idp.infrastructure.database.interface import first
from idp.sessions.store import sessions

LAST = Statement(
    select(func.max(sessions.c.last_seen_at).label("at")).where(
        sessions.c.account_id == bindparam("the_account", type_=Text)
    )
)


class LastLoginStore:
    """Asks when an account was last used."""

    def of_account(self, account_id: str) -> Transaction[float | None]:
        """The last sign of life, in Unix seconds; None without any session."""
        row = first((yield LAST(the_account=account_id)))
        return None if row is None else row["at"]
