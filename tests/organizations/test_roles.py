"""Who works as what, and where: granted by others, held by open accounts only."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Text, bindparam, select

from idp.accounts.model import InvalidAccount
from idp.accounts.store import accounts
from idp.infrastructure.database import Statement, Transaction
from idp.organizations.divisions import BadDivisions, read_divisions
from idp.organizations.roles import RoleName
from idp.organizations.roles_store import decides
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


@pytest.mark.parametrize(
    ("place", "mine"),
    [
        (None, False),
        ("410411", False),
        ("410411001", True),
        ("410411001001", True),
        ("410411002", False),
        ("4104110010", True),
    ],
)
async def test_a_role_holds_for_its_division_and_what_lies_within(
    house: Provider, place: str | None, mine: bool
) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))

    async def decides_(role: RoleName, where: str | None) -> bool:
        return await house.worker.base.database.read(lambda: _decided(id_, role, where))

    assert not await decides_(RoleName.COUNTER, place)
    assert await roles.grant(id_, RoleName.COUNTER, "410411001", "test")
    assert await decides_(RoleName.COUNTER, place) is mine
    assert not await decides_(RoleName.SUPERVISOR, place)
    assert await roles.grant(id_, RoleName.COUNTER, "410411", "test")
    assert await decides_(RoleName.COUNTER, place)  # what has no division is for the district
    assert await roles.withdraw(id_, RoleName.COUNTER, "410411001", "test")
    assert await roles.withdraw(id_, RoleName.COUNTER, "410411", "test")
    assert not await decides_(RoleName.COUNTER, place)


STATEMENTS = {
    role: Statement(
        select(accounts.c.id).where(
            accounts.c.id == bindparam("the_staff", type_=Text),
            decides(accounts.c.id, role, bindparam("place", type_=Text)),
        )
    )
    for role in RoleName
}


def _decided(staff_id: str, role: RoleName, place: str | None) -> Transaction[bool]:
    return bool((yield STATEMENTS[role](the_staff=staff_id, place=place)))


async def test_a_role_is_granted_and_withdrawn_once(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    granted = await asyncio.gather(*[roles.grant(id_, RoleName.COUNTER, "410411", "test") for _ in range(20)])
    assert granted.count(True) == 1
    withdrawn = await asyncio.gather(
        *[roles.withdraw(id_, RoleName.COUNTER, "410411", "test") for _ in range(20)]
    )
    assert withdrawn.count(True) == 1
    events = await house.audit_events()
    assert events.count("role.granted") == events.count("role.withdrawn") == 1


async def test_nobody_grants_a_role_to_themselves_or_for_nowhere(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    with pytest.raises(InvalidAccount):
        await roles.grant(id_, RoleName.ADMINISTRATOR, "410411", id_)
    for division in ("", "999999", "4104110010", "410411\x00"):
        with pytest.raises(InvalidAccount):
            await roles.grant(id_, RoleName.COUNTER, division, "test")
    assert "role.granted" not in await house.audit_events()


async def test_a_closed_account_has_no_role(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    await roles.grant(id_, RoleName.COUNTER, "410411", "test")
    await house.worker.lifecycle.freeze(id_, "休假", "test")
    assert not await house.worker.base.database.read(lambda: _decided(id_, RoleName.COUNTER, None))
    await house.worker.lifecycle.thaw(id_, "回来了", "test")
    assert await house.worker.base.database.read(lambda: _decided(id_, RoleName.COUNTER, None))
    await house.worker.lifecycle.deceased(id_, "证明 1", "test")
    await house.worker.lifecycle.thaw(id_, "误登记", "test")
    assert not await house.worker.base.database.read(lambda: _decided(id_, RoleName.COUNTER, None))


def test_the_district_is_in_the_table_and_names_are_told_whole() -> None:
    divisions = read_divisions()
    assert len(divisions.names) == 11
    assert divisions.name("410411200") == "湛河区曹镇乡"
    assert divisions.name("999") == "999"


@pytest.mark.parametrize("text", ["", "x", "[divisions]\n1 = 'a'", "[divisions]\n410411 = 1"])
def test_a_table_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "divisions.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(BadDivisions):
        read_divisions(file)
    with pytest.raises(BadDivisions):
        read_divisions(tmp_path / "nothing.toml")
