"""`idp doctor` on what should have happened by now: notices that do not leave, sessions that wait for their end."""

from pathlib import Path

import pytest

from idp.doctor import _sessions, _undelivered
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.outbox import WAITS
from idp.sessions.logout import KIND, payload
from tests.support.inprocess import provider
from tests.support.visits import signed_in

pytestmark = pytest.mark.anyio


async def test_it_sees_what_does_not_leave_and_what_was_given_up(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as house:
        base, outbox = house.worker.base, house.worker.outbox
        await outbox.stop()
        assert (await _undelivered(base)).ok
        call = outbox.message(KIND, "nobody", "session", payload("nobody", "account", "session"))
        await base.database.write(fetch(call))
        assert (await _undelivered(base)).ok  # it has just been written
        house.clock.forward(600)
        found = await _undelivered(base)
        assert (found.ok, found.says.split()[0]) == (False, "1")
        assert "overdue" in found.says
        for wait in (*WAITS, 0.0):
            await outbox.deliver_due()  # the client is unknown, so that nothing can arrive
            house.clock.forward(wait + 1)
        found = await _undelivered(base)
        assert not found.ok
        assert "given up" in found.says
        house.clock.forward(2 * 86_400)
        assert (await _undelivered(base)).ok


async def test_it_sees_that_the_sweep_lags(migrated_url: str, tmp_path: Path) -> None:
    async with provider(tmp_path, database_url=migrated_url) as house:
        await house.worker.periodic.stop()
        base, settings = house.worker.base, house.worker.settings
        async with signed_in(house):
            assert (await _sessions(settings, base)).ok
            house.clock.forward(settings.session_idle + 60)
            assert (await _sessions(settings, base)).ok
            house.clock.forward(1800)
            found = await _sessions(settings, base)
            assert not found.ok
            assert "31 minutes" in found.says
            await house.worker.sweeper.end_dead()
            assert (await _sessions(settings, base)).ok
