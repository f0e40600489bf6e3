"""The audit record: a line for everything, in the transaction of what it tells, and never less."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Database, Transaction, connect
from idp.infrastructure.sources import system_sources
from tests.support import raw_sql
from tests.support.inprocess import Clock

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(migrated_url: str, tmp_path: Path) -> AsyncIterator[tuple[Database, str]]:
    """A migrated database of each kind, and its URL."""
    opened = await connect(migrated_url)
    yield opened, migrated_url
    await opened.close()


async def test_a_line_keeps_everything_it_was_given(database: tuple[Database, str]) -> None:
    opened, clock = database[0], Clock()
    store = AuditStore(system_sources(clock))
    line = AuditEvent(
        event=EventType.LOGIN_FAILED,
        account_id="account",
        client_id="client",
        session_id="session",
        address="198.51.100.7",
        actor="cli:li",
        detail={"reason": "密码"},
    )
    await opened.add(store.record(line))
    [row] = await opened.read(lambda: store.since(0))
    assert {
        name: getattr(row, name) for name in ("at", "event", "account_id", "client_id", "session_id")
    } == {
        "at": clock.now,
        "event": "login.failed",
        "account_id": "account",
        "client_id": "client",
        "session_id": "session",
    }
    assert (row.address, row.actor, row.detail) == ("198.51.100.7", "cli:li", '{"reason":"密码"}')


async def test_lines_come_in_the_order_of_time_and_from_an_instant_on(database: tuple[Database, str]) -> None:
    opened, clock = database[0], Clock()
    store = AuditStore(system_sources(clock))
    for number in range(10):
        await opened.add(store.record(AuditEvent(event=EventType.LOGIN_SUCCEEDED, account_id=str(number))))
        clock.forward(1)
    rows = await opened.read(lambda: store.since(clock.now - 5))
    assert [row.account_id for row in rows] == ["5", "6", "7", "8", "9"]
    assert len(await opened.read(lambda: store.since(0, most=3))) == 3


async def test_a_line_of_a_transaction_that_fails_does_not_exist(database: tuple[Database, str]) -> None:
    opened, url = database
    store = AuditStore(system_sources())

    def work() -> Transaction[None]:
        yield store.record(AuditEvent(event=EventType.LOGIN_SUCCEEDED))
        raise LookupError

    with pytest.raises(LookupError):
        await opened.write(work)
    assert raw_sql.rows(url, "SELECT id FROM audit_events") == []


def test_event_names_say_subject_and_action_once() -> None:
    names = [event.value for event in EventType]
    assert len(set(names)) == len(names)
    assert all(name.count(".") == 1 and name == name.lower() for name in names)
