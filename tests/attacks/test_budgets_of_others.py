"""What strangers use up of somebody by that person's phone or certificate number: messages, invitations, tries."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from idp.accounts.real_names.verification import OWN_TRIES
from tests.attacks.scene import STRONG, field
from tests.authorities.people import Known
from tests.authorities.world import World
from tests.support.authorities import SETTINGS, beside, citizen
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.messages import last_code, messages_to
from tests.support.visits import SESSION_COOKIE, account_id, page, person, signed_in, visitor

pytestmark = pytest.mark.anyio

PHONE, NUMBER = "13800000001", "410411199001010015"
OWNER: dict[str, Any] = {
    "phone": PHONE,
    "phone_verified": True,
    "certificate_type": "111",
    "certificate_number": NUMBER,
}
Town = tuple[Provider, World]


@pytest.fixture
async def town(migrated_url: str, anyio_backend: str, tmp_path: Path) -> AsyncIterator[Town]:
    """Authorities that answer, and zhangsan, whose phone and certificate strangers know; on each database."""
    settings: dict[str, Any] = {**SETTINGS, "database_url": migrated_url}
    async with provider(tmp_path, message_sink=True, **settings) as house:
        await person(house, username="zhangsan", **OWNER)
        yield house, beside(house)


async def asked(someone: Browserless, path: str, name: str = "phone") -> Page:
    """A code is asked for at a door; what the page says."""
    form = page(await someone.open(path)).form_with(name)
    assert form is not None
    return page(await someone.submit(form, phone=PHONE))


async def test_strangers_at_every_door_leave_the_owner_the_own_messages(town: Town) -> None:
    house, _ = town
    async with visitor(house) as owner:
        form = field(page(await owner.open("/login")), "password")
        await owner.submit(form, username="zhangsan", password=PASSWORD)
        assert SESSION_COOKIE in owner.client.cookies
        owner.client.cookies.delete(SESSION_COOKIE)
        for hour in range(4):
            for number in range(6):
                async with visitor(house, f"203.0.113.{hour * 50 + number}") as stranger:
                    await asked(stranger, ("/login/sms", "/recover/password")[number % 2])
                async with signed_in(house, username=await person(house), amr=STRONG) as member:
                    await asked(member, "/me/profile/phone")
                house.clock.forward(61)
            house.clock.forward(3600)
        strangers = len(await messages_to(house, PHONE))
        assert strangers <= 12  # a day's codes and what else is told
        for path in ("/login/sms", "/recover/password"):
            shown = await asked(owner, path)
            form = field(shown, "code")
            house.clock.forward(61)
        assert len(await messages_to(house, PHONE)) >= strangers + 2
        assert page(await owner.submit(form, code=await last_code(house, PHONE))).status == 200


async def invited(house: Provider, username: str, name: str = "张三") -> Page:
    """Somebody asks zhangsan to help them."""
    async with signed_in(house, username=username, amr=STRONG) as someone:
        form = field(page(await someone.open("/me/mandates/helper")), "phone")
        return page(await someone.submit(form, name=name, phone=PHONE))


async def test_invitations_of_strangers_keep_nobody_else_s_away(town: Town) -> None:
    house, _ = town
    for number in range(3):
        stranger = await person(house, certificate_type="414", certificate_number=f"E1000000{number}")
        for _ in range(4):
            await invited(house, stranger)
    friend = await person(house, name="李四", certificate_type="414", certificate_number="E20000001")
    assert "邀请已发出" in (await invited(house, friend)).text
    async with signed_in(house, "zhangsan") as owner:
        assert "李四" in page(await owner.open("/me/mandates")).text
    told = [text for text in await messages_to(house, PHONE) if "代为办事" in text]
    assert len(told) == 5  # a telephone does not ring all day


async def verified(house: Provider, username: str, who: Known, name: str) -> Page:
    """Somebody has a name compared with a number by the population register."""
    async with signed_in(house, username=username, amr=STRONG) as someone:
        form = field(page(await someone.open("/me/real-name/check")), "csrf")
        fields = {"name": name, "certificate_type": who.certificate_type, "certificate_number": who.number}
        return page(await someone.submit(form, **fields))


@pytest.mark.parametrize("before", [0, 1])
async def test_tries_of_strangers_at_somebody_s_number_leave_its_owner_tries(town: Town, before: int) -> None:
    house, world = town
    who = citizen(world, "赵小明", 701)
    owner = await person(house, name="赵小明", level=0)
    if before:
        assert (await verified(house, owner, who, who.name)).status == 200
    for _ in range(3):
        stranger = await person(house, level=0)
        for guess in "一二三四":
            await verified(house, stranger, who, f"王{guess}")
    shown = await verified(house, owner, who, who.name)
    assert shown.status == 200, shown.text
    row = await house.worker.verification.account(await account_id(house, owner))
    assert row.real_name_level == 1


async def test_one_account_has_few_tries_at_many_numbers_and_many_accounts_few_at_one(town: Town) -> None:
    house, world = town
    who, statuses = citizen(world, "赵小明", 702), []
    for _ in range(6):
        stranger = await person(house, level=0)
        for guess in "一二三四":
            statuses.append((await verified(house, stranger, who, f"王{guess}")).status)
    assert statuses.count(429) == 24 - 6 * OWN_TRIES - 8
    stranger = await person(house, level=0)
    for number in range(703, 703 + 6):
        last = (await verified(house, stranger, citizen(world, "赵小明", number), "王五")).status
    assert last == 429
