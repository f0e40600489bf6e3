"""Devices are found by when they were seen last, so that old ones can go."""

from migrations.steps import add_index

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_index("ix_devices_last_seen_at", "devices", ["last_seen_at"])
