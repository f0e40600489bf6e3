"""What happened to a person is found without passing over every token that was issued to their apps."""

from migrations.steps import add_index

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

OFTEN = "'token.issued', 'token.refreshed', 'logout.delivered', 'message.sent'"


def upgrade() -> None:
    add_index(
        "ix_audit_events_seldom",
        "audit_events",
        ["account_id", "at", "id"],
        f"event NOT IN ({OFTEN})",
    )
