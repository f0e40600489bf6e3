"""`idp doctor` on what should have happened by now: notices that do not leave, sessions that wait for their end."""

from pathlib import Path
from unittest.mock import AsyncMock

import pytest

from idp.infrastructure.database.interface import fetch
from idp.infrastructure.doctor import jobs_done, undelivered
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.outbox import WAITS
from idp.infrastructure.periodic import Periodic
from idp.infrastructure.periodic_store import ALL, JobRecord
from idp.oauth.doctor import sessions_ended
from idp.sessions.logout import KIND, payload
from tests.support.inprocess import provider
from tests.support.visits import signed_in
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio


async def test_it_sees_what_does_not_leave_and_what_was_given_up(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as house:
        base, outbox = house.worker.base, house.worker.outbox
        await outbox.stop()
        assert (await undelivered(base)).ok
        call = outbox.message(KIND, "nobody", "session", payload("nobody", "account", "session"))
        await base.database.write(fetch(call))
        assert (await undelivered(base)).ok  # it has just been written
        house.clock.forward(600)
        found = await undelivered(base)
        assert (found.ok, found.says.split()[0]) == (False, "1")
        assert "overdue" in found.says
        for wait in (*WAITS, 0.0):
            await outbox.deliver_due()  # the client is unknown, so that nothing can arrive
            house.clock.forward(wait + 1)
        found = await undelivered(base)
        assert not found.ok
        assert "given up" in found.says
        house.clock.forward(2 * 86_400)
        assert (await undelivered(base)).ok


async def test_it_sees_that_the_sweep_lags(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as house:
        await house.worker.periodic.stop()
        base, settings = house.worker.base, house.worker.settings
        async with signed_in(house):
            assert (await sessions_ended(settings, base)).ok
            house.clock.forward(settings.session_idle + 60)
            assert (await sessions_ended(settings, base)).ok
            house.clock.forward(1800)
            found = await sessions_ended(settings, base)
            assert not found.ok
            assert "31 minutes" in found.says
            await house.worker.sweeper.end_dead()
            assert (await sessions_ended(settings, base)).ok


async def test_it_sees_what_fails_and_what_is_not_done_any_more(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as house:
        base, broken = house.worker.base, list[Exception]()
        await house.worker.periodic.stop()
        record = JobRecord(base.database, base.sources.now)

        async def work() -> None:
            if broken:
                raise broken[0]

        periodic = Periodic(record)
        periodic.add("sweep", 0.001, work)
        periodic.add("retention", 0.001, AsyncMock())
        await record.note("of.an.earlier.release", 60, None)
        await periodic.start()
        await eventually(lambda: _says(base, "is done"))
        house.clock.forward(1)
        broken.append(ValueError("a name that nobody should read"))
        await eventually(lambda: _says(base, "sweep fails (ValueError), done last 0 minutes ago"))
        assert not (await jobs_done(base)).ok
        house.clock.forward(1)
        broken.clear()
        await eventually(lambda: _says(base, "is done"))
        await periodic.stop()
        house.clock.forward(3600)
        await record.note("retention", 0.001, None)
        found = await jobs_done(base)
        assert (found.ok, found.says) == (False, "sweep was done last 60 minutes ago")
        house.clock.forward(7200)
        assert "is a worker running?" in (await jobs_done(base)).says


async def _says(base: Foundation, words: str) -> bool:
    return words in (await jobs_done(base)).says


async def test_what_goes_on_as_before_is_noted_once_a_minute(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as house:
        base = house.worker.base
        await house.worker.periodic.stop()
        record, noted = JobRecord(base.database, base.sources.now), []
        for seconds in (0.0, 30.0, 29.0, 2.0, 30.0):
            house.clock.forward(seconds)
            await record.note("sweep", 2, None)
            noted.append((await base.database.read(fetch(ALL())))[0]["succeeded_at"])
        assert len(set(noted)) == 2
