"""From nothing to the schema that the stores describe, once, however many try at the same time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from idp import schema
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.database import migrate as module
from idp.infrastructure.database.migrate import migrate
from idp.infrastructure.database.version import MigrationBusy, head, version
from tests.support import raw_sql
from tests.support.instance import CommandFailed, Instance
from tests.support.processes import DidNotStart

pytestmark = pytest.mark.anyio


async def test_an_empty_database_is_brought_to_the_head(database_url: str) -> None:
    assert await version(database_url) == ""
    assert await migrate(database_url, schema.metadata) == ("", head())
    assert await version(database_url) == head()
    assert await migrate(database_url, schema.metadata) == (head(), head())


async def test_a_database_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "idp.sqlite3"
    await migrate(f"sqlite:///{path}", schema.metadata)
    assert [oct(file.stat().st_mode & 0o077) for file in path.parent.glob("idp.sqlite3*")] == ["0o0"]
    assert path.parent.stat().st_mode & 0o077 == 0


async def test_the_migrations_make_what_the_stores_describe(database_url: str) -> None:
    await migrate(database_url, schema.metadata)

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), schema.metadata))

    assert await module._with_connection(database_url, differences) == []


async def test_a_migration_that_never_ends_is_not_waited_for_without_end(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_SECONDS", 1)
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def other(connection: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(ended.wait(), loop).result()

    ended = asyncio.Event()
    task = asyncio.create_task(asyncio.to_thread(_hold, database_url, other))
    await begun.wait()
    with pytest.raises(MigrationBusy):
        await migrate(database_url, schema.metadata)
    ended.set()
    await task
    assert await migrate(database_url, schema.metadata) == ("", head())


def _hold(url: str, work: object) -> None:
    asyncio.run(module._with_connection(url, work))  # type: ignore[arg-type]


async def test_a_database_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(DatabaseUnavailable):
        await version("postgresql://nobody@127.0.0.1:1/x")


@pytest.mark.parametrize(
    "change", ["UPDATE audit_events SET event = 'x'", "DELETE FROM audit_events", "TRUNCATE audit_events"]
)
async def test_the_audit_record_only_grows(database_url: str, change: str) -> None:
    await migrate(database_url, schema.metadata)
    add = "INSERT INTO audit_events (id, at, event, detail) VALUES ('1', 1.0, 'login.succeeded', '{}')"
    raw_sql.execute(database_url, add)
    error = "syntax error" if change.startswith("TRUNCATE") and "sqlite" in database_url else "only grow"
    with pytest.raises(Exception, match=error):
        raw_sql.execute(database_url, change)
    assert raw_sql.rows(database_url, "SELECT id, event FROM audit_events") == [
        {"id": "1", "event": "login.succeeded"}
    ]


async def test_of_many_installers_at_once_one_migrates_and_all_agree(
    database_url: str, tmp_path: Path
) -> None:
    made = Instance.create(tmp_path)
    fresh = {"IDP_DATABASE_URL": database_url, "IDP_DATA_DIR": str(tmp_path / "fresh")}
    instance = replace(made, environment={**made.environment, **fresh})
    outcomes = await asyncio.gather(*[asyncio.to_thread(instance.command, "migrate") for _ in range(2)])
    assert sorted(outcome["before"] for outcome in outcomes) == ["", head()]
    assert {outcome["after"] for outcome in outcomes} == {head()}
    assert [outcome["secret_made"] for outcome in outcomes].count(True) == 1
    keys = [key for key in instance.command("keys", "list") if key["retires_at"] is None]
    assert sorted(key["alg"] for key in keys) == ["ES256", "EdDSA", "RS256"]


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_unmigrated_database_is_refused_in_a_line(tmp_path: Path, workers: str) -> None:
    instance = Instance.create(tmp_path, WORKERS=workers)
    (tmp_path / "idp.sqlite3").unlink()
    with pytest.raises(DidNotStart) as refusal:
        instance.process().start()
    said = (tmp_path / "serve.log").read_text().splitlines()
    assert said == [f"idp: schema missing, needed {head()}: run `idp migrate`"]
    assert said[0] in str(refusal.value)


def test_a_database_that_does_not_answer_is_said_in_a_line(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="idp: the database does not answer") as refusal:
        Instance.create(tmp_path, DATABASE_URL="postgresql://nobody@127.0.0.1:1/x")
    assert "Traceback" not in str(refusal.value)
