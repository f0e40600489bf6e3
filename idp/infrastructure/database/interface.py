"""What every room may expect of the database, whichever one runs below."""

from collections.abc import Callable, Generator, Sequence
from typing import Protocol, TypeVar

from idp.infrastructure.database.statement import Call, Row

T = TypeVar("T")

Transaction = Generator[Call, Sequence[Row], T]
"""A unit of work: yields one `Call` at a time, is sent its rows, returns its outcome.

It must be pure apart from what it yields: when the transaction it shares with others fails, it is run again alone.
"""


class DatabaseUnavailable(Exception):
    """The database did not answer, or not in time; whether a write arrived is unknown."""


class Conflict(Exception):
    """A uniqueness or foreign key rule refused the write; nothing was written."""


class Overtaken(Conflict):
    """Another unit of the same moment changed what this one had looked at before it wrote; nothing was written.

    No refusal, which is an outcome and found before the first write. It is raised where a statement that had to be
    the one was not: units of a batch do not wait for each other. Run again alone, the unit sees what the other did.
    """


class Database(Protocol):
    """One unit of work, one transaction, durable before `write` returns (see docs/decisions)."""

    async def write(self, work: Callable[[], Transaction[T]]) -> T:
        """Run a unit of work and commit it; raises Conflict or DatabaseUnavailable."""
        ...

    async def add(self, call: Call) -> None:
        """Make one call whose rows nobody waits for, such as an audit line, and commit it; raises as `write`."""
        ...

    async def read(self, work: Callable[[], Transaction[T]]) -> T:
        """Run a unit of work that only reads; its statements see what was committed before each of them."""
        ...

    @property
    def background(self) -> "Database":
        """The same database over lines of its own, for work in the background: requests do not queue behind it."""
        ...

    async def close(self) -> None:
        """Finish what is under way and let the connections go."""
        ...


def fetch(call: Call) -> Callable[[], Transaction[Sequence[Row]]]:
    """The unit of work that makes one call and returns its rows."""

    def work() -> Transaction[Sequence[Row]]:
        return (yield call)

    return work


def first(rows: Sequence[Row]) -> Row | None:
    """The only row expected, or None."""
    return rows[0] if rows else None


def first_as(record: Callable[[Row], T], rows: Sequence[Row]) -> T | None:
    """The only row expected, as the record that a store makes of it; or None."""
    return record(rows[0]) if rows else None
