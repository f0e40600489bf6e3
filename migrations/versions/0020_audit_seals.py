"""Seals over the audit record, by which it proves that no line was changed, removed or added."""

import sqlalchemy as sa

from migrations.steps import create_table

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "audit_seals",
        sa.Column("since_id", sa.Text(), nullable=False),
        sa.Column("until_id", sa.Text(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("tags", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("since_id", name="pk_audit_seals"),
        sa.UniqueConstraint("until_id", name="uq_audit_seals_until_id"),
    )
