"""What imported passwords cost to check, so that every login does the same work."""

import re

import sqlalchemy as sa
from alembic import op

from migrations.steps import change, create_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_CURRENT = "$argon2id$v=19$m=19456,t=2,p=1"
_COST = re.compile(
    r"\$argon2(?:id|i|d)\$(?:v=19\$)?m=\d{1,7},t=\d{1,4},p=\d{1,3}|\$2[abxy]?\$\d{2}|\$pbkdf2-sha(?:512|256)\$\d{1,9}"
    r"|pbkdf2_sha256\$\d{1,9}|\$[56](?:\$rounds=\d{1,9}(?=\$))?|\$1"
)


def upgrade() -> None:
    create_table("password_costs", sa.Column("cost", sa.Text, primary_key=True))
    imported = sa.text(f"SELECT password_hash FROM accounts WHERE password_hash NOT LIKE '{_CURRENT}$%'")  # noqa: S608
    rows = op.get_bind().execute(imported, execution_options={"stream_results": True})
    found = {match.group() for (stored,) in rows if (match := _COST.match(stored))}
    for cost in sorted(found):
        change("insert into password_costs (cost) values (:cost) on conflict do nothing", cost=cost)
