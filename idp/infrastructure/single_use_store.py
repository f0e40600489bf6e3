"""The table of what was used and must not be used again."""

from sqlalchemy import Column, Table, Text, bindparam
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Statement, metadata
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.sweeping import delete_some

single_uses = Table(
    "single_uses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False, index=True),
)

SPEND = Statement(
    insert(single_uses).on_conflict_do_nothing(index_elements=["id"]).returning(single_uses.c.id),
    lock_key="id",
)
FORGET = delete_some(
    single_uses,
    single_uses.c.expires_at <= bindparam("now", type_=Instant()),
    oldest=single_uses.c.expires_at,
)
