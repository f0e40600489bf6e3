"""An account with more sessions than a page can show is no harder to secure than another, and nobody waits for it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from idp.infrastructure.database import Transaction
from idp.sessions.ending_store import MOST_AT_ONCE
from idp.sessions.farewells import Farewells
from idp.sessions.store import MOST_OPEN
from tests.sessions.conftest import CALLER, Stage
from tests.support import raw_sql
from tests.support.twice import once
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

MANY = 3 * MOST_AT_ONCE + 7


async def _many_sessions(stage: Stage, number: int) -> tuple[str, str]:
    """Copies of one session, in which a system takes part: older than any bound. Account and system."""
    _, session = await stage.log_in()
    client_id = await stage.join(session)
    stage.copy(session, number - 1)
    raw_sql.execute(
        stage.url,
        "INSERT INTO participants (session_id, client_id, joined_at)"  # noqa: S608
        f" SELECT id, '{client_id}', 1 FROM sessions WHERE id LIKE 'copy-%'",
    )
    return session.account_id, client_id


@contextmanager
def _counted(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many steps each unit of work on the requests' line took: what it waits for, and what it does not."""
    database, steps = stage.provider.worker.base.database, []
    once(database)
    write = database.write

    async def counting(work: Any) -> Any:
        number = 0

        def counted() -> Transaction[Any]:
            nonlocal number
            number = 0
            unit, answer = work(), None
            while True:
                try:
                    call = unit.send(answer)
                except StopIteration as end:
                    return end.value
                number += 1
                answer = yield call

        outcome = await write(counted)
        steps.append(number)
        return outcome

    monkeypatch.setattr(database, "write", counting)
    yield steps
    monkeypatch.undo()


def _open(stage: Stage) -> int:
    return len(raw_sql.rows(stage.url, "SELECT id FROM sessions WHERE ended_at IS NULL"))


async def test_however_many_sessions_end_at_once_and_the_unit_stays_small(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id, client_id = await _many_sessions(stage, MANY)
    with _counted(stage, monkeypatch) as steps:
        assert await stage.sessions.end_all(account_id, caller=CALLER, reason="ended all") == MANY
    assert _open(stage) == 0
    assert max(steps) <= 5 + 2 * MOST_AT_ONCE  # a line and a notice for each of the first
    farewells = stage.sessions.farewells
    told = await asyncio.gather(*[farewells.tell_all() for _ in range(3)])
    assert 0 < sum(told) <= MANY - MOST_AT_ONCE  # the worker's own job may have told some of them
    await until(lambda: len(stage.notices()) >= MANY)
    assert len(set(stage.notices())) == len(stage.notices()) == MANY
    assert {recipient for recipient, _ in stage.notices()} == {client_id}
    lines = await stage.lines("session.ended")
    assert len({line["session_id"] for line in lines}) == len(lines) == MANY
    assert all('"ended all"' in line["detail"] and line["address"] == CALLER.address for line in lines)


async def test_what_was_not_told_when_a_worker_died_is_told_by_the_next(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id, _ = await _many_sessions(stage, MANY)
    await stage.sessions.end_all(account_id, caller=CALLER, reason="ended all")
    tell, left = Farewells._tell, 20

    async def dies(self: Farewells, row: Any) -> bool:
        nonlocal left
        left -= 1
        if left < 0:
            raise ConnectionError
        return await tell(self, row)

    monkeypatch.setattr(Farewells, "_tell", dies)
    with pytest.raises(ConnectionError):
        await stage.sessions.farewells.tell_all()
    monkeypatch.undo()
    await stage.sessions.farewells.tell_all()
    assert len(set(stage.notices())) == len(stage.notices()) == MANY


async def test_the_session_that_was_used_longest_ago_makes_room_for_a_new_one(stage: Stage) -> None:
    _, first = await stage.log_in()
    client_id = await stage.join(first)
    for _ in range(MOST_OPEN - 1):
        stage.clock.forward(1)
        await stage.log_in()
    assert stage.notices() == []
    stage.clock.forward(1)
    await stage.log_in()
    assert _open(stage) == MOST_OPEN
    assert stage.notices() == [(client_id, first.id)]
    assert [line["session_id"] for line in await stage.lines("session.ended")] == [first.id]


async def test_the_list_of_ones_own_sessions_is_bounded(stage: Stage) -> None:
    account_id, _ = await _many_sessions(stage, MANY)
    assert len(await stage.sessions.of_account(account_id)) == MOST_OPEN
