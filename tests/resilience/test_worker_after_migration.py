"""A worker of the release before dies after `idp migrate`: it is replaced, and its server stays in any case."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.resilience.live import Live, live
from tests.resilience.workers import has_workers, lives, workers
from tests.support import raw_sql
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.anyio

ANSWERS = 12
LATER = (
    "UPDATE alembic_version SET version_num = '9998'",
    "INSERT INTO revisions (name, number) VALUES ('schema.oldest', 9998)",
)


async def test_a_worker_that_dies_after_the_migration_takes_nobody_along(tmp_path: Path) -> None:
    async with live(tmp_path, KEY_VALUE_URL="sql", WORKERS="2") as running:
        [process] = running.processes
        process.start()
        await eventually(lambda: has_workers(process.pid, 2))
        adds, takes_away = LATER
        raw_sql.execute(running.database_url, adds)
        await _one_dies(process.pid)
        assert await _answers(running) == {200}
        raw_sql.execute(running.database_url, takes_away)
        await _one_dies(process.pid)
        await until(lambda: "of a later release" in process.last_lines())
        await _one_dies(
            process.pid
        )  # the one that cannot begin, or the one that serves: the server outlives both
        raw_sql.execute(running.database_url, "DELETE FROM revisions WHERE name = 'schema.oldest'")
        await eventually(lambda: _serves(running))


async def _one_dies(server: int) -> None:
    [victim, _] = workers(server)
    os.kill(victim, signal.SIGKILL)
    await until(lambda: not lives(victim))

    async def replaced() -> bool:
        return victim not in workers(server) and await has_workers(server, 2)

    await eventually(replaced)


async def _answers(running: Live) -> set[int]:
    """Of whichever worker: each over a connection of its own."""
    answers = await asyncio.gather(*[running.system.credentials() for _ in range(ANSWERS)])
    return {answer.status_code for answer in answers}


async def _serves(running: Live) -> bool:
    return await _answers(running) == {200}
