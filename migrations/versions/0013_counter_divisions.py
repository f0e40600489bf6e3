"""Whom the counter may see: divisions of requests and accounts, and who was looked up by whom."""

import sqlalchemy as sa

from migrations.steps import add_column, add_index, create_table

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("counter_requests", sa.Column("division", sa.Text(), nullable=True))
    create_table(
        "account_divisions",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("noted_by", sa.Text(), nullable=False),
        sa.Column("noted_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_divisions_account_id"),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_divisions"),
    )
    create_table(
        "counter_visits",
        sa.Column("staff_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("found_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["accounts.id"], name="fk_counter_visits_staff_id"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_counter_visits_account_id"),
        sa.PrimaryKeyConstraint("staff_id", "account_id", name="pk_counter_visits"),
    )
    add_index("ix_counter_visits_account_id", "counter_visits", ["account_id"])
    add_index("ix_counter_visits_found_at", "counter_visits", ["found_at"])
