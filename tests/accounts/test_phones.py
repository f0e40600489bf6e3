"""Whose phone it is: never two accounts', whatever happens at the same moment; on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.accounts.contacts.phones import checked_phone
from idp.accounts.model import Account, InvalidAccount, NewAccount
from idp.accounts.service import Accounts
from idp.accounts.store import AccountStore
from idp.infrastructure.database.interface import Conflict
from tests.support.inprocess import Provider, provider
from tests.support.visits import password_hash

pytestmark = pytest.mark.anyio

PHONE = "13800000001"


@pytest.fixture(params=["sqlite", "postgresql"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with provider(tmp_path, database_url=url, message_sink=True) as started:
        yield started


async def opened(town: Provider, username: str, phone: str | None, *, proved: bool = False) -> Account:
    """A new account."""
    account = NewAccount(username, "张三", password_hash(), phone=phone, phone_verified=proved)
    account_id = await Accounts(town.worker.base, town.worker.hasher).open(account, "test")
    return await row_of(town, account_id)


async def row_of(town: Provider, account_id: str) -> Account:
    """The account as it is now."""
    store = AccountStore(town.worker.base.vault)
    row = await town.worker.base.database.read(lambda: store.by_id(account_id))
    assert row is not None
    return row


@pytest.mark.parametrize(
    "text",
    [PHONE, " 138 0000 0001", "+8613800000001", "138-0000-0001", "008613800000001", "１３８００００００01"],
)
def test_a_phone_is_read_however_it_is_written(text: str) -> None:
    assert checked_phone(text) == PHONE


@pytest.mark.parametrize("text", ["", "1380000000", "138000000011", "12800000001", "abc", "+852 5123 4567"])
def test_what_is_no_mobile_number_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(InvalidAccount) as refusal:
        checked_phone(text)
    assert not text or text not in str(refusal.value)


async def test_whoever_has_proved_a_phone_holds_it_before_those_who_have_not(town: Provider) -> None:
    assert await town.worker.phones.holder(PHONE) is None
    one = await opened(town, "one", PHONE)
    holder = await town.worker.phones.holder(PHONE)
    assert holder is not None
    assert holder.id == one.id
    await opened(town, "other", PHONE)
    assert await town.worker.phones.holder(PHONE) is None
    await town.worker.phones.confirm(one, PHONE)
    holder = await town.worker.phones.holder(PHONE)
    assert holder is not None
    assert holder.id == one.id


async def test_two_accounts_opened_at_once_with_a_proved_phone_are_one(town: Provider) -> None:
    opening = [opened(town, f"person{number}", PHONE, proved=True) for number in range(10)]
    outcomes = await asyncio.gather(*opening, return_exceptions=True)
    assert [isinstance(outcome, Conflict) for outcome in outcomes].count(False) == 1


async def test_of_many_who_confirm_the_same_phone_at_once_one_has_it(town: Provider) -> None:
    rows = [await opened(town, f"person{number}", PHONE) for number in range(10)]
    done = await asyncio.gather(*[town.worker.phones.confirm(row, PHONE) for row in rows])
    assert sum(row is not None for row in done) == 1


async def test_of_many_who_change_to_the_same_phone_at_once_one_has_it(town: Provider) -> None:
    rows = [await opened(town, f"person{number}", f"1390000000{number}", proved=True) for number in range(10)]
    change, caller = town.worker.phones.change, "198.51.100.7"
    changes = [change(row, PHONE, caller, proven=row.security_version) for row in rows]
    done = await asyncio.gather(*changes)
    assert done.count(True) == 1


async def test_a_phone_is_released_once_and_free_for_the_next(town: Provider) -> None:
    row = await opened(town, "one", PHONE, proved=True)
    done = await asyncio.gather(*[town.worker.phones.release(row, PHONE, "198.51.100.7") for _ in range(5)])
    assert done.count(True) == 1
    assert (await row_of(town, row.id)).phone_index is None
    await opened(town, "next", PHONE, proved=True)
    assert (await town.audit_events()).count("phone.released") == 1


async def test_a_release_takes_no_other_phone(town: Provider) -> None:
    row = await opened(town, "one", PHONE, proved=True)
    assert not await town.worker.phones.release(row, "13800000002", "198.51.100.7")
    assert (await row_of(town, row.id)).phone_index is not None
