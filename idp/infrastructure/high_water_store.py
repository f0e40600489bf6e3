"""The table of the high-water mark: one row, which an older copy of the database brings back."""

from dataclasses import dataclass

from sqlalchemy import Column, Table, Text, bindparam, case, select
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Row, Statement, Transaction, metadata
from idp.infrastructure.database.interface import first_as
from idp.infrastructure.database.schema import Instant

_NAME = "database"

high_water = Table(
    "high_water_marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("database_id", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
_new = insert(high_water).excluded
RAISE = Statement(
    insert(high_water)
    .on_conflict_do_update(
        index_elements=["name"],
        set_={
            "seen_at": case((high_water.c.seen_at > _new.seen_at, high_water.c.seen_at), else_=_new.seen_at)
        },
    )
    .returning(high_water.c.database_id, high_water.c.seen_at),
    lock_key="name",
)
READ = Statement(select(high_water).where(high_water.c.name == bindparam("the_name", type_=Text)))


@dataclass(frozen=True, slots=True)
class Mark:
    """That a database was there at an instant; `database_id` is drawn once, and comes back with each copy of it."""

    database_id: str
    seen_at: float

    def to_text(self) -> str:
        """As it is kept outside."""
        return f"{self.database_id} {self.seen_at!r}\n"

    @classmethod
    def from_text(cls, text: str) -> "Mark | None":
        """What `to_text` made; None of anything else."""
        database_id, _blank, instant = text.strip().partition(" ")
        try:
            return cls(database_id, float(instant)) if database_id else None
        except ValueError:
            return None


def _mark_of(row: Row) -> Mark:
    return Mark(row["database_id"], row["seen_at"])


def raised(database_id: str, now: float) -> Transaction[Mark]:
    """Note that the database is there now, under the id that it has, or else under this one."""
    [row] = yield RAISE(name=_NAME, database_id=database_id, seen_at=now)
    return _mark_of(row)


def mark() -> Transaction[Mark | None]:
    """Until when the database has been seen, as far as it knows itself."""
    return first_as(_mark_of, (yield READ(the_name=_NAME)))
