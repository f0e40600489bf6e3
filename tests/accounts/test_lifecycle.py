"""What becomes of an account, on both databases: frozen, deceased, cancelled, cleaned, each once and completely."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.accounts.lifecycle.hooks import Obstacle
from idp.accounts.lifecycle.service import DAY
from idp.accounts.model import Account, InvalidAccount
from idp.accounts.real_names.proof import NotRecorded, Proof
from idp.accounts.store import AccountStore, account_of
from idp.infrastructure.database import Row
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.statement import Statement
from idp.organizations.roles import RoleName
from idp.schema import metadata
from idp.sessions.service import Caller
from tests.support.inprocess import Provider, provider
from tests.support.visits import account_id, asking, page, person, signed_in, tokens, userinfo

pytestmark = pytest.mark.anyio

NUMBER, PHONE = "410411199001010015", "13800000001"
CALLER = Caller("198.51.100.7", "a browser")
TABLES = {
    name: Statement(select(metadata.tables[name]))
    for name in (
        "accounts",
        "authenticators",
        "sessions",
        "devices",
        "consents",
        "grants",
        "real_name_records",
    )
}


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider on each database."""
    async with provider(tmp_path, database_url=migrated_url) as started:
        yield started


async def rows(house: Provider, table: str) -> list[Row]:
    return list(await house.worker.base.database.read(fetch(TABLES[table]())))


async def row_of(house: Provider, id_: str) -> Account:
    return account_of(next(row for row in await rows(house, "accounts") if row["id"] == id_))


async def full_person(house: Provider) -> tuple[str, str]:
    """Somebody of whom we know a lot; username and id."""
    username = await person(
        house,
        phone=PHONE,
        email="zhang@example.test",
        address="建设路 1 号",
        certificate_type="111",
        certificate_number=NUMBER,
    )
    await house.enrol_totp(username)
    return username, await account_id(house, username)


async def test_a_frozen_account_is_dead_at_once_and_its_systems_hear_of_it(house: Provider) -> None:
    client, secret = await house.register(backchannel_logout_uri="https://127.0.0.1:9/logout")
    username = await person(house)
    id_ = await account_id(house, username)
    async with signed_in(house, username) as someone:
        token = (await tokens(house, client, secret, someone))["access_token"]
        assert (await userinfo(house, token)).status_code == 200
        assert await house.worker.lifecycle.freeze(id_, "举报核实中", "staff")
        assert (await userinfo(house, token)).status_code == 401
        assert page(await someone.open(asking(client))).form_with("password") is not None
    session = (await rows(house, "sessions"))[0]
    assert session["ended_at"] is not None
    assert len(await house.worker.outbox.of_subject(session["id"])) == 1
    assert not await house.worker.lifecycle.freeze(id_, "again", "staff")
    assert await house.worker.lifecycle.thaw(id_, "核实无误", "staff")
    assert not await house.worker.lifecycle.thaw(id_, "again", "staff")
    lines = [(line["event"], line["actor"]) for line in await house.audit_lines()]
    assert lines.count(("account.frozen", "staff")) == lines.count(("account.thawed", "staff")) == 1


async def test_of_many_who_freeze_an_account_one_does(house: Provider) -> None:
    id_ = await account_id(house, await person(house))
    done = await asyncio.gather(*[house.worker.lifecycle.freeze(id_, "x", f"staff{n}") for n in range(20)])
    assert done.count(True) == 1
    assert (await house.audit_events()).count("account.frozen") == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, "电话 13800000001", f"证件{NUMBER}", "a\x00b"])
async def test_a_reason_is_demanded_and_names_nobodys_numbers(house: Provider, reason: str) -> None:
    id_ = await account_id(house, await person(house))
    for change in (
        house.worker.lifecycle.freeze,
        house.worker.lifecycle.thaw,
        house.worker.lifecycle.deceased,
    ):
        with pytest.raises(InvalidAccount) as refused:
            await change(id_, reason, "staff")
        assert NUMBER not in str(refused.value)
    assert (await row_of(house, id_)).state == "active"


async def test_the_deceased_can_no_longer_act_and_a_mistake_is_taken_back(house: Provider) -> None:
    username, id_ = await full_person(house)
    async with signed_in(house, username) as someone:
        assert await house.worker.lifecycle.deceased(id_, "死亡证明 D-1", "staff")
        assert "张三" not in page(await someone.open("/")).text
    assert (await row_of(house, id_)).state == "deceased"
    assert await rows(house, "devices") == []
    assert not await house.worker.lifecycle.freeze(id_, "x", "staff")
    assert await house.worker.lifecycle.thaw(id_, "误登记", "staff")
    [line] = [one for one in await house.audit_lines() if one["event"] == "account.deceased"]
    assert (line["account_id"], line["actor"]) == (id_, "staff")
    assert "D-1" in line["detail"]


async def test_a_cancellation_waits_and_can_be_taken_back(house: Provider) -> None:
    username, id_ = await full_person(house)
    lifecycle = house.worker.lifecycle
    assert await lifecycle.request_cancellation(id_) == []
    closes_at = (await row_of(house, id_)).closes_at
    assert closes_at == house.clock.now + 15 * DAY
    assert await lifecycle.request_cancellation(id_) == []  # asking again does not begin anew
    house.clock.forward(14 * DAY)
    assert (await row_of(house, id_)).closes_at == closes_at
    assert await lifecycle.cancel_due() == 0
    async with signed_in(house, username) as someone:
        assert page(await someone.open("/")).status == 200
    assert await lifecycle.undo_cancellation(id_)
    assert not await lifecycle.undo_cancellation(id_)
    house.clock.forward(30 * DAY)
    assert await lifecycle.cancel_due() == 0
    events = await house.audit_events()
    assert events.count("cancellation.requested") == events.count("cancellation.undone") == 1


async def test_what_is_cancelled_is_wiped_and_its_username_is_free(house: Provider) -> None:
    username, id_ = await full_person(house)
    async with signed_in(house, username):
        await house.worker.lifecycle.request_cancellation(id_)
    house.clock.forward(15 * DAY)
    assert await house.worker.lifecycle.cancel_due() == 1
    assert await house.worker.lifecycle.cancel_due() == 0
    row = await row_of(house, id_)
    assert (row.state, row.username, row.name, row.password_hash) == (
        "cancelled",
        f"~{id_}",
        "*",
        "",
    )
    for column in (
        "certificate_type", "certificate_number", "certificate_index", "phone", "phone_index", "email", "address",
        "birth_date", "closes_at",
    ):  # fmt: skip
        assert getattr(row, column) is None, column
    assert await rows(house, "authenticators") == []
    session = (await rows(house, "sessions"))[0]
    assert (session["address"], session["user_agent"]) == (None, None)
    assert session["ended_at"] is not None
    assert await account_id(house, await person(house, username=username, phone=PHONE)) != id_
    assert (await house.audit_events()).count("account.cancelled") == 1


async def test_an_undo_and_the_cancellation_itself_never_both_win(house: Provider) -> None:
    for _ in range(8):
        id_ = await account_id(house, await person(house))
        await house.worker.lifecycle.request_cancellation(id_)
        house.clock.forward(15 * DAY)
        outcomes = await asyncio.gather(
            *[house.worker.lifecycle.cancel_due() for _ in range(3)],
            house.worker.lifecycle.undo_cancellation(id_),
            *[house.worker.lifecycle.cancel_due() for _ in range(3)],
        )
        undone, cancelled = outcomes[3], sum(outcomes[:3]) + sum(outcomes[4:])
        assert undone + cancelled == 1, outcomes
        assert (await row_of(house, id_)).state == ("active" if undone else "cancelled")


async def test_staff_cannot_cancel_and_who_becomes_staff_meanwhile_is_not_cancelled(house: Provider) -> None:
    id_ = await account_id(house, await person(house))
    lifecycle, roles = house.worker.lifecycle, house.worker.roles
    await roles.grant(id_, RoleName.COUNTER, "410411", "test")
    assert await lifecycle.request_cancellation(id_) == [Obstacle.STAFF]
    assert (await row_of(house, id_)).closes_at is None
    await roles.withdraw(id_, RoleName.COUNTER, "410411", "test")
    assert await lifecycle.request_cancellation(id_) == []
    await roles.grant(id_, RoleName.COUNTER, "410411", "test")
    house.clock.forward(15 * DAY)
    assert await lifecycle.cancel_due() == 0
    row = await row_of(house, id_)
    assert (row.state, row.closes_at) == ("active", None)


async def test_a_theft_is_cleaned_up_in_one_action(house: Provider) -> None:
    client, secret = await house.register()
    username = await person(house, phone=PHONE)
    id_ = await account_id(house, username)
    await house.enrol_totp(username)
    house.clock.forward(40 * DAY)
    await house.enrol_totp(username)
    async with signed_in(house, username) as thief:
        token = (await tokens(house, client, secret, thief))["access_token"]
        await house.worker.lifecycle.request_cancellation(id_)
        done = await house.worker.lifecycle.secure(id_, "staff", "盗用")
        assert done is not None
        assert (done["sessions"], done["grants"], done["factors"]) == (1, 1, 1)
        assert (await userinfo(house, token)).status_code == 401
        assert page(await thief.open("/")).status == 200
    row = await row_of(house, id_)
    assert (row.password_hash, row.closes_at, row.state) == ("", None, "active")
    assert row.phone is not None
    assert len(await rows(house, "authenticators")) == 1
    assert (await house.worker.hasher.verify("nobody has this password", "")) == (False, None)
    line = next(line for line in await house.audit_lines() if line["event"] == "account.secured")
    assert '"factors":1' in line["detail"]
    assert line["actor"] == "staff"
    assert await house.worker.lifecycle.secure("nobody", "staff") is None


async def test_a_phone_that_was_changed_just_before_a_theft_is_not_the_way_back(house: Provider) -> None:
    id_ = await account_id(house, await person(house, phone=PHONE))
    house.clock.forward(40 * DAY)
    assert await house.worker.phones.confirm(await row_of(house, id_), PHONE)
    done = await house.worker.lifecycle.secure(id_, "staff")
    assert done is not None
    assert done["phone"] == 1
    assert (await row_of(house, id_)).phone_index is None


async def test_a_phone_that_moved_is_taken_off_and_names_its_new_owner(house: Provider) -> None:
    id_ = await account_id(house, await person(house, phone=PHONE))
    assert await house.worker.lifecycle.release_phone(id_, "号码已换人", "staff")
    assert not await house.worker.lifecycle.release_phone(id_, "号码已换人", "staff")
    new = await account_id(house, await person(house, phone=PHONE))
    found = await house.worker.base.database.read(lambda: AccountStore(house.worker.base.vault).find(PHONE))
    assert found is not None
    assert found.id == new


async def test_a_name_changes_with_a_proof_that_brings_it(house: Provider) -> None:
    _, id_ = await full_person(house)
    proof = Proof(4, "counter", "counter", "request 1", "张新", "111", NUMBER)
    await house.worker.lifecycle.change_name(id_, proof, "staff")
    row = await row_of(house, id_)
    assert (row.name, row.real_name_level) == ("张新", 4)
    assert (await house.audit_events()).count("name.changed") == 1
    with pytest.raises(InvalidAccount):
        await house.worker.lifecycle.change_name(id_, Proof(4, "counter", "counter", "request 2"), "staff")
    other = Proof(4, "counter", "counter", "request 3", "王", "414", "E00000007")
    refused = await house.worker.lifecycle.change_name(id_, other, "staff")
    assert refused is NotRecorded.OTHER_IDENTITY
    assert (await row_of(house, id_)).name == "张新"
