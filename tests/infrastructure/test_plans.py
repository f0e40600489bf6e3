"""Every statement of the product finds its rows by an index, in tables as large as a district in use makes them."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from idp.infrastructure.database import Statement, metadata
from idp.selfservice.events import store as event_store
from tests.support.crowd import FEW, MANY, fill
from tests.support.migrated import migrated_sqlite
from tests.support.statements import every_statement

pytestmark = pytest.mark.anyio

PARTIAL = {
    index.name
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["postgresql"].get("where") is not None
}
"""Indexes of what waits to be done: reading such a one from its beginning is what it is for."""
MOST_SORTED = MANY // 100
"""Rows of one person, or of one desk, may be sorted; a part of the table may not."""
SQLITE_SCAN = re.compile(r"^SCAN (?P<name>\w+)(?: USING (?:COVERING )?INDEX (?P<index>\w+))?")
WHOLE_ON_SQLITE = {
    "audit.seal_store.LAST": "one row from the end of the index",
    "organizations.store.ALL": "the list of the command line, in the order of the index, up to a number of rows",
}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


def _fault(node: dict[str, Any]) -> str | None:
    kind = node["Node Type"]
    if kind == "Seq Scan" and node["Relation Name"] not in FEW:
        return f"reads all of {node['Relation Name']}"
    if kind in ("Index Scan", "Index Only Scan") and "Index Cond" not in node and "Filter" in node:
        return None if node["Index Name"] in PARTIAL else f"reads all of {node['Index Name']}"
    if "Sort" in kind and node["Plan Rows"] > MOST_SORTED:
        return f"sorts {node['Plan Rows']} rows by {node['Sort Key']}"
    return None


async def test_postgresql_reads_and_sorts_no_table_that_grows(migrated_postgres_url: str) -> None:
    connection = await asyncpg.connect(migrated_postgres_url)
    try:
        for each in fill(metadata):
            await connection.execute(each)
        # A prepared statement is planned for any parameters, as it is in a worker that has run it a few times.
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        faults = {}
        for name, statement in every_statement().items():
            plan = await _plan(connection, statement)
            if found := [fault for node in _nodes(plan) if (fault := _fault(node))]:
                faults[name] = found
    finally:
        await connection.close()
    assert faults == {}


async def _plan(connection: Any, statement: Statement) -> dict[str, Any]:
    values = ", ".join(["NULL"] * len(set(statement.postgresql.positions)))
    await connection.execute(f"PREPARE it AS {statement.postgresql.text}")
    explained = await connection.fetchval(
        f"EXPLAIN (FORMAT JSON) EXECUTE it{f'({values})' if values else ''}"
    )
    await connection.execute("DEALLOCATE it")
    plan: dict[str, Any] = json.loads(explained)[0]["Plan"]
    return plan


def test_sqlite_reads_no_table_that_grows(tmp_path: Path) -> None:
    """Its plans follow from the schema alone: it keeps no figures unless told to."""
    path = tmp_path / "plans.sqlite3"
    migrated_sqlite(path)
    connection = sqlite3.connect(path)
    faults = {}
    for name, statement in every_statement().items():
        text, named = statement.sqlite.text, re.findall(r"(?<!:):(\w+)", statement.sqlite.text)
        steps = connection.execute(f"EXPLAIN QUERY PLAN {text}", dict.fromkeys(named)).fetchall()
        if found := [step[3] for step in steps if _reads_all(step[3], text)]:
            faults[name] = found
    connection.close()
    assert {name: found for name, found in faults.items() if name not in WHOLE_ON_SQLITE} == {}
    assert faults.keys() >= WHOLE_ON_SQLITE.keys()


def _reads_all(step: str, text: str) -> bool:
    scan = SQLITE_SCAN.match(step)
    if scan is None or scan["index"] in PARTIAL:
        return False
    alias = re.search(rf"(\w+) AS {scan['name']}\b", text)
    table = alias[1] if alias else scan["name"]
    return table in metadata.tables and table not in FEW


async def test_the_page_of_events_passes_over_no_token_that_an_app_was_given(
    migrated_postgres_url: str,
) -> None:
    connection = await asyncpg.connect(migrated_postgres_url)
    try:
        await connection.execute(
            """INSERT INTO accounts (id, username, name, elder_mode, real_name_level, password_hash, state, kind,
            security_version, created_at, updated_at)
            VALUES ('someone', 'someone', '张三', 0, 2, '', 'active', 'person', 0, 1, 1)"""
        )
        await connection.execute(
            """INSERT INTO audit_events (id, at, event, account_id, detail) SELECT 'e' || lpad(n::text, 6, '0'), n,
            CASE WHEN n % 300 = 0 THEN 'login.succeeded' ELSE 'token.refreshed' END, 'someone', '{}'
            FROM generate_series(1, 30000) n"""
        )
        await connection.execute("ANALYZE audit_events")
        for statement in (event_store.LATEST, event_store.BEFORE):
            call = statement(the_account="someone", before="e020000", most=21)
            explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.postgresql.text}"
            explained = await connection.fetchval(explain, *call.arguments(0))
            nodes = list(_nodes(json.loads(explained)[0]["Plan"]))
            assert max(node["Actual Rows"] + node.get("Rows Removed by Filter", 0) for node in nodes) <= 42
            assert nodes[0]["Actual Rows"] == 21
    finally:
        await connection.close()
