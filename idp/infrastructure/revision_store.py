"""The table of revisions: a number for each thing that workers keep in memory, raised when it changes."""

from sqlalchemy import BigInteger, Column, Table, Text, bindparam, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.statement import Call

revisions = Table(
    "revisions",
    metadata,
    Column("name", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

_one = literal_column("1", BigInteger)
BUMP = Statement(
    insert(revisions)
    .values(name=bindparam("the_name", type_=Text), number=_one)
    .on_conflict_do_update(index_elements=["name"], set_={"number": revisions.c.number + _one}),
    lock_key="the_name",
)
ALL = Statement(select(revisions))
ONE = Statement(select(revisions.c.number).where(revisions.c.name == bindparam("the_name", type_=Text)))


def bump(name: str) -> Call:
    """The call that announces a change, in the transaction that makes it."""
    return BUMP(the_name=name)


def number(name: str) -> Transaction[int]:
    """How often a name was bumped."""
    row = first((yield ONE(the_name=name)))
    return row["number"] if row else 0


def numbers() -> Transaction[dict[str, int]]:
    """How often each name was bumped."""
    return {row["name"]: row["number"] for row in (yield ALL())}
