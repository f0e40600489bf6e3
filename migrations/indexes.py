"""Indexes for tables in use: made beside the traffic, and again from the start after an attempt that was cut short."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op


def add_index(
    name: str,
    table: str,
    columns: Sequence[str | sa.TextClause],
    where: str | None = None,
    *,
    unique: bool = False,
) -> None:
    """Make an index without holding up writers: on PostgreSQL CONCURRENTLY, in a transaction of its own."""
    condition = None if where is None else sa.text(where)
    with op.get_context().autocommit_block():
        if op.get_context().dialect.name == "postgresql":
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
