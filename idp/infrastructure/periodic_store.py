"""The table of work that is due again and again: when it was last done and when it last failed, by any worker."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Column, Double, Table, Text, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Database, Statement, Transaction, metadata
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.schema import Instant

NOTE_SECONDS = 60.0
"""How often a worker notes that a job goes as it went before."""

periodic_jobs = Table(
    "periodic_jobs",
    metadata,
    Column("name", Text, primary_key=True),
    Column("seconds", Double, nullable=False),
    Column("succeeded_at", Instant),
    Column("failed_at", Instant),
    Column("reason", Text),
)
_new = insert(periodic_jobs).excluded
SUCCEEDED = Statement(
    insert(periodic_jobs)
    .values(
        name=bindparam("name", type_=Text),
        seconds=bindparam("seconds", type_=Double),
        succeeded_at=bindparam("now", type_=Instant()),
    )
    .on_conflict_do_update(
        index_elements=["name"], set_={"seconds": _new.seconds, "succeeded_at": _new.succeeded_at}
    ),
    lock_key="name",
)
FAILED = Statement(
    insert(periodic_jobs)
    .values(
        name=bindparam("name", type_=Text),
        seconds=bindparam("seconds", type_=Double),
        failed_at=bindparam("now", type_=Instant()),
        reason=bindparam("reason", type_=Text),
    )
    .on_conflict_do_update(
        index_elements=["name"],
        set_={"seconds": _new.seconds, "failed_at": _new.failed_at, "reason": _new.reason},
    ),
    lock_key="name",
)
ALL = Statement(select(periodic_jobs).order_by(periodic_jobs.c.name))
FORGET = Statement(
    delete(periodic_jobs).where(periodic_jobs.c.name == bindparam("name", type_=Text)), lock_key="name"
)


@dataclass(frozen=True, slots=True)
class JobState:
    """A job that is due every so many seconds: when it was last done, when it last failed, and why. Unix seconds."""

    name: str
    seconds: float
    succeeded_at: float | None
    failed_at: float | None
    reason: str | None


def jobs() -> Transaction[list[JobState]]:
    """Every job, by name."""
    return [
        JobState(row["name"], row["seconds"], row["succeeded_at"], row["failed_at"], row["reason"])
        for row in (yield ALL())
    ]


class _Noted(NamedTuple):
    at: float
    reason: str | None


class JobRecord:
    """Notes how jobs go: every change at once, what goes on as before once in `NOTE_SECONDS`."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._noted: dict[str, _Noted] = {}

    async def forget_others(self, names: Sequence[str]) -> None:
        """Forget jobs of earlier releases. Raises DatabaseUnavailable."""

        def work() -> Transaction[None]:
            known = yield from jobs()
            for name in sorted({job.name for job in known} - set(names)):
                yield FORGET(name=name)

        await self._database.background.write(work)

    async def note(self, name: str, seconds: float, reason: str | None) -> None:
        """A job that is due every so many seconds was done, or failed for a reason. Raises DatabaseUnavailable."""
        now, last = self._now(), self._noted.get(name)
        if last is not None and last.reason == reason and 0 <= now - last.at < NOTE_SECONDS:
            return
        known = {"name": name, "seconds": seconds, "now": now}
        call = SUCCEEDED(**known) if reason is None else FAILED(**known, reason=reason)
        await self._database.background.write(fetch(call))
        self._noted[name] = _Noted(now, reason)
