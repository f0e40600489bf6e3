"""The table of merges: which account went into which, and until when that can be undone."""

from sqlalchemy import Column, ForeignKey, Table, Text

from idp.infrastructure.database import metadata
from idp.infrastructure.database.schema import Instant, Sealed

account_merges = Table(
    "account_merges",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("into_account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("before", Sealed, nullable=False),
    Column("actor", Text, nullable=False),
    Column("merged_at", Instant, nullable=False),
    Column("undo_until", Instant, nullable=False),
    Column("undone_at", Instant),
)
