"""How high whoever let a mandate rest stood; what rested before counts as the principal's own decision."""

import sqlalchemy as sa

from migrations.steps import add_column

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("mandates", sa.Column("suspended_by_rank", sa.Integer(), nullable=True))
