# ruff: noqa: S608 - statements of ids that are made here
"""The record proves itself: whoever owns the database changes no line of it, and cuts nothing off, unseen."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from idp.audit.chain import Fault, RecordFault, faults, tag
from idp.audit.model import AuditEvent, AuditRecord, EventType
from idp.audit.sealing import FILE, LATE_SECONDS, MOST, SETTLED_SECONDS, Proved, Sealer
from idp.audit.store import AuditStore
from idp.infrastructure.database.connect import sqlite_path
from tests.support import raw_sql
from tests.support.inprocess import Provider, provider

pytestmark = pytest.mark.anyio

LINE = AuditRecord("2", 1.5, "login.failed", "a", None, None, "192.0.2.1", None, None, "{}")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Provider]:
    async with provider(tmp_path, twice=False) as started:
        yield started


async def write(house: Provider, number: int) -> None:
    """So many lines, each at an instant of its own."""
    audit = AuditStore(house.worker.base.sources)
    for count in range(number):
        house.clock.now += 0.01
        line = AuditEvent(event=EventType.LOGIN_FAILED, account_id=f"account {count}", address="192.0.2.1")
        await house.worker.base.database.add(audit.record(line))


async def sealed(house: Provider, number: int = 20, sealer: Sealer | None = None) -> Sealer:
    """A record of so many lines, all of them sealed."""
    await write(house, number)
    house.clock.now += SETTLED_SECONDS + 1
    sealer = sealer or house.worker.sealer
    assert await sealer.seal() >= number
    return sealer


def file_of(house: Provider) -> Path:
    path = sqlite_path(house.worker.settings.database)
    assert path is not None
    return path


def as_owner(house: Provider, *statements: str) -> None:
    """What somebody does who owns the tables, and so takes the guards away first."""
    with closing(sqlite3.connect(file_of(house))) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def rows(house: Provider, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(file_of(house))) as connection:
        return connection.execute(query).fetchall()


def kinds(proved: Proved) -> set[Fault]:
    return {each.fault for each in proved.faults}


async def test_a_record_that_nobody_touched_is_proved(house: Provider) -> None:
    sealer = await sealed(house, 2 * MOST + 7)
    proved = await sealer.prove()
    assert proved.faults == []
    assert proved.lines == len(rows(house, "SELECT id FROM audit_events"))
    assert proved.seals == 3


async def test_what_is_still_settling_is_sealed_later_and_joined_to_the_chain(house: Provider) -> None:
    sealer = await sealed(house)
    await write(house, 5)
    assert await sealer.seal() == 0
    house.clock.now += SETTLED_SECONDS + 1
    assert await sealer.seal() == 5
    assert (await sealer.prove()).faults == []


async def test_a_changed_line_is_named(house: Provider) -> None:
    sealer = await sealed(house)
    line_id = rows(house, "SELECT id FROM audit_events ORDER BY id LIMIT 1 OFFSET 9")[0][0]
    for column, value in {
        "actor": "nobody",
        "at": "1.0",
        "event": "login.succeeded",
        "detail": "{ }",
    }.items():
        was = rows(house, f"SELECT {column} FROM audit_events WHERE id = '{line_id}'")[0][0]
        as_owner(house, f"UPDATE audit_events SET {column} = '{value}' WHERE id = '{line_id}'")
        [fault] = (await sealer.prove()).faults
        assert (fault.fault, fault.line_id) == (Fault.CHANGED, line_id), column
        back = "NULL" if was is None else f"'{was}'"
        as_owner(house, f"UPDATE audit_events SET {column} = {back} WHERE id = '{line_id}'")
    assert (await sealer.prove()).faults == []


async def test_the_end_cannot_be_cut_off_with_its_seals(house: Provider) -> None:
    sealer = await sealed(house, MOST + 20)
    last = rows(house, "SELECT max(since_id) FROM audit_seals")[0][0]
    as_owner(
        house,
        f"DELETE FROM audit_events WHERE id >= '{last}'",
        f"DELETE FROM audit_seals WHERE since_id = '{last}'",
    )
    assert kinds(await sealer.prove()) == {Fault.SHORTENED}
    # And going on does not hide it: nothing is sealed behind a chain that ends too early.
    await write(house, 3)
    house.clock.now += SETTLED_SECONDS + LATE_SECONDS
    assert await sealer.seal() == 0
    assert kinds(await sealer.prove()) == {Fault.SHORTENED}
    assert await sealer.waiting_since() is not None


async def test_a_restore_that_was_meant_begins_at_the_end_that_there_is(house: Provider) -> None:
    sealer = await sealed(house, MOST + 20)
    as_owner(house, "DELETE FROM audit_seals WHERE since_id = (SELECT max(since_id) FROM audit_seals)")
    await sealer.settle()
    assert await sealer.seal() > 0
    assert (await sealer.prove()).faults == []


async def test_who_makes_tags_anew_cannot_make_the_seal(house: Provider) -> None:
    sealer = await sealed(house)
    line_id = rows(house, "SELECT id FROM audit_events ORDER BY id LIMIT 1")[0][0]
    as_owner(house, f"UPDATE audit_events SET actor = 'nobody' WHERE id = '{line_id}'")
    lines = [AuditRecord(*row) for row in rows(house, _ALL)]
    tags = b"".join(map(tag, lines)).hex()
    as_owner(house, f"UPDATE audit_seals SET tags = X'{tags}'")
    assert kinds(await sealer.prove()) == {Fault.BROKEN_SEAL}


async def test_the_head_is_kept_on_the_machine(house: Provider, tmp_path: Path) -> None:
    sealer = await sealed(house)
    assert (tmp_path / FILE).exists()
    (tmp_path / FILE).unlink()
    assert sealer.head() is None
    assert (await sealer.prove()).faults == []


_ALL = """SELECT id, at, event, account_id, client_id, session_id, address, actor, principal, detail
FROM audit_events ORDER BY id"""


def tamperings(house: Provider, chance: random.Random) -> list[tuple[str, ...]]:
    """What an owner of the database may do, once each: statements that change what the record says."""
    ids = [row[0] for row in rows(house, "SELECT id FROM audit_events ORDER BY id")]
    seals = [row[0] for row in rows(house, "SELECT since_id FROM audit_seals ORDER BY since_id")]
    one, other, seal = chance.choice(ids), chance.choice(ids), chance.choice(seals)
    others = "at, event, account_id, client_id, session_id, address, actor, principal, detail"
    copy = f"INSERT INTO audit_events (id, {others}) SELECT '{one}x', {others} FROM audit_events WHERE id = '{other}'"
    cut = chance.choice(seals)
    return [
        (f"UPDATE audit_events SET account_id = 'other' WHERE id = '{one}'",),
        (f"UPDATE audit_events SET at = at + 1 WHERE id = '{one}'",),
        (f"DELETE FROM audit_events WHERE id = '{one}'",),
        (copy,),
        (f"UPDATE audit_events SET id = '{one}y' WHERE id = '{one}'",),
        (f"DELETE FROM audit_seals WHERE since_id = '{seal}'",),
        (f"UPDATE audit_seals SET lines = lines, tags = X'00' WHERE since_id = '{seal}'",),
        (f"UPDATE audit_seals SET seal = X'00' WHERE since_id = '{seal}'",),
        (
            f"DELETE FROM audit_events WHERE id >= '{cut}'",
            f"DELETE FROM audit_seals WHERE since_id >= '{cut}'",
        ),
    ]


async def test_a_thousand_tamperings_are_found(house: Provider, tmp_path: Path) -> None:
    sealer = await sealed(house, 80, Sealer(house.worker.base, tmp_path, most=25))
    chance = random.Random(4104)  # noqa: S311 (the same thousand each time)
    path = file_of(house)
    found = done = 0
    while done < 1000:
        for statements in tamperings(house, chance):
            with closing(sqlite3.connect(path)) as connection:
                copied = sqlite3.connect(":memory:")
                connection.backup(copied)
            as_owner(house, *statements)
            proved = await sealer.prove()
            done, found = done + 1, found + bool(proved.faults)
            assert proved.faults, statements
            with closing(sqlite3.connect(path)) as connection:
                copied.backup(connection)
            copied.close()
    assert found == done
    assert (await sealer.prove()).faults == []


def test_the_lines_that_differ_are_told_apart() -> None:
    lines = [replace(LINE, id=str(number)) for number in range(1, 6)]
    kept = b"".join(map(tag, lines))
    assert faults("1", "9", kept, lines) == []
    assert faults("1", "9", kept, lines[:2] + lines[3:]) == [RecordFault(Fault.REMOVED, "2", "4")]
    added = replace(LINE, id="25")
    assert faults("1", "9", kept, [*lines[:2], added, *lines[2:]]) == [
        RecordFault(Fault.INSERTED, "1", "9", "25")
    ]
    changed = replace(lines[4], actor="x")
    assert faults("1", "9", kept, [*lines[:4], changed]) == [RecordFault(Fault.CHANGED, "1", "9", "5")]


async def test_the_owner_of_a_postgresql_database_is_found_out_too(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    async with provider(tmp_path, database_url=migrated_postgres_url, twice=False) as house:
        sealer = await sealed(house, 30)
        assert (await sealer.prove()).faults == []
        url = house.worker.settings.database
        raw_sql.execute(url, "ALTER TABLE audit_events DISABLE TRIGGER USER")
        raw_sql.execute(url, "UPDATE audit_events SET actor = 'nobody' WHERE account_id = 'account 7'")
        raw_sql.execute(url, "DELETE FROM audit_events WHERE account_id = 'account 9'")
        assert [each.fault for each in (await sealer.prove()).faults] == [Fault.CHANGED, Fault.REMOVED]


async def test_two_workers_that_seal_at_once_make_one_chain(
    tmp_path: Path, migrated_postgres_url: str
) -> None:
    async with provider(tmp_path, database_url=migrated_postgres_url, twice=False) as house:
        await write(house, 200)
        house.clock.now += SETTLED_SECONDS + 1
        sealers = [Sealer(house.worker.base, tmp_path, most=10) for _ in range(4)]
        await asyncio.gather(*[each.seal() for each in sealers])
        proved = await sealers[0].prove()
        assert (proved.faults, proved.lines >= 200) == ([], True)
