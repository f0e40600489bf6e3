"""Logging out of a well system, while four hundred notices wait for one that hangs, on every storage."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from idp.infrastructure.database import Transaction
from idp.infrastructure.lanes import OF_ONE
from idp.sessions.logout import KIND, payload
from tests.resilience.conftest import Storage
from tests.support.inprocess import provider
from tests.support.visits import code_for, signed_in
from tests.support.waiting import until

pytestmark = pytest.mark.anyio

MANY = 400
LOGOUTS = 20


async def test_a_system_that_hangs_delays_no_other_s_notice(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    asked: list[str] = []
    async with provider(tmp_path, twice=False, **urls) as house:
        hanging, _ = await house.register(backchannel_logout_uri="https://hanging.test/logout")
        well, _ = await house.register(backchannel_logout_uri="https://well.test/logout")

        async def post_form(url: str, form: dict[str, str]) -> int:
            asked.append(url)
            if "hanging" in url:
                await asyncio.Event().wait()
            return 200

        monkeypatch.setattr(house.worker.http, "post_form", post_form)

        def work() -> Transaction[None]:
            for number in range(MANY):
                kept = payload(hanging.client_id, "nobody", f"session {number}")
                yield house.worker.outbox.message(KIND, hanging.client_id, f"session {number}", kept)

        await house.worker.base.database.write(work)
        house.clock.forward(1)
        for _ in range(LOGOUTS):
            async with signed_in(house) as someone:
                await code_for(someone, well)
                house.clock.forward(0.01)
                await someone.log_out("/end_session")
        await until(lambda: sum("well" in url for url in asked) == LOGOUTS)
        assert sum("hanging" in url for url in asked) <= OF_ONE
