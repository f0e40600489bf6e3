"""Signing keys that are not believed any more, at once."""

import sqlalchemy as sa

from migrations.steps import add_column

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("signing_keys", sa.Column("revoked_at", sa.Double(), nullable=True))
