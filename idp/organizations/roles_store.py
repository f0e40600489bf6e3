"""The table of staff roles: who may do what for which administrative division."""

from sqlalchemy import Column, ForeignKey, Table, Text

from idp.infrastructure.database import metadata
from idp.infrastructure.database.schema import Instant

staff_roles = Table(
    "staff_roles",
    metadata,
    Column("account_id", Text, ForeignKey("accounts.id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("division", Text, primary_key=True),
    Column("granted_by", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
)
