"""Who works as what, and where: granted by others, held by open accounts only."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.accounts.model import InvalidAccount
from idp.organizations.divisions import BadDivisions, read_divisions
from idp.organizations.roles import Role
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


async def test_a_role_holds_for_its_division_and_what_lies_within(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    assert not await roles.may(id_, Role.COUNTER)
    assert await roles.grant(id_, Role.COUNTER, "410411001", "test")
    assert await roles.may(id_, Role.COUNTER)
    assert await roles.may(id_, Role.COUNTER, "410411001")
    assert await roles.may(id_, Role.COUNTER, "410411001001")
    assert not await roles.may(id_, Role.COUNTER, "410411")
    assert not await roles.may(id_, Role.COUNTER, "410411002")
    assert not await roles.may(id_, Role.SUPERVISOR)
    assert await roles.withdraw(id_, Role.COUNTER, "410411001", "test")
    assert not await roles.may(id_, Role.COUNTER)


async def test_a_role_is_granted_and_withdrawn_once(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    granted = await asyncio.gather(*[roles.grant(id_, Role.COUNTER, "410411", "test") for _ in range(20)])
    assert granted.count(True) == 1
    withdrawn = await asyncio.gather(
        *[roles.withdraw(id_, Role.COUNTER, "410411", "test") for _ in range(20)]
    )
    assert withdrawn.count(True) == 1
    events = await house.audit_events()
    assert events.count("role.granted") == events.count("role.withdrawn") == 1


async def test_nobody_grants_a_role_to_themselves_or_for_nowhere(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    with pytest.raises(InvalidAccount):
        await roles.grant(id_, Role.ADMINISTRATOR, "410411", id_)
    for division in ("", "999999", "4104110010", "410411\x00"):
        with pytest.raises(InvalidAccount):
            await roles.grant(id_, Role.COUNTER, division, "test")
    assert "role.granted" not in await house.audit_events()


async def test_a_closed_account_has_no_role(house: Provider) -> None:
    roles, id_ = house.worker.roles, await account_id(house, await person(house))
    await roles.grant(id_, Role.COUNTER, "410411", "test")
    await house.worker.lifecycle.freeze(id_, "休假", "test")
    assert not await roles.may(id_, Role.COUNTER)
    await house.worker.lifecycle.thaw(id_, "回来了", "test")
    assert await roles.may(id_, Role.COUNTER)
    await house.worker.lifecycle.deceased(id_, "证明 1", "test")
    await house.worker.lifecycle.thaw(id_, "误登记", "test")
    assert not await roles.may(id_, Role.COUNTER)


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
