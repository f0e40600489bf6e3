"""That every unit of work of the product may run twice is watched over; this is the watch itself."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Provider]:
    async with provider(tmp_path) as started:
        yield started


async def test_what_a_unit_does_it_has_done_once(house: Provider) -> None:
    audit, line = (
        AuditStore(house.worker.base.sources),
        AuditEvent(event=EventType.LOGIN_FAILED, detail={"reason": "twice"}),
    )
    before = len(await house.audit_lines())

    def work() -> Transaction[str]:
        yield audit.record(line)
        return "done"

    assert await house.worker.base.database.write(work) == "done"
    assert len(await house.audit_lines()) == before + 1


async def test_a_unit_that_keeps_something_beside_its_outcome_is_found(house: Provider) -> None:
    kept: list[str] = []

    def appends() -> Transaction[None]:
        kept.append("something")
        yield AuditStore(house.worker.base.sources).record(AuditEvent(event=EventType.LOGIN_FAILED))

    with pytest.raises(AssertionError, match="keeps something"):
        await house.worker.base.database.write(appends)


async def test_a_unit_whose_outcome_is_another_the_second_time_is_found(house: Provider) -> None:
    answers = iter((True, False))

    def changes() -> Transaction[bool]:
        yield AuditStore(house.worker.base.sources).record(AuditEvent(event=EventType.LOGIN_FAILED))
        return next(answers)

    with pytest.raises(AssertionError, match="True, then False"):
        await house.worker.base.database.write(changes)


async def test_what_the_database_refuses_is_refused_both_times(house: Provider) -> None:
    username = await person(house)
    with pytest.raises(Conflict):
        await person(house, username=username)
    assert await account_id(house, username)
