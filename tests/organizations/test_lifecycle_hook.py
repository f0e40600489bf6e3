"""What becomes of mandates and firms when a person dies, is robbed, or turns out to have two accounts."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.accounts.lifecycle.hooks import Obstacle
from idp.accounts.lifecycle.service import DAY
from idp.accounts.merges.service import Plan
from idp.infrastructure.database import Row
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.statement import Statement
from idp.organizations.store import legal_persons, mandates
from tests.support.inprocess import Provider, provider
from tests.support.mandates import company, mandate
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio

NUMBER = "410411199001010015"
MANDATES, FIRMS = Statement(select(mandates)), Statement(select(legal_persons))


@pytest.fixture
async def house(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


async def states(house: Provider) -> dict[str, Row]:
    rows = await house.worker.base.database.read(fetch(MANDATES()))
    return {row["id"]: row for row in rows}


async def people(house: Provider, number: int) -> list[str]:
    return [await account_id(house, await person(house)) for _ in range(number)]


async def test_with_a_death_mandates_end_and_those_of_the_firm_rest(house: Provider) -> None:
    dead, other, third = await people(house, 3)
    firm = await company(house, dead)
    of_agent = await mandate(house, dead, person=other)
    for_person = await mandate(house, other, person=dead)
    passed_on = await mandate(house, third, person=dead, parent_mandate_id=for_person.mandate_id)
    of_firm = await mandate(house, other, company=firm)
    elsewhere = await mandate(house, other, person=third)
    assert await house.worker.lifecycle.deceased(dead, "证明 1", "staff")
    after = {id_: row["state"] for id_, row in (await states(house)).items()}
    assert after == {
        of_agent.mandate_id: "revoked",
        for_person.mandate_id: "revoked",
        passed_on.mandate_id: "revoked",
        of_firm.mandate_id: "suspended",
        elsewhere.mandate_id: "active",
    }
    events = await house.audit_events()
    assert (events.count("mandate.revoked"), events.count("mandate.suspended")) == (3, 1)
    [row] = await house.worker.base.database.read(fetch(FIRMS()))
    assert row["representative_account_id"] is None


async def test_after_a_theft_what_was_granted_lately_rests(house: Provider) -> None:
    robbed, friend, stranger = await people(house, 3)
    old = await mandate(house, friend, person=robbed, granted_by=robbed)
    house.clock.forward(40 * DAY)
    new = await mandate(house, stranger, person=robbed, granted_by=robbed)
    phone = {"invitee_phone": b"sealed", "invitee_phone_index": b"index"}
    invited = await mandate(house, None, person=robbed, granted_by=robbed, state="invited", **phone)
    done = await house.worker.lifecycle.secure(robbed, "staff")
    assert done is not None
    assert done["mandates"] == 2
    after = {id_: row["state"] for id_, row in (await states(house)).items()}
    assert after == {old.mandate_id: "active", new.mandate_id: "suspended", invited.mandate_id: "revoked"}
    assert (await states(house))[invited.mandate_id]["invitee_phone"] is None


async def test_representatives_and_guardians_cannot_go(house: Provider) -> None:
    boss, guardian, child = await people(house, 3)
    await company(house, boss)
    await mandate(house, guardian, person=child, relation="guardian")
    lifecycle = house.worker.lifecycle
    assert await lifecycle.request_cancellation(boss) == [Obstacle.REPRESENTATIVE]
    assert await lifecycle.request_cancellation(guardian) == [Obstacle.GUARDIAN]
    assert await lifecycle.request_cancellation(child) == []


async def test_mandates_and_firms_go_with_a_merge_and_come_back(house: Provider) -> None:
    fields = {"certificate_type": "111", "certificate_number": NUMBER}
    into = await account_id(house, await person(house, **fields))
    (other, third) = await people(house, 2)
    firm = await company(house, other)
    of_agent = (await mandate(house, other, company=firm)).mandate_id
    for_person = (await mandate(house, third, person=other)).mandate_id
    between = (await mandate(house, into, person=other)).mandate_id
    before = await states(house)
    merge_id = await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    after = await states(house)
    assert after[of_agent]["agent_account_id"] == into
    assert after[for_person]["principal_account_id"] == into
    assert after[between]["principal_account_id"] == other  # nobody becomes an agent for themselves
    firms = await house.worker.base.database.read(fetch(FIRMS()))
    assert [row["representative_account_id"] for row in firms] == [into]
    await house.worker.merges.undo(merge_id, "不是同一人", "staff")
    # What an account gave that nobody had verified rests since the merge, until its owner has looked at it.
    resting = {"state": "suspended", "end_reason": "secured", "suspended_by_rank": 0}
    assert {id_: dict(row) for id_, row in (await states(house)).items()} == {
        id_: dict(row) | (resting if id_ in (for_person, between) else {}) for id_, row in before.items()
    }
    firms = await house.worker.base.database.read(fetch(FIRMS()))
    assert [row["representative_account_id"] for row in firms] == [other]
