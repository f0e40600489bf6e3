"""What was used once, for as long as it could be used again."""

import sqlalchemy as sa

from migrations.steps import add_index, create_table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "single_uses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_single_uses"),
    )
    add_index("ix_single_uses_expires_at", "single_uses", ["expires_at"])
