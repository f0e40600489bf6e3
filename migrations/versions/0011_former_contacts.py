"""Where somebody was reached until lately, for notices only."""

import sqlalchemy as sa

from migrations.steps import add_index, create_table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "former_contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_former_contacts_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_former_contacts"),
    )
    add_index("ix_former_contacts_account_id", "former_contacts", ["account_id"])
    add_index("ix_former_contacts_ended_at", "former_contacts", ["ended_at"])
