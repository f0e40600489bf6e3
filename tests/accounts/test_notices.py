"""Notices: by SMS to a proved phone, else by mail, else not at all."""

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from tests.support.inprocess import Provider, provider
from tests.support.messages import all_messages, messages_to, settled
from tests.support.visits import person

pytestmark = pytest.mark.anyio

_numbers = count(1)


@pytest.fixture(scope="module")
async def town(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages can be read."""
    async with provider(tmp_path_factory.mktemp("town"), message_sink=True) as started:
        yield started


async def account(town: Provider, **fields: object) -> Account:
    """A new account."""
    username = await person(town, **fields)
    store = AccountStore(town.worker.base.vault)
    row = await town.worker.base.database.read(lambda: store.find(username))
    assert row is not None
    return row


async def tell(town: Provider, row: Account, text: str, **values: object) -> None:
    """Send a notice."""
    await town.worker.base.database.write(lambda: town.worker.notices.notice(row, text, **values))


@pytest.mark.parametrize(
    ("phone", "proved", "mail", "told"),
    [
        (True, True, True, "sms"),
        (True, True, False, "sms"),
        (True, False, True, "mail"),
        (False, False, True, "mail"),
        (True, False, False, ""),
        (False, False, False, ""),
    ],
)
async def test_one_way_is_taken_and_never_a_phone_that_nobody_proved(
    town: Provider, phone: bool, proved: bool, mail: bool, told: str
) -> None:
    number = next(_numbers)
    ways = {"sms": f"1380000{number:04}", "mail": f"p{number}@mail.test"}
    row = await account(
        town,
        phone=ways["sms"] if phone else None,
        phone_verified=proved,
        email=ways["mail"] if mail else None,
    )
    before = len(await all_messages(town))
    text = "您的账号新增了一个设备：%(device)s"
    await tell(town, row, text, device="手机")
    await settled(town)
    assert len(await all_messages(town)) == before + bool(told)
    if told:
        assert await messages_to(town, ways[told]) == ["您的账号新增了一个设备：手机"]
    lines = [line for line in await town.audit_lines() if line["account_id"] == row.id]
    assert [line["event"] for line in lines if line["event"].startswith("message")] == [
        "message.sent"
    ] * bool(told)


async def test_where_a_way_may_be_in_other_hands_all_are_taken(town: Provider) -> None:
    row = await account(town, phone="13900000001", phone_verified=True, email="both@mail.test")
    await town.worker.base.database.write(lambda: town.worker.notices.everywhere(row, "密码已重设"))
    assert await messages_to(town, "13900000001") == ["密码已重设"]
    assert await messages_to(town, "both@mail.test") == ["密码已重设"]


async def test_without_a_gateway_a_message_is_given_up_and_recorded(tmp_path: Path) -> None:
    async with provider(tmp_path) as bare:
        row = await account(bare, phone="13900000002", phone_verified=True)
        await tell(bare, row, "密码已重设")
        await settled(bare)
        assert "message.undelivered" in await bare.audit_events()


async def test_the_page_of_messages_is_there_in_a_demonstration_only(tmp_path: Path, town: Provider) -> None:
    async with town.browser() as browser:
        assert (await browser.get("/demo/messages")).status_code == 404
    async with provider(tmp_path, demo=True) as demo, demo.browser() as browser:
        assert "还没有消息" in (await browser.get("/demo/messages")).text
        row = await account(demo, phone="13900000003", phone_verified=True)
        for text in ("第一条", "<b>第二条</b>"):
            await tell(demo, row, text)
            await settled(demo)
        shown = (await browser.get("/demo/messages")).text
        assert shown.index("第二条") < shown.index("第一条")
        assert "<b>第二条" not in shown
