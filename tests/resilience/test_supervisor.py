"""The process that starts the workers dies: they end too, and leave the port to whoever is started next."""

import os
import signal
from pathlib import Path

import pytest

from tests.resilience.live import live
from tests.resilience.workers import has_workers, lives, workers
from tests.support.ports import listens
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.anyio


async def test_workers_end_with_the_supervisor_and_free_the_port(tmp_path: Path) -> None:
    async with live(tmp_path, KEY_VALUE_URL="sql", WORKERS="2") as running:
        [process] = running.processes
        process.start()
        await eventually(lambda: has_workers(process.pid, 2))
        children = workers(process.pid)
        os.kill(process.pid, signal.SIGKILL)
        await until(lambda: not any(lives(child) for child in children))
        await until(lambda: not listens(process.port))
        process.kill()
        process.start()
        await running.log_in()
