"""Migrations beside traffic: they give way, are passed over where they were done, and take nothing from anybody."""

import ast
import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Connection, Engine, Integer, event, inspect

from idp import schema
from idp.infrastructure.database import migrate as module
from idp.infrastructure.database.migrate import migrate
from idp.infrastructure.database.version import SCRIPTS, MigrationBusy, head, standing, version
from idp.server.composition import NotMigrated, require_schema
from idp.settings import Settings
from migrations import steps
from tests.support import raw_sql

pytestmark = pytest.mark.anyio

BEFORE = "0003"
"""The schema of the release before: whatever came since is done while that serves."""
FILES = sorted(path for path in (SCRIPTS / "versions").glob("[0-9]*_*.py") if path.name[:4] > BEFORE)
VERSIONS = [path.name[:4] for path in FILES]
READS = {"get_bind"}
"""What a migration may ask of Alembic by itself: a connection to read by."""
NOT_HELD = 1.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_migration_is_made_of_steps_that_give_way(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "op"
    }
    assert used <= READS


async def test_a_migration_only_adds(postgres_url: str) -> None:
    """So that each statement of the release before goes on as it was: it names its columns."""
    await migrate(postgres_url, schema.metadata, BEFORE)
    before = await module._with_connection(postgres_url, _described)
    for number in VERSIONS:
        await migrate(postgres_url, schema.metadata, number)
        after = await module._with_connection(postgres_url, _described)
        assert _taken_away(before, after) == [], number
        before = after


def _described(connection: Connection) -> dict[str, Any]:
    found = inspect(connection)
    return {
        table: {
            "columns": {column["name"]: column for column in found.get_columns(table)},
            "unique": {index["name"]: index for index in found.get_indexes(table) if index["unique"]},
            "rules": {
                rule["name"]
                for rules in (
                    found.get_check_constraints(table),
                    found.get_foreign_keys(table),
                    found.get_unique_constraints(table),
                )
                for rule in rules
            },
        }
        for table in found.get_table_names()
    }


def _taken_away(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    faults = [f"{table} is gone" for table in before.keys() - after.keys()]
    for table, was in before.items():
        now = after.get(table, {"columns": {}, "unique": {}, "rules": set()})
        for name, column in now["columns"].items():
            old = was["columns"].get(name)
            if old is None and not column["nullable"] and column["default"] is None:
                faults.append(f"{table}.{name} must be given")
            if old is not None and (str(old["type"]), old["nullable"]) != (
                str(column["type"]),
                column["nullable"],
            ):
                faults.append(f"{table}.{name} is another")
        faults += [f"{table}.{name} is gone" for name in was["columns"].keys() - now["columns"].keys()]
        faults += [f"{table}: {name} is gone" for name in was["unique"].keys() - now["unique"].keys()]
        faults += [f"{table} obeys {name}" for name in now["rules"] - was["rules"]]
        faults += [
            f"{table}: {name} is a new rule for what was there"
            for name, index in now["unique"].items()
            if name not in was["unique"] and set(index["column_names"]) <= was["columns"].keys()
        ]
    return faults


async def test_rules_are_added_to_what_is_there_and_may_be_added_twice(migrated_url: str) -> None:
    def add(connection: Connection) -> None:
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True), Operations.context(context):
            for _ in range(2):
                steps.add_check("ck_grants_generation", "grants", "generation >= 0")
                steps.add_foreign_key("fk_sessions_principal", "sessions", "principal", "accounts")
                steps.serves_from("0005")

    await module._with_connection(migrated_url, add)
    described = await module._with_connection(migrated_url, _described)
    assert "ck_grants_generation" in described["grants"]["rules"]
    assert "fk_sessions_principal" in described["sessions"]["rules"]
    assert (await standing(migrated_url)).oldest == 5


def test_a_column_that_must_be_given_is_not_added() -> None:
    with pytest.raises(ValueError, match="could not add a row"):
        steps.add_column("accounts", Column("shoe_size", Integer, nullable=False))


class _Killed(Exception):
    """The migration ends here, as by kill -9."""


@contextmanager
def _killed_after_one_step(done: set[str]) -> Iterator[None]:
    """After the first statement that changes the schema or rows and was not done yet."""
    words = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE")

    def watch(conn: Any, cursor: Any, statement: str, *rest: object) -> None:
        text = statement.strip().upper()
        if text.startswith(words) and "ALEMBIC_VERSION" not in text and text not in done:
            done.add(text)
            raise _Killed

    event.listen(Engine, "after_cursor_execute", watch)
    try:
        yield
    finally:
        event.remove(Engine, "after_cursor_execute", watch)


async def test_what_is_killed_after_each_of_its_steps_comes_to_its_end_all_the_same(
    database_url: str,
) -> None:
    await migrate(database_url, schema.metadata, BEFORE)
    attempts, done = 0, set[str]()
    while await version(database_url) != head():
        attempts += 1
        assert attempts < 200, f"no further than {await version(database_url)}"
        with _killed_after_one_step(done):
            try:
                await migrate(database_url, schema.metadata)
            except _Killed:
                continue
    assert attempts > len(VERSIONS)

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata))

    assert await module._with_connection(database_url, differences) == []


async def test_nobody_waits_behind_a_migration_that_waits_for_a_long_reader(postgres_url: str) -> None:
    await migrate(postgres_url, schema.metadata, BEFORE)
    reader, other = await asyncpg.connect(postgres_url), await asyncpg.connect(postgres_url)
    reading = reader.transaction()
    await reading.start()
    for table in ("accounts", "sessions", "signing_keys", "mandates"):
        await reader.fetch(f"SELECT 1 FROM {table}")  # noqa: S608 - a constant above
    task = asyncio.create_task(migrate(postgres_url, schema.metadata))
    waits: list[float] = []
    until = time.monotonic() + 4
    while time.monotonic() < until:
        start = time.monotonic()
        await other.execute("UPDATE accounts SET updated_at = 1; SELECT 1 FROM signing_keys")
        waits.append(time.monotonic() - start)
        await asyncio.sleep(0.02)
    assert not task.done()
    assert max(waits) < NOT_HELD
    await reading.rollback()
    assert await task == (BEFORE, head())
    await reader.close()
    await other.close()


async def test_a_reader_that_never_ends_is_said(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1.0)
    await migrate(postgres_url, schema.metadata, BEFORE)
    reader = await asyncpg.connect(postgres_url)
    reading = reader.transaction()
    await reading.start()
    await reader.fetch("SELECT 1 FROM signing_keys")
    with pytest.raises(MigrationBusy, match="pg_stat_activity"):
        await migrate(postgres_url, schema.metadata)
    await reading.rollback()
    await reader.close()


async def test_a_program_runs_on_what_a_later_release_has_added_to(migrated_url: str, tmp_path: Path) -> None:
    settings = Settings(issuer="https://id.test", data_dir=tmp_path, database_url=migrated_url)
    raw_sql.execute(migrated_url, "UPDATE alembic_version SET version_num = '9998'")
    await require_schema(settings)
    raw_sql.execute(migrated_url, "INSERT INTO revisions (name, number) VALUES ('schema.oldest', 9998)")
    with pytest.raises(NotMigrated, match="9998 of a later release"):
        await require_schema(settings)
    raw_sql.execute(migrated_url, "UPDATE revisions SET number = 1 WHERE name = 'schema.oldest'")
    await require_schema(settings)
