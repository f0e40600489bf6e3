"""Work that is due again and again goes on through outages, and one job does not hold up another."""

import asyncio

import pytest

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.periodic import Periodic

pytestmark = pytest.mark.anyio


async def test_a_job_that_fails_is_done_again() -> None:
    enough = asyncio.Event()
    failures: list[Exception] = [DatabaseUnavailable("gone"), ValueError("broken")]

    async def job() -> None:
        if failures:
            raise failures.pop()
        enough.set()

    periodic = Periodic()
    periodic.add("job", 0.001, job)
    await periodic.start()
    async with asyncio.timeout(30):
        await enough.wait()
    await periodic.stop()


async def test_a_job_that_hangs_holds_up_no_other_and_is_ended() -> None:
    done = asyncio.Event()
    ended = asyncio.Event()

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def job() -> None:
        done.set()

    periodic = Periodic()
    periodic.add("hangs", 0.001, hang)
    periodic.add("works", 0.001, job)
    await periodic.start()
    async with asyncio.timeout(30):
        await done.wait()
    await periodic.stop()
    assert ended.is_set()


async def test_what_a_job_raises_is_seen_when_it_is_run_by_hand() -> None:
    async def job() -> None:
        raise ValueError("broken")

    periodic = Periodic()
    periodic.add("job", 1000, job)
    with pytest.raises(ValueError, match="broken"):
        await periodic.run_once()
