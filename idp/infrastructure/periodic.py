"""Work that is due again and again: done in the background of every worker, through outages of the stores."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.periodic_store import JobRecord

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so many seconds. All workers do it, so it must be safe to be done twice at once."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


class Periodic:
    """Runs jobs, each in a task of its own: one that hangs or fails holds up no other and is tried again.

    How they go is noted in `record`, for `idp doctor`.
    """

    def __init__(self, record: JobRecord | None = None) -> None:
        self._record = record
        self._jobs: list[Job] = []
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, seconds: float, work: Callable[[], Awaitable[object]]) -> None:
        """Have something done as well; before `start`."""
        self._jobs.append(Job(name, seconds, work))

    async def start(self) -> None:
        """Begin; each job is done for the first time when its seconds have passed. Raises DatabaseUnavailable."""
        if self._record is not None:
            await self._record.forget_others([job.name for job in self._jobs])
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
            await self._note(job, await self._do(job))

    async def _do(self, job: Job) -> str | None:
        """What went wrong, if anything did."""
        try:
            await job.work()
        except (DatabaseUnavailable, KeyValueUnavailable) as error:
            log.warning("a store did not answer a periodic job", job=job.name, reason=str(error))
            return type(error).__name__
        except Exception as error:  # noqa: BLE001 - whatever it is, the next turn may be better
            log.error("a periodic job broke", job=job.name, reason=type(error).__name__)
            return type(error).__name__
        return None

    async def _note(self, job: Job, reason: str | None) -> None:
        if self._record is None:
            return
        try:
            await self._record.note(job.name, job.seconds, reason)
        except DatabaseUnavailable as error:
            log.warning("how a periodic job went could not be noted", job=job.name, reason=str(error))
