"""The statements of the user centre on PostgreSQL: what is read, and what must happen once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from idp.audit.model import AuditEvent, EventType
from idp.audit.store import AuditStore
from idp.sessions.model import Caller, Owner
from tests.support.inprocess import Provider, provider
from tests.support.mandates import company, mandate
from tests.support.visits import ADDRESS, account_id, person, redeem, signed_in, tokens, userinfo
from tests.support.visits import code_for as code

pytestmark = pytest.mark.anyio


@pytest.fixture
async def house(anyio_backend: str, tmp_path: Path, migrated_postgres_url: str) -> AsyncIterator[Provider]:
    """A provider on PostgreSQL."""
    async with provider(tmp_path, database_url=migrated_postgres_url) as running:
        yield running


async def test_systems_are_listed_and_withdrawn_once(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    client, secret = await house.register(client_name="信用系统")
    async with signed_in(house, username) as someone:
        given = await tokens(house, client, secret, someone, scope="openid profile offline_access")
        late = await code(someone, client)
        (login,) = await house.worker.sessions.of_account(who)
        (system,) = await house.worker.systems.of_account(who)
        assert (system.name, system.active) == ("信用系统", True)
        assert set(system.scopes) == {"openid", "profile", "offline_access"}
        owner = Owner(who, login.id, Caller(ADDRESS))
        done = await asyncio.gather(
            *[house.worker.systems.withdraw(owner, client.client_id) for _ in range(6)]
        )
        assert done.count(True) == 1
        assert (await userinfo(house, given["access_token"])).status_code == 401
        assert (await redeem(house, client, secret, late)).status_code == 400
    (system,) = await house.worker.systems.of_account(who)
    assert not system.active


async def test_events_and_the_copy_are_read(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    await mandate(house, who, company=await company(house, who))
    await house.worker.corrections.ask(who, "名字有错", ADDRESS)
    audit = AuditStore(house.worker.base.sources)
    for number in range(25):
        await house.worker.base.database.add(
            audit.record(AuditEvent(event=EventType.CONSENT_GIVEN, account_id=who, client_id=f"s{number}"))
        )
    shown, before = await house.worker.events.of_account(who, str.format)
    assert (len(shown), before) == (20, shown[-1].id)
    rest, before = await house.worker.events.of_account(who, str.format, before)
    assert before is None
    assert not {each.id for each in shown} & {each.id for each in rest}
    copy = await house.worker.export.of_account(Owner(who, "s", Caller(ADDRESS)), str.format)
    assert copy["organizations"]
    assert copy["mandates"]
    assert copy["corrections"]


async def test_a_correction_is_decided_once(house: Provider) -> None:
    who = await account_id(house, await person(house))
    staff = [await account_id(house, await person(house)) for _ in range(4)]
    await house.worker.corrections.ask(who, "名字有错", ADDRESS)
    (wish,) = await house.worker.corrections.waiting()
    decide = house.worker.corrections.decide
    done = await asyncio.gather(*[decide(wish.id, each, done=True, answer="已改") for each in staff])
    assert done.count(True) == 1


async def test_contact_and_preferences_are_kept(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    owner = Owner(who, "s", Caller(ADDRESS))
    assert await house.worker.profiles.change_contact(owner, "a@example.cn", "湛河区")
    await house.worker.preferences.keep_language(who, "en")
    await house.worker.preferences.keep_elder(who, elder=True)
    profile = await house.worker.profiles.of_account(who)
    assert (profile.email, profile.address, profile.language) == ("a@example.cn", "湛河区", "en")
    assert profile.elder
