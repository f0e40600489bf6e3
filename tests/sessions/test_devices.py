"""Devices on both databases: new ones are news, known ones are not, trust ends, what is forgotten comes back as new."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.statement import Call
from idp.sessions.devices import TRUST_SECONDS, Devices, browser_name
from idp.sessions.model import Caller
from tests.support.inprocess import Provider, provider

pytestmark = pytest.mark.anyio

CALLER = Caller("198.51.100.7", "Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36", "device-1")
OTHER = replace(CALLER, device_id="device-2")


@dataclass
class Stage:
    """Devices of one account, and what its owner was told."""

    house: Provider
    devices: Devices
    account: Account
    told: list[dict[str, object]] = field(default_factory=list)

    async def login(self, caller: Caller) -> bool:
        """Note a login; whether the owner is told."""
        return await self.house.worker.base.database.write(lambda: self.devices.seen(self.account, caller))

    async def trust(self, caller: Caller) -> bool:
        """Trust a device; whether it is known."""
        who = self.account.id
        return await self.house.worker.base.database.write(lambda: self.devices.trusted(who, caller))


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    told: list[dict[str, object]] = []

    def notice(account: Account, text: str, **values: object) -> Transaction[None]:
        told.append(values)
        calls: list[Call] = []
        yield from calls

    async with provider(tmp_path, database_url=migrated_url, twice=False) as house:  # `told` is no row
        account_id = await house.open_account()
        accounts = AccountStore(house.worker.base.vault)
        account = await house.worker.base.database.read(lambda: accounts.by_id(account_id))
        assert account is not None
        yield Stage(house, Devices(house.worker.base, notice), account, told)


async def test_the_first_device_is_no_news_and_the_second_is(stage: Stage) -> None:
    assert not await stage.login(CALLER)
    assert not await stage.login(CALLER)
    assert await stage.login(OTHER)
    assert stage.told == [{"device": "Chrome · Windows"}]
    rows = await stage.devices.of_account(stage.account.id)
    assert {row.id for row in rows} == {"device-1", "device-2"}


async def test_a_login_of_a_program_is_no_device(stage: Stage) -> None:
    assert not await stage.login(Caller("198.51.100.7"))
    assert await stage.devices.of_account(stage.account.id) == []


async def test_many_logins_at_once_on_one_device_are_one_device(stage: Stage) -> None:
    await asyncio.gather(*[stage.login(CALLER) for _ in range(10)])
    assert len(await stage.devices.of_account(stage.account.id)) == 1


async def test_trust_lasts_its_time_and_ends_with_the_device(stage: Stage) -> None:
    who = stage.account.id
    assert not await stage.trust(CALLER)  # it has never been seen
    for caller in (CALLER, OTHER):
        await stage.login(caller)
        assert await stage.trust(caller)
    assert await stage.devices.is_trusted(who, "device-1")
    assert not await stage.devices.is_trusted(who, None)
    assert not await stage.devices.is_trusted("somebody else", "device-1")
    assert await stage.devices.forget(who, "device-1", CALLER)
    assert not await stage.devices.forget(who, "device-1", CALLER)
    assert not await stage.devices.is_trusted(who, "device-1")
    stage.house.clock.forward(TRUST_SECONDS)
    assert not await stage.devices.is_trusted(who, "device-2")


async def test_a_forgotten_device_comes_back_as_a_new_one(stage: Stage) -> None:
    await stage.login(CALLER)
    await stage.login(OTHER)
    await stage.devices.forget(stage.account.id, "device-1", OTHER)
    stage.house.clock.forward(60)
    assert await stage.login(CALLER)
    assert not await stage.devices.is_trusted(stage.account.id, "device-1")


async def test_all_but_this_one_are_forgotten(stage: Stage) -> None:
    for number in range(4):
        await stage.login(replace(CALLER, device_id=f"device-{number}"))
    assert await stage.devices.forget_others(stage.account.id, "device-1", CALLER) == 3
    assert [row.id for row in await stage.devices.of_account(stage.account.id)] == ["device-1"]
    assert (await stage.house.audit_events()).count("device.forgotten") == 1


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 14) Chrome/140 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 14) Chrome/140 MicroMessenger/8.0", "WeChat · Android"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Firefox · Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140 Edg/140", "Edge · Windows"),
        ("", "?"),
        ("curl/8", "?"),
    ],
)
def test_a_browser_has_a_name_that_people_know(agent: str, name: str) -> None:
    assert browser_name(agent) == name
