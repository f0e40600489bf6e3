"""Upstream platforms: who came from where, what did not fit, and what was said to them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _identities()
    _conflicts()
    op.create_table(
        "upstream_exchanges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("milliseconds", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("answer_digest", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_upstream_exchanges"),
    )
    op.create_index("ix_upstream_exchanges_at", "upstream_exchanges", ["at"], unique=False)


def _identities() -> None:
    op.create_table(
        "upstream_identities",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("legal_person_id", sa.Text(), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("level_source", sa.Text(), nullable=False),
        sa.Column("linked_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=False),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_upstream_identities_account_id"),
        sa.ForeignKeyConstraint(
            ["legal_person_id"], ["legal_persons.id"], name="fk_upstream_identities_legal_person_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_upstream_identities"),
    )
    op.create_index("ix_upstream_identities_account_id", "upstream_identities", ["account_id"], unique=False)
    _unique(
        "uq_upstream_identities_live", "upstream_identities", ["profile", "subject_index"], "ended_at IS NULL"
    )


def _conflicts() -> None:
    op.create_table(
        "upstream_conflicts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_upstream_conflicts_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_upstream_conflicts"),
    )
    op.create_index("ix_upstream_conflicts_account_id", "upstream_conflicts", ["account_id"], unique=False)
    columns = ["profile", "subject_index", "reason"]
    _unique("uq_upstream_conflicts_open", "upstream_conflicts", columns, "state = 'open'")


def _unique(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=True, postgresql_where=where, sqlite_where=where)
