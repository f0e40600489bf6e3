"""Work that is due again and again: done in the background of every worker, through outages of the stores."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.key_value import KeyValueUnavailable

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds. All workers do it, so it must be safe to be done twice at once."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


class Periodic:
    """Runs jobs, each in a task of its own: one that hangs or fails holds up no other and is tried again."""

    def __init__(self, jobs: Sequence[Job] = ()) -> None:
        self._jobs = list(jobs)
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Have something done as well; before `start`."""
        self._jobs.append(Job(name, seconds, work))

    async def start(self) -> None:
        """Begin; each job is done for the first time when its seconds have passed."""
        self._tasks = [asyncio.create_task(self._repeat(job)) for job in self._jobs]

    async def stop(self) -> None:
        """End; what is under way is cut short, which a job must survive."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def run_once(self) -> None:
        """Do every job now, one after the other; what it raises is raised."""
        for job in self._jobs:
            await job.work()

    async def _repeat(self, job: Job) -> None:
        while True:
            await asyncio.sleep(job.seconds)
            try:
                await job.work()
            except (DatabaseUnavailable, KeyValueUnavailable) as error:
                log.warning("a store did not answer a periodic job", job=job.name, reason=str(error))
            except Exception as error:  # noqa: BLE001 - whatever it is, the next turn may be better
                log.error("a periodic job broke", job=job.name, reason=type(error).__name__)
