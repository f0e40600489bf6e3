"""What was proved of an account holds for it as it was: a number that every change of what protects it raises."""

import sqlalchemy as sa

from migrations.steps import add_column

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_column("accounts", sa.Column("security_version", sa.Integer(), server_default="0", nullable=False))
