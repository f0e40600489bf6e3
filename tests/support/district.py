# ruff: noqa: S608 - statements of numbers that are made here
"""Fills a migrated PostgreSQL database with the people of a district: rows that the program could have written.

By statements of the server: for every account two sessions, of which every fifth is open, a device, a grant and four
lines of the record. Nobody of them can log in; they are what those who do stand among.
"""

from collections.abc import Sequence

import asyncpg

SESSIONS, LINES = 2, 4
OPEN = 5
"""Of so many sessions one is open."""
DAY = 86_400

_ID = """CREATE FUNCTION pg_temp.id_of(at double precision, number bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
SELECT '0' || substr(to_hex((at * 1000)::bigint), 1, 7) || '-' || substr(to_hex((at * 1000)::bigint), 8)
    || '-7000-8000-' || lpad(to_hex(number), 12, '0') $$"""

INDEXES = """SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index
WHERE indrelid IN ('accounts'::regclass, 'sessions'::regclass, 'devices'::regclass, 'grants'::regclass,
    'audit_events'::regclass)
AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = indexrelid)"""


def _statements(accounts: int, client_id: str, now: int) -> Sequence[str]:
    def opened(number: str) -> str:
        return f"{now} - 300 * {DAY} - 30 * {number}"

    def account(number: str) -> str:
        return f"pg_temp.id_of({opened(number)}, {number})"

    whose = account(f"(1 + n % {accounts})")
    # The open ones began within the last hour, the others in the half year before, in the order of their numbers.
    ago = f"{DAY} + {150 * DAY}.0 * ({SESSIONS * accounts} - n) / {SESSIONS * accounts}"
    began = f"{now} - CASE WHEN n % {OPEN} = 0 THEN n % 3600 ELSE {ago} END"
    seen = f"{now} - CASE WHEN n % {OPEN} = 0 THEN n % 600 ELSE {ago} - 300 END"
    session = f"pg_temp.id_of({began}, n)"
    at = f"{now} - {150 * DAY}.0 * ({LINES * accounts} - n) / {LINES * accounts}"
    return (
        "SET session_replication_role = replica",
        "SET maintenance_work_mem = '512MB'",
        _ID,
        f"""INSERT INTO accounts (id, username, name, certificate_type, certificate_index, phone_index,
        phone_verified_at, elder_mode, real_name_level, password_hash, state, kind, security_version, created_at,
        updated_at)
        SELECT {account("n")}, 'resident' || n, '居民', 'resident_identity_card', sha256(('certificate' || n)::bytea),
        sha256(('phone' || n)::bytea), {now}, 0, n % 4, '', 'active', 'person', 0, {opened("n")},
        {opened("n")} FROM generate_series(1, {accounts}) n""",
        f"""INSERT INTO sessions (id, token_hash, account_id, amr, address, user_agent, created_at, authenticated_at,
        last_seen_at, ended_at) SELECT {session}, sha256(('session' || n)::bytea), {whose}, 'pwd', '192.0.2.1',
        'Mozilla/5.0', {began}, {began}, {seen}, CASE WHEN n % {OPEN} > 0 THEN {seen} END
        FROM generate_series(1, {SESSIONS * accounts}) n""",
        f"""INSERT INTO devices (id, account_id, user_agent, address, first_seen_at, last_seen_at)
        SELECT pg_temp.id_of({at}, n), {whose}, 'Mozilla/5.0', '192.0.2.1', {at}, {at}
        FROM generate_series(1, {accounts}) n""",
        f"""INSERT INTO grants (id, client_id, account_id, session_id, scope, offline, amr, level, authenticated_at,
        generation, created_at, rotated_at, expires_at) SELECT pg_temp.id_of({at}, n), '{client_id}', {whose},
        {session}, 'openid profile', 0, 'pwd', 1, {began}, 1, {began}, {began}, {began} + {180 * DAY}
        FROM generate_series(1, {accounts}) n""",
        f"""INSERT INTO audit_events (id, at, event, account_id, client_id, address, detail)
        SELECT pg_temp.id_of({at}, n), {at}, 'login.succeeded', {whose}, '{client_id}', '192.0.2.1',
        '{{"amr": ["pwd"]}}' FROM generate_series(1, {LINES * accounts}) n""",
        "SET session_replication_role = DEFAULT",
    )


async def fill(url: str, accounts: int, client_id: str) -> None:
    """Add so many accounts and what belongs to them; `client_id` is the system that they have entered."""
    connection = await asyncpg.connect(url)
    try:
        now = int(await connection.fetchval("SELECT extract(epoch FROM now())"))
        indexes = await connection.fetch(INDEXES)
        for index in indexes:  # made at once they take a tenth of the time
            await connection.execute(f"DROP INDEX {index['name']}")
        for statement in _statements(accounts, client_id, now):
            await connection.execute(statement)
        for index in indexes:
            await connection.execute(index["definition"])
        await _settle(connection)
    finally:
        await connection.close()


async def leave(url: str, sessions: int) -> int:
    """Let so many open sessions have been idle for two days, as after a holiday; how many there were."""
    connection = await asyncpg.connect(url)
    try:
        done = await connection.execute(
            f"""UPDATE sessions SET last_seen_at = last_seen_at - 2 * {DAY} WHERE id IN (SELECT id FROM sessions
            WHERE ended_at IS NULL AND user_agent = 'Mozilla/5.0' ORDER BY created_at LIMIT {sessions})"""
        )
        await _settle(connection)
        return int(done.split()[-1])
    finally:
        await connection.close()


async def _settle(connection: asyncpg.Connection) -> None:
    """What a server does by itself in the minutes after so many rows came at once, which no district ever sees."""
    await connection.execute("VACUUM (ANALYZE)")
    await connection.execute("CHECKPOINT")
