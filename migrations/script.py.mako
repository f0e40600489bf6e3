"""${message}."""

# A worker of the version before must be able to run against the schema after: add first, remove a version later.
# Only the steps of migrations.steps: each is short, gives way to requests, and may be done twice.
# A long change of data does not belong here: lock_timeout and statement_timeout will stop it.

import sqlalchemy as sa

from migrations.steps import add_column

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}
