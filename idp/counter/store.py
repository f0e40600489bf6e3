"""The table of what one member of staff began at the counter and another has to confirm."""

from sqlalchemy import Column, ForeignKey, Table, Text

from idp.infrastructure.database import metadata
from idp.infrastructure.database.schema import Instant, Sealed

counter_requests = Table(
    "counter_requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("content", Sealed, nullable=False),
    Column("state", Text, nullable=False),
    Column("begun_by", Text, ForeignKey("accounts.id"), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("decided_by", Text, ForeignKey("accounts.id")),
    Column("decided_at", Instant),
)
