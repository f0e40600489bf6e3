"""The owner ends a link, on both databases: told of it, and never locked out, however many at once and wherever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from idp.accounts.authenticator_store import PASSKEY, RECOVERY_CODE, AuthenticatorStore, NewAuthenticator
from idp.authentication.model import NotAllowed
from idp.federation.linking.account_links import LastWay
from idp.federation.linking.outcomes import Linked
from idp.infrastructure.database import Transaction
from idp.sessions.model import Caller, Session
from tests.support import raw_sql
from tests.support.inprocess import Provider, provider
from tests.support.messages import messages_to
from tests.support.platforms import ADDRESS, arrival
from tests.support.visits import account_id, person

pytestmark = pytest.mark.anyio

SECRETS = """
[henan]
app_id = "district"
app_secret = "unguessable"
[guangdong]
client_id = "district"
client_secret = "unguessable"
"""
PHONE = "13800000001"
KNOWN = {"certificate_type": "111", "certificate_number": "410411199001010015", "name": "张三", "level": 3}
ROUNDS = 5


@pytest.fixture
async def houses(migrated_url: str, tmp_path: Path) -> AsyncIterator[list[Provider]]:
    """Two workers on one database, with two platforms in use."""
    file = tmp_path / "upstream-secrets.toml"
    file.write_text(SECRETS, "utf-8")
    file.chmod(0o600)
    async with AsyncExitStack() as stack:
        opening = (
            provider(
                tmp_path,
                database_url=migrated_url,
                twice=False,  # nobody stands still here while another runs
                upstream_secrets_file=file,
                message_sink=True,
            )
            for _ in range(2)
        )
        yield [await stack.enter_async_context(one) for one in opening]


@pytest.fixture
def house(houses: list[Provider]) -> Provider:
    """One of them."""
    return houses[0]


async def came(house: Provider, *profiles: str) -> str:
    """Somebody who came by these platforms, and has nothing else; the account."""
    found = ""
    for profile in profiles:
        house.clock.forward(1)
        who = replace(arrival(), profile=profile)
        entered = await house.worker.federation.linking.enter(who, ADDRESS)
        assert isinstance(entered, Linked), entered
        found = str(entered.account.id)
    return found


async def links(house: Provider, account: str) -> list[str]:
    """The ids of the links of an account."""
    return [link.id for link in await house.worker.links.of_account(account)]


async def ended(house: Provider, account: str, link: str) -> bool:
    """Whether the owner may end a link."""
    try:
        return await house.worker.links.unlink_own(account, link, ADDRESS)
    except LastWay:
        return False


async def given(house: Provider, account: str, kind: str) -> None:
    """Give an account something that proves it."""
    store = AuthenticatorStore(house.worker.base.vault)

    def work() -> Transaction[None]:
        yield from store.add(f"{kind}-{account}", account, NewAuthenticator(kind, "secret"), house.clock.now)

    await house.worker.base.database.write(work)


async def test_the_only_way_in_stays(house: Provider) -> None:
    account = await came(house, "henan")
    [link] = await links(house, account)
    with pytest.raises(LastWay):
        await house.worker.links.unlink_own(account, link, ADDRESS)
    await given(house, account, RECOVERY_CODE)  # stands in for a second factor, and for nothing else
    with pytest.raises(LastWay):
        await house.worker.links.unlink_own(account, link, ADDRESS)
    assert await links(house, account) == [link]
    assert "upstream.unlinked" not in await house.audit_events()


async def test_a_passkey_is_a_way_in(house: Provider) -> None:
    account = await came(house, "henan")
    await given(house, account, PASSKEY)
    assert await ended(house, account, (await links(house, account))[0])


async def test_a_password_is_a_way_in(house: Provider) -> None:
    account = await account_id(house, await person(house, **KNOWN))
    assert await came(house, "henan") == account
    assert await ended(house, account, (await links(house, account))[0])


@pytest.mark.parametrize("verified", [True, False])
async def test_a_phone_is_a_way_in_once_it_is_verified(house: Provider, verified: bool) -> None:
    account = await account_id(house, await person(house, **KNOWN, phone=PHONE, phone_verified=verified))
    raw_sql.execute(house.worker.settings.database, "UPDATE accounts SET password_hash = ''")
    assert await came(house, "henan") == account
    assert await ended(house, account, (await links(house, account))[0]) == verified


async def test_another_platform_is_a_way_in_while_it_is_in_use(house: Provider) -> None:
    account = await came(house, "henan", "guangdong")
    first, second = await links(house, account)
    assert await ended(house, account, first)
    assert not await ended(house, account, second)


async def test_a_platform_that_is_not_in_use_any_more_is_none(house: Provider) -> None:
    account = await came(house, "henan", "jis1")
    kept, gone = await links(house, account)
    assert not await ended(house, account, kept)
    assert await ended(house, account, gone)


async def test_the_other_s_ways_in_are_not_mine(house: Provider) -> None:
    account = await came(house, "henan")
    stranger = await account_id(house, await person(house, phone=PHONE, phone_verified=True))
    await given(house, stranger, PASSKEY)
    assert not await ended(house, account, (await links(house, account))[0])


async def test_of_all_that_are_ended_at_once_one_stays(house: Provider) -> None:
    account = await came(house, "henan", "guangdong")
    outcomes = await asyncio.gather(*(ended(house, account, link) for link in await links(house, account)))
    assert sorted(outcomes) == [False, True]
    assert len(await links(house, account)) == 1


async def test_also_where_two_workers_end_them(houses: list[Provider]) -> None:
    one, other = houses
    for _ in range(ROUNDS):
        account = await came(one, "henan", "guangdong")
        first, second = await links(one, account)
        outcomes = await asyncio.gather(ended(one, account, first), ended(other, account, second))
        assert sorted(outcomes) == [False, True]
        assert len(await links(one, account)) == 1


async def full_session(house: Provider, account: str) -> Session:
    """The owner, who has shown two factors."""
    row = await house.worker.counter.account(account)
    assert row is not None
    token = await house.worker.sessions.begin(row, ("pwd", "otp", "mfa"), Caller(ADDRESS), None)
    session = await house.worker.sessions.find(token)
    assert session is not None
    return session


async def removed(house: Provider, session: Session, factor: str) -> bool:
    """Whether the owner may remove a passkey."""
    try:
        return await house.worker.factors.remove(session, factor, Caller(ADDRESS))
    except NotAllowed:
        return False


async def test_the_last_link_and_the_last_passkey_are_not_both_ended_by_two_workers(
    houses: list[Provider],
) -> None:
    one, other = houses
    account = await came(one, "henan")
    [link] = await links(one, account)
    await given(one, account, PASSKEY)
    session = await full_session(other, account)
    outcomes = await asyncio.gather(
        ended(one, account, link), removed(other, session, f"{PASSKEY}-{account}")
    )
    assert sorted(outcomes) == [False, True]
    left = [each.kind for each in await one.worker.factors.of_account(account)]
    assert len(left) + len(await links(one, account)) == 1


async def test_the_owner_hears_of_it_and_an_operator_s_doing_too(house: Provider) -> None:
    account = await account_id(house, await person(house, **KNOWN, phone=PHONE, phone_verified=True))
    for told, actor in enumerate((None, "cli:test"), 1):
        await came(house, "henan")
        [link] = await links(house, account)
        if actor is None:
            assert await ended(house, account, link)
        else:
            assert await house.worker.links.unlink(account, link, actor)
        assert len([text for text in await messages_to(house, PHONE) if "关联已解除" in text]) == told
    lines = [line for line in await house.audit_lines() if line["event"] == "upstream.unlinked"]
    assert [(line["actor"], line["address"]) for line in lines] == [(None, ADDRESS), ("cli:test", None)]
