"""Two accounts of one person become one and can be parted again, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from idp.accounts.lifecycle.service import DAY
from idp.accounts.merges.service import FACTORS, INTO, OTHER, MergeRefused, Plan
from idp.accounts.model import Account, InvalidAccount
from idp.accounts.store import ADDRESS, EMAIL, PHONE, AccountStore, account_of
from idp.federation.model import UpstreamLink
from idp.infrastructure.database import Row
from idp.infrastructure.database.interface import fetch
from idp.infrastructure.database.statement import Statement
from idp.schema import metadata
from idp.sessions.device_store import DeviceStore
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.mandates import mandate
from tests.support.messages import messages_to
from tests.support.visits import (
    account_id,
    asking,
    page,
    person,
    refresh,
    signed_in,
    tokens,
    userinfo,
    visitor,
)

pytestmark = pytest.mark.anyio

NUMBER = "410411199001010015"
TABLES = {
    name: Statement(select(metadata.tables[name]))
    for name in (
        "accounts",
        "authenticators",
        "consents",
        "account_merges",
        "real_name_records",
        "devices",
        "mandates",
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


async def found(house: Provider, identifier: str) -> Account | None:
    return await house.worker.base.database.read(
        lambda: AccountStore(house.worker.base.vault).find(identifier)
    )


async def double(house: Provider, **fields: object) -> str:
    """An account of the person with NUMBER; its id."""
    return await account_id(
        house,
        await person(house, certificate_type="111", certificate_number=NUMBER, **({"level": 0} | fields)),
    )


async def pair(house: Provider) -> tuple[str, str]:
    """Two accounts of one person that differ in everything."""
    other = await double(
        house, username="old", name="张三", phone="13800000001", email="old@example.test", level=3
    )
    into = await double(house, username="new", name="张叁", phone="13800000002", address="建设路", level=0)
    return other, into


def revealed(house: Provider, place: str, sealed: bytes | None) -> str | None:
    return AccountStore(house.worker.base.vault).reveal(place, sealed)


async def test_duplicates_are_found_by_the_certificate_number(house: Provider) -> None:
    other, into = await pair(house)
    await person(house, certificate_type="414", certificate_number="E00000002")
    merges = house.worker.merges
    assert [row.id for row in await merges.duplicates(await row_of(house, into))] == [other]
    assert await merges.duplicates(await row_of(house, await account_id(house, await person(house)))) == []


async def test_what_is_chosen_stays_and_both_names_lead_to_it(house: Provider) -> None:
    other, into = await pair(house)
    await house.enrol_totp("old")
    await house.worker.merges.merge(
        Plan(other, into, {"name": OTHER, "phone": INTO, "username": OTHER}), "同一人", "staff"
    )
    row = await row_of(house, into)
    assert (row.username, row.name, row.real_name_level) == ("old", "张三", 3)
    assert revealed(house, PHONE, row.phone) == "13800000001"  # the verified side's, whatever was chosen
    assert revealed(house, EMAIL, row.email) == "old@example.test"
    assert revealed(house, ADDRESS, row.address) == "建设路"
    gone = await row_of(house, other)
    assert (gone.state, gone.merged_into, gone.username) == ("merged", into, "new")
    for identifier in ("old", "new", NUMBER, "13800000001"):
        leads = await found(house, identifier)
        assert leads is not None, identifier
        assert leads.id == into
    assert await found(house, "13800000002") is None  # nobody chose it: it is nobody's way in
    assert [factor["account_id"] for factor in await rows(house, "authenticators")] == [into]
    line = next(line for line in await house.audit_lines() if line["event"] == "account.merged")
    assert (line["account_id"], line["actor"]) == (other, "staff")
    joined = next(line for line in await house.audit_lines() if line["event"] == "account.joined")
    assert (joined["account_id"], other in joined["detail"]) == (into, True)  # who remains reads it too
    assert NUMBER not in str(await house.audit_lines())


async def test_the_merged_ones_name_logs_in_to_the_account_that_remains(house: Provider) -> None:
    other, into = await pair(house)
    await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    async with visitor(house) as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        await someone.submit(form, username="old", password=PASSWORD)
    last = [line for line in await house.audit_lines() if line["event"] == "login.succeeded"][-1]
    assert last["account_id"] == into


async def test_sessions_and_tokens_of_the_merged_one_are_dead_at_once(house: Provider) -> None:
    client, secret = await house.register()
    other, into = await pair(house)
    async with signed_in(house, "old") as someone:
        token = (await tokens(house, client, secret, someone))["access_token"]
        await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
        assert (await userinfo(house, token)).status_code == 401
        assert page(await someone.open(asking(client))).form_with("password") is not None


async def test_an_undone_merge_leaves_everything_as_it_was(house: Provider) -> None:
    other, into = await pair(house)
    await house.enrol_totp("old")
    await house.enrol_totp("new")
    before = {name: await rows(house, name) for name in ("accounts", "authenticators")}
    keep = {"username": OTHER, "name": OTHER, "phone": OTHER, "password": OTHER, FACTORS: OTHER}
    merge_id = await house.worker.merges.merge(Plan(other, into, keep), "同一人", "staff")
    owners = {factor["id"]: factor["account_id"] for factor in await rows(house, "authenticators")}
    assert sorted(owners.values()) == sorted([other, into])
    assert owners != {factor["id"]: factor["account_id"] for factor in before["authenticators"]}
    house.clock.forward(29 * DAY)
    await house.worker.merges.undo(merge_id, "不是同一人", "staff")
    after = {name: await rows(house, name) for name in ("accounts", "authenticators")}
    for name, kept in before.items():
        assert sorted(map(comparable, after[name])) == sorted(map(comparable, kept))
    with pytest.raises(MergeRefused, match="late"):
        await house.worker.merges.undo(merge_id, "again", "staff")


def comparable(row: Row) -> str:
    moving = ("updated_at", "security_version", "call_")
    return repr({name: row[name] for name in row.keys() if name not in moving})  # noqa: SIM118


async def test_what_changed_after_the_merge_is_not_undone_with_it(house: Provider) -> None:
    other, into = await pair(house)
    merge_id = await house.worker.merges.merge(Plan(other, into, {"phone": OTHER}), "同一人", "staff")
    await house.worker.lifecycle.release_phone(into, "号码已换人", "staff")
    await house.worker.merges.undo(merge_id, "不是同一人", "staff")
    assert (await row_of(house, into)).phone is None
    assert revealed(house, PHONE, (await row_of(house, other)).phone) == "13800000001"


async def test_after_the_window_nothing_is_undone_and_nothing_kept(house: Provider) -> None:
    other, into = await pair(house)
    merge_id = await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    await house.worker.merges.forget_due()
    assert (await rows(house, "account_merges"))[0]["before"] != b""
    house.clock.forward(30 * DAY)
    await house.worker.merges.forget_due()
    assert (await rows(house, "account_merges"))[0]["before"] == b""
    with pytest.raises(MergeRefused, match="late"):
        await house.worker.merges.undo(merge_id, "too late", "staff")


async def test_of_many_merges_of_one_pair_in_both_directions_one_happens(house: Provider) -> None:
    other, into = await pair(house)
    merges = house.worker.merges
    plans = [Plan(other, into, {}), Plan(into, other, {})] * 6
    outcomes = await asyncio.gather(
        *[merges.merge(plan, "同一人", "staff") for plan in plans], return_exceptions=True
    )
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1, outcomes
    assert all(isinstance(outcome, str | MergeRefused) for outcome in outcomes)
    states = sorted([(await row_of(house, id_)).state for id_ in (other, into)])
    assert states == ["active", "merged"]


async def test_two_processes_do_not_merge_two_accounts_into_each_other(
    migrated_postgres_url: str, tmp_path: Path
) -> None:
    async with (
        provider(tmp_path / "one", database_url=migrated_postgres_url) as one,
        provider(tmp_path / "two", database_url=migrated_postgres_url) as two,
    ):
        for number in range(5):
            fields = {"certificate_type": "414", "certificate_number": f"E0000000{number}"}
            ids = [await account_id(one, await person(one, level=0, **fields)) for _ in range(2)]
            outcomes = await asyncio.gather(
                one.worker.merges.merge(Plan(ids[0], ids[1], {}), "同一人", "staff"),
                two.worker.merges.merge(Plan(ids[1], ids[0], {}), "同一人", "staff"),
                return_exceptions=True,
            )
            assert sum(isinstance(outcome, str) for outcome in outcomes) == 1, outcomes


async def test_of_many_who_undo_a_merge_one_does(house: Provider) -> None:
    other, into = await pair(house)
    merge_id = await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    outcomes = await asyncio.gather(
        *[house.worker.merges.undo(merge_id, "x", "staff") for _ in range(10)], return_exceptions=True
    )
    assert outcomes.count(None) == 1, outcomes
    assert (await house.audit_events()).count("account.merge_undone") == 1
    assert (await house.audit_events()).count("account.parted") == 1


@pytest.mark.parametrize("broken", ["same", "certificate", "none", "closed", "nobody"])
async def test_accounts_that_are_not_of_one_person_or_not_open_stay_two(house: Provider, broken: str) -> None:
    other, into = await pair(house)
    if broken == "same":
        into = other
    elif broken == "certificate":
        into = await account_id(
            house, await person(house, certificate_type="414", certificate_number="E00000002")
        )
    elif broken == "none":
        other, into = [await account_id(house, await person(house)) for _ in range(2)]
    elif broken == "closed":
        await house.worker.lifecycle.freeze(other, "x", "staff")
    else:
        into = "nobody"
    with pytest.raises(MergeRefused):
        await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    with pytest.raises(InvalidAccount):
        await house.worker.merges.merge(Plan(other, into, {}), "", "staff")
    assert await rows(house, "account_merges") == []
    assert all(row["state"] != "merged" for row in await rows(house, "accounts"))


async def test_a_third_account_leads_to_where_the_second_went(house: Provider) -> None:
    first, second = await pair(house)
    third = await double(house, username="third")
    await house.worker.merges.merge(Plan(first, second, {}), "同一人", "staff")
    last = await house.worker.merges.merge(Plan(second, third, {}), "同一人", "staff")
    leads = await found(house, "old")
    assert leads is not None
    assert leads.id == third
    await house.worker.merges.undo(last, "不是同一人", "staff")
    leads = await found(house, "old")
    assert leads is not None
    assert leads.id == second


async def test_consents_go_with_the_account_and_come_back_with_it(house: Provider) -> None:
    other, into = await pair(house)
    clients = [(await house.register(consent_required=True))[0] for _ in range(2)]
    async with signed_in(house, "old") as someone:
        for client in clients:
            form = page(await someone.open(asking(client))).form_with("decision")
            assert form is not None
            await someone.submit(form, decision="allow")
    merge_id = await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    assert {row["account_id"] for row in await rows(house, "consents")} == {into}
    await house.worker.merges.undo(merge_id, "不是同一人", "staff")
    assert {row["account_id"] for row in await rows(house, "consents")} == {other}


async def test_a_cancelled_account_takes_what_was_merged_into_it_along(house: Provider) -> None:
    other, into = await pair(house)
    merge_id = await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
    await house.worker.lifecycle.request_cancellation(into)
    house.clock.forward(15 * DAY)
    assert await house.worker.lifecycle.cancel_due() == 1
    gone = await row_of(house, other)
    assert (gone.name, gone.certificate_number, gone.username) == ("*", None, f"~{other}")
    assert (await rows(house, "account_merges"))[0]["before"] == b""
    with pytest.raises(MergeRefused):
        await house.worker.merges.undo(merge_id, "x", "staff")


async def test_both_phones_are_told_of_a_merge_and_of_its_undoing(tmp_path: Path) -> None:
    async with provider(tmp_path, message_sink=True) as house:
        phones = ("13800000001", "13800000002")
        other, into = [await double(house, phone=phone, phone_verified=True) for phone in phones]
        merge_id = await house.worker.merges.merge(Plan(other, into, {}), "同一人", "staff")
        for phone in phones:
            assert "合并为一个，30 天内可以撤销" in (await messages_to(house, phone))[-1]
        await house.worker.merges.undo(merge_id, "不是同一人", "staff")
        for phone in phones:
            assert "合并已撤销" in (await messages_to(house, phone))[-1]


@pytest.mark.parametrize("stays", [OTHER, INTO])
async def test_an_account_without_the_certificate_brings_no_key_to_the_other(
    house: Provider, stays: str
) -> None:
    certified = await double(house, username="owner", level=3)
    accomplice = await account_id(
        house,
        await person(house, username="accomplice", phone="13800000003", phone_verified=True, level=0),
    )
    await house.enrol_totp("accomplice")
    before = await row_of(house, certified)
    other, into = (accomplice, certified) if stays == OTHER else (certified, accomplice)
    chosen = OTHER if other == accomplice else INTO
    keep = {"phone": chosen, "password": chosen, FACTORS: chosen}
    async with signed_in(house, "accomplice") as thief:
        merge_id = await house.worker.merges.merge(Plan(other, into, keep), "同一人", "staff")
        assert page(await thief.open("/me/profile")).form_with("password") is not None
    after = await row_of(house, into)
    for name in ("phone", "phone_index", "phone_verified_at", "password_hash"):
        assert getattr(after, name) == getattr(before, name), name
    assert [row for row in await rows(house, "authenticators") if row["account_id"] == into] == []
    await house.worker.merges.undo(merge_id, "不是同一人", "staff")
    assert (await row_of(house, accomplice)).phone_verified_at is not None
    factors = [row["account_id"] for row in await rows(house, "authenticators")]
    assert factors == [accomplice]


@pytest.mark.parametrize("stays", [OTHER, INTO])
@pytest.mark.parametrize("number", [None, NUMBER])
async def test_no_way_in_of_a_side_that_nobody_has_verified_comes_along(
    house: Provider, stays: str, number: str | None
) -> None:
    client, secret = await house.register()
    certified = await double(house, username="owner", level=3)
    written_down = {} if number is None else {"certificate_type": "111", "certificate_number": number}
    username = await person(house, username="accomplice", level=0, email="thief@example.test", **written_down)
    accomplice = await account_id(house, username)
    await house.enrol_totp("accomplice")
    linking, world = house.worker.federation.linking, house.worker.base
    now = house.clock.now
    link = UpstreamLink("link", "henan", "person", b"thief", 0, "", now, now, accomplice)
    await world.database.write(lambda: linking.links.add(link, "thief"))
    agent = await account_id(house, await person(house, username="agent"))
    other, into = (accomplice, certified) if stays == OTHER else (certified, accomplice)
    async with signed_in(house, "accomplice") as thief:
        offline = await tokens(house, client, secret, thief, scope="openid offline_access")
        devices, now = DeviceStore(), house.clock.now
        await world.database.write(lambda: devices.seen("d", accomplice, "Firefox", "192.0.2.1", now))
        await mandate(house, agent, person=accomplice, granted_by=accomplice)
        keep = dict.fromkeys(("phone", "password", "email", FACTORS), OTHER if other == accomplice else INTO)
        await house.worker.merges.merge(Plan(other, into, keep), "同一人", "staff")
    assert await house.worker.links.of_account(into) == []
    answer = await refresh(house, client, secret, offline["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert [row for row in await rows(house, "authenticators") if row["account_id"] == into] == []
    assert revealed(house, EMAIL, (await row_of(house, into)).email) is None
    assert await rows(house, "devices") == []
    assert [row["state"] for row in await rows(house, "mandates")] == ["suspended"]
