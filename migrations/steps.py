"""What a migration may do to tables in use, while the release before goes on serving.

Each step is a transaction of its own, short, and passed over where it was done before: a migration that was cut short,
or gave way to requests because a lock was not to be had at once, begins again from its first step. What only adds
leaves the statements of the release before as they are.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa
from alembic import op


def add_column(table: str, column: sa.Column[object]) -> None:
    """Add a column that the release before can do without: one that may be empty, or has a default of the server."""
    if not column.nullable and column.server_default is None:
        raise ValueError(f"{table}.{column.name}: who does not know it could not add a row any more")
    if not _has_column(table, column.name):
        with op.get_context().autocommit_block():
            op.add_column(table, column)


def create_table(name: str, *parts: sa.schema.SchemaItem) -> None:
    """Make a table; those that it refers to are held for that moment."""
    with op.get_context().autocommit_block():
        op.create_table(name, *parts, if_not_exists=True)


def add_index(
    name: str,
    table: str,
    columns: Sequence[str | sa.TextClause],
    where: str | None = None,
    *,
    unique: bool = False,
) -> None:
    """Make an index without holding up writers: on PostgreSQL CONCURRENTLY."""
    condition = None if where is None else sa.text(where)
    with op.get_context().autocommit_block(), _patience():
        if _on_postgresql():
            _drop_unfinished(name)
        op.create_index(
            name,
            table,
            columns,
            unique=unique,
            if_not_exists=True,
            postgresql_concurrently=True,
            postgresql_where=condition,
            sqlite_where=condition,
        )


def add_check(name: str, table: str, condition: str) -> None:
    """Add a rule for rows; on PostgreSQL those that are there are looked at apart, beside the traffic."""
    if _on_postgresql():
        _add_constraint(name, table, f"CHECK ({condition})")
    elif not _has_constraint(name, table):
        with op.batch_alter_table(table) as batch:
            batch.create_check_constraint(name, sa.text(condition))


def add_foreign_key(name: str, table: str, column: str, parent: str) -> None:
    """Let a column refer to the `id` of another table; on PostgreSQL the rows that are there are looked at apart."""
    if _on_postgresql():
        _add_constraint(name, table, f"FOREIGN KEY ({column}) REFERENCES {parent} (id)")
    elif not _has_constraint(name, table):
        with op.batch_alter_table(table) as batch:
            batch.create_foreign_key(name, parent, [column], ["id"])


def change(statement: str, **values: object) -> None:
    """Change a few rows by one statement, in a transaction of its own; it must be right to do it twice."""
    with op.get_context().autocommit_block():
        op.execute(sa.text(statement).bindparams(**values))


def serves_from(version: str) -> None:
    """For a migration that takes something away: programs of an earlier schema version do not start on it."""
    statement = """insert into revisions (name, number) values ('schema.oldest', :number)
    on conflict (name) do update set number = excluded.number"""
    change(statement, number=int(version))


def _add_constraint(name: str, table: str, definition: str) -> None:
    there = _has_constraint(name, table)
    with op.get_context().autocommit_block():
        if not there:
            op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
        with _patience():
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")


@contextmanager
def _patience() -> Iterator[None]:
    """For what takes long and waits for others, and for which no request has to wait."""
    limits = ("lock_timeout", "statement_timeout") if _on_postgresql() else ()
    for limit in limits:
        op.execute(f"SET {limit} = 0")
    yield
    for limit in limits:
        op.execute(f"RESET {limit}")  # an attempt that fails ends its connection


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _has_column(table: str, name: str) -> bool:
    return name in {column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)}


def _has_constraint(name: str, table: str) -> bool:
    known = sa.inspect(op.get_bind())
    found = (*known.get_check_constraints(table), *known.get_foreign_keys(table))
    return name in {each["name"] for each in found}


def _drop_unfinished(name: str) -> None:
    """What was interrupted leaves an index that is kept up and never used."""
    found = op.get_bind().execute(
        sa.text(
            "SELECT 1 FROM pg_index JOIN pg_class ON pg_class.oid = pg_index.indexrelid"
            " WHERE pg_class.relname = :name AND NOT pg_index.indisvalid"
        ),
        {"name": name},
    )
    if found.first() is not None:
        op.drop_index(name, postgresql_concurrently=True)
