"""The user centre: real-name records, legal persons, mandates, staff, devices, the counter."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _proofs()
    _legal_persons()
    _mandates()
    _representation()
    _staff()
    _corrections()


def _people() -> None:
    for column in (
        sa.Column("birth_date", sa.LargeBinary()),
        sa.Column("phone_verified_at", sa.Double()),
        sa.Column("elder_mode", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("state_reason", sa.Text()),
        sa.Column("closes_at", sa.Double()),
        sa.Column("merged_into", sa.Text()),
        sa.Column("login_choices", sa.Text()),
        sa.Column("language", sa.Text()),
    ):
        op.add_column("accounts", column)
    for column in (
        sa.Column("lookup", sa.LargeBinary()),
        sa.Column("label", sa.Text()),
        sa.Column("last_used_at", sa.Double()),
    ):
        op.add_column("authenticators", column)
    with op.batch_alter_table("accounts") as table:
        table.create_foreign_key("fk_accounts_merged_into", "accounts", ["merged_into"], ["id"])
    op.create_index(
        "uq_accounts_verified_phone",
        "accounts",
        ["phone_index"],
        unique=True,
        postgresql_where=sa.text("phone_verified_at IS NOT NULL"),
        sqlite_where=sa.text("phone_verified_at IS NOT NULL"),
    )
    certified = sa.text("real_name_level > 0 AND state != 'merged'")
    op.create_index(
        "uq_accounts_verified_certificate",
        "accounts",
        ["certificate_index", "certificate_type"],
        unique=True,
        postgresql_where=certified,
        sqlite_where=certified,
    )
    with op.batch_alter_table("authenticators") as table:
        table.create_unique_constraint("uq_authenticators_lookup", ["lookup"])


def _proofs() -> None:
    op.create_table(
        "real_name_records",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("evidence_reference", sa.Text(), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=True),
        sa.Column("verified_at", sa.Double(), nullable=False),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_real_name_records_account_id"),
        sa.PrimaryKeyConstraint("id", name="pk_real_name_records"),
    )
    op.create_index("ix_real_name_records_account_id", "real_name_records", ["account_id"], unique=False)
    op.create_table(
        "account_merges",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("into_account_id", sa.Text(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("merged_at", sa.Double(), nullable=False),
        sa.Column("undo_until", sa.Double(), nullable=False),
        sa.Column("undone_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_account_merges_account_id"),
        sa.ForeignKeyConstraint(
            ["into_account_id"], ["accounts.id"], name="fk_account_merges_into_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_account_merges"),
    )
    op.create_index("ix_account_merges_account_id", "account_merges", ["account_id"], unique=False)
    op.create_index("ix_account_merges_into_account_id", "account_merges", ["into_account_id"], unique=False)


def _legal_persons() -> None:
    op.create_table(
        "legal_persons",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unified_social_credit_code", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("representative_account_id", sa.Text(), nullable=True),
        sa.Column("represented_since", sa.Double(), nullable=True),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("evidence_reference", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["representative_account_id"], ["accounts.id"], name="fk_legal_persons_representative_account_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_legal_persons"),
        sa.UniqueConstraint("unified_social_credit_code", name="uq_legal_persons_unified_social_credit_code"),
    )
    op.create_index(
        "ix_legal_persons_representative_account_id",
        "legal_persons",
        ["representative_account_id"],
        unique=False,
    )


def _mandates() -> None:
    op.create_table(
        "mandates",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("relation", sa.Text(), nullable=False),
        sa.Column("principal_legal_person_id", sa.Text(), nullable=True),
        sa.Column("principal_account_id", sa.Text(), nullable=True),
        sa.Column("agent_legal_person_id", sa.Text(), nullable=True),
        sa.Column("agent_account_id", sa.Text(), nullable=True),
        sa.Column("parent_mandate_id", sa.Text(), nullable=True),
        sa.Column("invitee_name", sa.Text(), nullable=True),
        sa.Column("invitee_phone", sa.LargeBinary(), nullable=True),
        sa.Column("invitee_phone_index", sa.LargeBinary(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("systems", sa.Text(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Double(), nullable=False),
        sa.Column("valid_until", sa.Double(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("evidence_reference", sa.Text(), nullable=False),
        sa.Column("created_at", sa.Double(), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.Column("ended_at", sa.Double(), nullable=True),
        sa.Column("end_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["principal_legal_person_id"], ["legal_persons.id"], name="fk_mandates_principal_legal_person_id"
        ),
        sa.ForeignKeyConstraint(
            ["principal_account_id"], ["accounts.id"], name="fk_mandates_principal_account_id"
        ),
        sa.ForeignKeyConstraint(
            ["agent_legal_person_id"], ["legal_persons.id"], name="fk_mandates_agent_legal_person_id"
        ),
        sa.ForeignKeyConstraint(["agent_account_id"], ["accounts.id"], name="fk_mandates_agent_account_id"),
        sa.ForeignKeyConstraint(["parent_mandate_id"], ["mandates.id"], name="fk_mandates_parent_mandate_id"),
        sa.PrimaryKeyConstraint("id", name="pk_mandates"),
    )
    for column in (
        "principal_legal_person_id",
        "principal_account_id",
        "agent_account_id",
        "parent_mandate_id",
        "invitee_phone_index",
    ):
        op.create_index(f"ix_mandates_{column}", "mandates", [column], unique=False)


def _representation() -> None:
    """Sessions and grants know for whom somebody acts, and so does the audit record."""
    op.add_column("sessions", sa.Column("device_id", sa.Text()))
    op.add_column("sessions", sa.Column("chosen_at", sa.Double()))
    for table in ("sessions", "grants"):
        op.add_column(table, sa.Column("mandate_id", sa.Text()))
        op.add_column(table, sa.Column("principal", sa.Text()))
        with op.batch_alter_table(table) as altered:
            altered.create_foreign_key(f"fk_{table}_mandate_id", "mandates", ["mandate_id"], ["id"])
        op.create_index(f"ix_{table}_mandate_id", table, ["mandate_id"], unique=False)
    for name, column, condition in (
        ("ix_sessions_open_last_seen_at", "last_seen_at", "ended_at IS NULL"),
        ("ix_sessions_open_created_at", "created_at", "ended_at IS NULL"),
        ("ix_sessions_ended_at", "ended_at", "ended_at IS NOT NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "sessions", [column], unique=False, postgresql_where=where, sqlite_where=where)
    op.add_column("audit_events", sa.Column("principal", sa.Text()))
    op.create_index(
        "ix_audit_events_principal_at",
        "audit_events",
        ["principal", "at"],
        unique=False,
        postgresql_where=sa.text("principal IS NOT NULL"),
        sqlite_where=sa.text("principal IS NOT NULL"),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("user_agent", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("first_seen_at", sa.Double(), nullable=False),
        sa.Column("last_seen_at", sa.Double(), nullable=False),
        sa.Column("trusted_until", sa.Double(), nullable=True),
        sa.Column("forgotten_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_devices_account_id"),
        sa.PrimaryKeyConstraint("id", "account_id", name="pk_devices"),
    )


def _staff() -> None:
    op.create_table(
        "staff_roles",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("division", sa.Text(), nullable=False),
        sa.Column("granted_by", sa.Text(), nullable=False),
        sa.Column("granted_at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_staff_roles_account_id"),
        sa.PrimaryKeyConstraint("account_id", "role", "division", name="pk_staff_roles"),
    )
    op.create_table(
        "counter_requests",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.Text(), nullable=False),
        sa.Column("begun_at", sa.Double(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_counter_requests_account_id"),
        sa.ForeignKeyConstraint(["begun_by"], ["accounts.id"], name="fk_counter_requests_begun_by"),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name="fk_counter_requests_decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_counter_requests"),
    )
    op.create_index("ix_counter_requests_account_id", "counter_requests", ["account_id"], unique=False)


def _corrections() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("wanted", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.Double(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_corrections_account_id"),
        sa.ForeignKeyConstraint(["decided_by"], ["accounts.id"], name="fk_corrections_decided_by"),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
    )
    op.create_index("ix_corrections_account_id", "corrections", ["account_id"], unique=False)
    where = sa.text("state = 'open'")
    op.create_index(
        "ix_corrections_open",
        "corrections",
        ["asked_at"],
        unique=False,
        postgresql_where=where,
        sqlite_where=where,
    )
