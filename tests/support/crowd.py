"""Fills every table of a PostgreSQL database with many made-up rows, so that its planner sees a district in use."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

MANY = 20_000
MORE = dict.fromkeys(
    ("mandates", "outbox", "upstream_exchanges", "key_values", "revoked_tokens", "single_uses"), 60_000
)
"""Tables of which some hundred rows are taken at a time, which must be few beside the others."""
FEW = {
    "clients": 20,
    "high_water_marks": 1,
    "password_costs": 4,
    "periodic_jobs": 15,
    "revisions": 5,
    "signing_keys": 3,
    "staff_roles": 300,
}
"""Tables that grow with the installation and not with its people."""

ROWS = FEW | MORE

# What the columns mean decides what a planner may hope for; `n` is the number of the row.
_VALUES = {
    "accounts.state": "CASE WHEN n % 100 = 0 THEN 'frozen' ELSE 'active' END",
    "accounts.closes_at": "CASE WHEN n % 500 = 0 THEN 1.0 * n END",
    "accounts.merged_into": "NULL",
    "accounts.real_name_level": "n % 5",
    "account_merges.undone_at": "CASE WHEN n % 2 = 0 THEN 1.0 * n END",
    "authenticators.kind": "CASE WHEN n % 2 = 0 THEN 'totp' ELSE 'passkey' END",
    "corrections.state": "CASE WHEN n % 500 = 0 THEN 'open' ELSE 'accepted' END",
    "counter_requests.state": "CASE WHEN n % 500 = 0 THEN 'pending' ELSE 'confirmed' END",
    "counter_requests.kind": "CASE WHEN n % 2 = 0 THEN 'verify' ELSE 'recover' END",
    "grants.offline": "CASE WHEN n % 20 = 0 THEN 1 ELSE 0 END",
    "grants.session_id": "CASE WHEN n % 1000 > 0 THEN 'sessions-' || n END",
    "mandates.state": "CASE WHEN n % 10 = 0 THEN 'invited' WHEN n % 10 < 3 THEN 'ended' ELSE 'active' END",
    "mandates.ended_at": "CASE WHEN n % 10 IN (1, 2) THEN 1.0 * n END",
    "mandates.relation": "CASE WHEN n % 4 = 0 THEN 'agent' ELSE 'legal_representative' END",
    "outbox.next_attempt_at": "CASE WHEN n % 500 = 0 THEN 1.0 * n END",
    "outbox.kind": "CASE WHEN n % 5 = 0 THEN 'sms' ELSE 'backchannel_logout' END",
    "participants.session_id": "'sessions-' || n",
    "real_name_records.ended_at": "CASE WHEN n % 4 = 0 THEN 1.0 * n END",
    "sessions.mandate_id": "CASE WHEN n % 20 = 0 THEN 'mandates-' || n END",
    "upstream_conflicts.state": "CASE WHEN n % 500 = 0 THEN 'open' ELSE 'settled' END",
}


def rows_of(table: Table) -> int:
    """How many rows a table is given."""
    return ROWS.get(table.name, MANY)


def fill(metadata: MetaData) -> list[str]:
    """The statements that fill an empty, migrated database; they leave foreign keys unchecked."""
    inserts = [_insert(table) for table in metadata.tables.values()]
    return ["SET session_replication_role = replica", *inserts, "ANALYZE"]


def _insert(table: Table) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    values = ", ".join(_value(table, column) for column in table.columns)
    return (
        f'INSERT INTO "{table.name}" ({columns}) SELECT {values} FROM generate_series(1, {rows_of(table)}) n'  # noqa: S608
    )


def _value(table: Table, column: Column[object]) -> str:
    known = _VALUES.get(f"{table.name}.{column.name}")
    if known is not None:
        return known
    value = _plain(column)
    return f"CASE WHEN n % 2 = 0 THEN {value} END" if column.nullable else value


def _plain(column: Column[object]) -> str:
    for key in column.foreign_keys:
        parent = key.column.table
        return f"'{parent.name}-' || (1 + n % {rows_of(parent)})"
    if isinstance(column.type, Text):
        return f"'{column.table.name}-' || n" if column.primary_key else f"'{column.name}-' || n"
    if isinstance(column.type, LargeBinary):
        return f"decode(md5('{column.name}' || n), 'hex')"
    if isinstance(column.type, (Integer, BigInteger)):
        return "n"
    return "1.0 * n"
