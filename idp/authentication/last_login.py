"""When somebody was last here: read from the sessions, which are kept after their end."""

from sqlalchemy import bindparam, func, select
from sqlalchemy.types import Text

from idp.infrastructure.database import Statement
from idp.infrastructure.database.interface import fetch, first
from idp.infrastructure.foundation import Foundation
from idp.sessions.store import sessions

LAST = Statement(
    select(func.max(sessions.c.last_seen_at).label("at")).where(
        sessions.c.account_id == bindparam("the_account", type_=Text)
    )
)


class LastLogin:
    """Asks when an account was last used."""

    def __init__(self, foundation: Foundation) -> None:
        self._database = foundation.database

    async def of_account(self, account_id: str) -> float | None:
        """The last sign of life; None without any session."""
        row = first(await self._database.read(fetch(LAST(the_account=account_id))))
        return None if row is None else row["at"]
