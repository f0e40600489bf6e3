"""The registry in memory: invented ids cost one row, a new client is known at once, on both databases."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from idp.relying_parties.service import LOOK_SECONDS
from idp.relying_parties.store import ALL
from tests.support.inprocess import Provider, basic, provider

pytestmark = pytest.mark.anyio

INVENTED = 50


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker that hears of changes when somebody asks for a client, and not before."""
    url = request.getfixturevalue("migrated_postgres_url") if request.param == "postgresql" else ""
    async with provider(tmp_path, database_url=url) as running:
        await running.worker.revisions.stop()
        yield running


def count_loads(house: Provider, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that all clients are read."""
    loads: list[int] = []
    real = house.worker.base.database.read

    async def read(work: Any) -> Any:
        def watched() -> Any:
            unit, rows = work(), None
            while True:
                try:
                    call = next(unit) if rows is None else unit.send(rows)
                except StopIteration as stop:
                    return stop.value
                if call.statement is ALL:
                    loads.append(1)
                rows = yield call

        return await real(watched)

    monkeypatch.setattr(house.worker.base.database, "read", read)
    return loads


async def test_invented_ids_never_reload_the_registry_and_a_new_client_is_known_at_once(
    house: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads = count_loads(house, monkeypatch)
    async with house.machine() as machine, house.browser() as browser:
        for number in range(INVENTED):
            house.clock.forward(LOOK_SECONDS * 2)
            form = {
                "client_id": f"invented{number}",
                "client_secret": "x",
                "grant_type": "client_credentials",
            }
            assert (await machine.post("/token", data=form)).status_code == 401
            house.clock.forward(LOOK_SECONDS * 2)
            assert (await browser.get(f"/authorize?client_id=other{number}")).status_code == 400
        assert loads == []
        client, secret = await house.worker.registry.create(
            {
                "client_name": "测试系统",
                "redirect_uris": ["https://app.test/callback"],
                "grant_types": ["client_credentials"],
                "scope": "api",
            },
            "test",
        )
        house.clock.forward(LOOK_SECONDS * 2)
        form = {"grant_type": "client_credentials"}
        answer = await machine.post("/token", data=form, headers=basic(client, secret))
        assert answer.status_code == 200
        assert loads == [1]
