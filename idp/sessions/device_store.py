"""The table of the devices from which somebody has logged in."""

from sqlalchemy import Column, ForeignKey, Table, Text

from idp.infrastructure.database import metadata
from idp.infrastructure.database.schema import Instant

devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("trusted_until", Instant),
    Column("forgotten_at", Instant),
)
