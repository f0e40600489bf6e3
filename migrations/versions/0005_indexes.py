"""Indexes for what is looked for again and again in tables that grow."""

from migrations.steps import add_index

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_index("ix_devices_account_id", "devices", ["account_id"])
    add_index("ix_accounts_closes_at", "accounts", ["closes_at"], "closes_at IS NOT NULL")
    add_index("ix_accounts_merged_into", "accounts", ["merged_into"], "merged_into IS NOT NULL")
    add_index("ix_account_merges_kept", "account_merges", ["undo_until"], "length(before) > 0")
    add_index(
        "ix_real_name_records_ends",
        "real_name_records",
        ["expires_at"],
        "ended_at IS NULL AND expires_at IS NOT NULL",
    )
    add_index("ix_mandates_granted_by", "mandates", ["granted_by"])
    add_index("ix_mandates_agent_legal_person_id", "mandates", ["agent_legal_person_id"])
    add_index("ix_mandates_valid_until", "mandates", ["valid_until"], "ended_at IS NULL")
    add_index("ix_mandates_invited_created_at", "mandates", ["created_at"], "state = 'invited'")
    add_index("ix_counter_requests_open", "counter_requests", ["begun_at"], "state IN ('pending', 'waiting')")
    add_index(
        "ix_upstream_conflicts_subject",
        "upstream_conflicts",
        ["profile", "subject_index", "reason"],
    )
    add_index("ix_sessions_open_acting", "sessions", ["id"], "ended_at IS NULL AND mandate_id IS NOT NULL")
    add_index("ix_grants_tombstones", "grants", ["revoked_at"], "session_id IS NULL")
