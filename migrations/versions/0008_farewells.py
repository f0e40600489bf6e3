"""Sessions that ended in great number, of which the systems are told in steps."""

import sqlalchemy as sa

from migrations.steps import add_column, add_index

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("sessions", sa.Column("farewell", sa.Text(), nullable=True))
    add_index("ix_sessions_farewell", "sessions", ["id"], "farewell IS NOT NULL")
