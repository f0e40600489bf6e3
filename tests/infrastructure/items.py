"""A table of the tests' own, and units of work on it."""

from collections.abc import Callable

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
    bindparam,
    insert,
    literal_column,
    select,
    update,
)

from idp.infrastructure.database import Statement, Transaction

CREATE = (
    "CREATE TABLE items (name TEXT PRIMARY KEY, number INTEGER NOT NULL, owner TEXT REFERENCES items (name))"
)

items = Table(
    "items",
    MetaData(),
    Column("name", Text, primary_key=True),
    Column("number", Integer, nullable=False),
    Column("owner", Text, ForeignKey("items.name")),
)

ADD = Statement(insert(items))
FIND = Statement(select(items).where(items.c.name == bindparam("the_name")))
ALL = Statement(select(items).order_by(items.c.name))
COUNT_UP = Statement(
    update(items)
    .where(items.c.name == bindparam("the_name"))
    .values(number=items.c.number + literal_column("1", Integer))
    .returning(items.c.number),
    lock_key="the_name",
)
SET_NUMBER = Statement(
    update(items).where(items.c.name == bindparam("the_name")).values(number=bindparam("number")),
    lock_key="the_name",
)

Unit = Callable[[], Transaction[int | None]]


def add(name: str, number: int = 0, owner: str | None = None) -> Unit:
    """Add an item; its number."""

    def work() -> Transaction[int | None]:
        yield ADD(name=name, number=number, owner=owner)
        return number

    return work


def find(name: str) -> Unit:
    """The number of an item, or None."""

    def work() -> Transaction[int | None]:
        rows = yield FIND(the_name=name)
        return rows[0]["number"] if rows else None

    return work


def count_up(*names: str) -> Unit:
    """Count items up one after the other; the last one's number."""

    def work() -> Transaction[int | None]:
        number = None
        for name in names:
            rows = yield COUNT_UP(the_name=name)
            number = rows[0]["number"] if rows else None
        return number

    return work


def breaking(name: str) -> Unit:
    """Add an item and break."""

    def work() -> Transaction[int | None]:
        yield ADD(name=name, number=0, owner=None)
        raise LookupError(name)

    return work


def names() -> Callable[[], Transaction[list[str]]]:
    """The names of all items."""

    def work() -> Transaction[list[str]]:
        return [row["name"] for row in (yield ALL())]

    return work
