"""When work that is due again and again was last done, and when it last failed."""

import sqlalchemy as sa

from migrations.steps import create_table

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "periodic_jobs",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("succeeded_at", sa.Double(), nullable=True),
        sa.Column("failed_at", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name="pk_periodic_jobs"),
    )
