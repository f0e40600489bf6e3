"""An organisation's login is nobody's personal account: what rested on the contrary ends."""

import time

import sqlalchemy as sa

from migrations.steps import add_column, change

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_REASON = "organisation login"
# What a company's account told of a person, and the way in that it was. Whoever they are logs in anew.
_ENDING = (
    """update accounts set security_version = security_version + 1 where id in
    (select account_id from upstream_identities where kind = 'agent' and ended_at is null)""",
    """update sessions set ended_at = :now, farewell = :farewell where ended_at is null
    and ' ' || amr || ' ' like '% upstream %' and account_id in
    (select account_id from upstream_identities where kind = 'agent' and ended_at is null)""",
    """update grants set revoked_at = :now where revoked_at is null
    and ' ' || amr || ' ' like '% upstream %' and account_id in
    (select account_id from upstream_identities where kind = 'agent' and ended_at is null)""",
    """update legal_persons set representative_account_id = null, represented_since = null where id in
    (select principal_legal_person_id from mandates where state in ('active', 'suspended')
    and granted_by = 'upstream' and relation = 'legal_representative')""",
    """update mandates set state = 'revoked', ended_at = :now, end_reason = :reason
    where state in ('active', 'suspended') and granted_by = 'upstream'""",
    """update real_name_records set ended_at = :now, end_reason = :reason
    where ended_at is null and method = 'upstream' and source like '%' || :legal""",
    """update accounts set real_name_level = coalesce((select max(level) from real_name_records
    where account_id = accounts.id and ended_at is null and (expires_at is null or expires_at > :now)), 0)
    where id in (select account_id from real_name_records where end_reason = :reason)""",
    # 'settled': nobody is led back into an account by the word of a company's login.
    """update upstream_identities set ended_at = :now, end_reason = 'settled'
    where kind = 'agent' and ended_at is null""",
)


def upgrade() -> None:
    add_column("accounts", sa.Column("kind", sa.Text(), server_default="person", nullable=False))
    now = time.time()  # noqa: TID251 - a migration stands alone
    known = {"now": now, "reason": _REASON, "legal": ":legal", "farewell": f'{{"reason": "{_REASON}"}}'}
    for statement in _ENDING:
        used = {name: value for name, value in known.items() if f":{name}" in statement}
        change(statement, **used)
