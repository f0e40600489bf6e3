"""What an attacker leaves behind: the rows of all tables."""

from collections import Counter

from idp import schema
from tests.support import raw_sql
from tests.support.inprocess import Provider


async def stored(house: Provider) -> Counter[str]:
    """How many rows each table has, once what waits to be recorded is written."""
    await house.worker.refusals.flush()
    queries = [f"SELECT '{name}' AS name, count(*) AS number FROM {name}" for name in schema.metadata.tables]  # noqa: S608
    found = raw_sql.rows(house.worker.settings.database, " UNION ALL ".join(queries))
    return Counter({row["name"]: int(row["number"]) for row in found})
