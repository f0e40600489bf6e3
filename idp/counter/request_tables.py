"""The tables of requests at the counter, and of whom each is about."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, Table, Text

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
    Column("division", Text),
    Column("open_key", Text),
    Index("uq_counter_requests_open_key", "open_key", unique=True),
)

counter_concerned = Table(
    "counter_concerned",
    metadata,
    Column("request_id", Text, ForeignKey("counter_requests.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id")),
    Column("certificate_index", LargeBinary),
)
