"""At most one open request of a kind for an account at the counter."""

import sqlalchemy as sa

from migrations.steps import add_column, add_index

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("counter_requests", sa.Column("open_key", sa.Text(), nullable=True))
    add_index("uq_counter_requests_open_key", "counter_requests", ["open_key"], unique=True)
