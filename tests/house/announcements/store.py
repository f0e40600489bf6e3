"""The table of announcements."""

from sqlalchemy import Column, Table, Text, bindparam, delete, insert, select

from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call

announcements = Table(
    "announcements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("until", Instant, nullable=False, index=True),
)

_now = bindparam("now", type_=Instant())
ADD = Statement(insert(announcements))
CURRENT = Statement(
    select(announcements.c.text).where(announcements.c.until > _now).order_by(announcements.c.id)
)
FORGET_OLD = Statement(delete(announcements).where(announcements.c.until <= _now))


class AnnouncementStore:
    """One statement per method."""

    def add(self, announcement_id: str, text: str, until: float) -> Call:
        """The call that keeps an announcement until an instant."""
        return ADD(id=announcement_id, text=text, until=until)

    def current(self, now: float) -> Transaction[list[str]]:
        """The texts that are not over yet, oldest first."""
        return [row["text"] for row in (yield CURRENT(now=now))]

    def forget_old(self, now: float) -> Call:
        """The call that wipes what is over."""
        return FORGET_OLD(now=now)
