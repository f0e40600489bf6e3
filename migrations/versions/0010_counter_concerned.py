"""Whom a request at the counter is about or profits: by account, or by certificate number as it is looked for."""

import sqlalchemy as sa

from migrations.steps import create_table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_table(
        "counter_concerned",
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("certificate_index", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["counter_requests.id"], name="fk_counter_concerned_request_id"
        ),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_counter_concerned_account_id"),
        sa.PrimaryKeyConstraint("request_id", "number", name="pk_counter_concerned"),
    )
