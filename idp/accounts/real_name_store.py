"""The table of real-name records: every proof of who somebody is, with its end; rows are closed, never removed."""

from sqlalchemy import Column, ForeignKey, Integer, Table, Text

from idp.infrastructure.database import metadata
from idp.infrastructure.database.schema import Instant

real_name_records = Table(
    "real_name_records",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), nullable=False, index=True),
    Column("level", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("evidence_reference", Text, nullable=False),
    Column("verifier", Text),
    Column("verified_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("ended_at", Instant),
    Column("end_reason", Text),
)
