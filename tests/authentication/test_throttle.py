"""Guessing passwords: how often, from where, in parallel; and that nobody is locked out by a stranger."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from idp.authentication.throttle import AttemptLimits, Throttle
from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.logins import attempt
from tests.support.visits import account_id, audit_of, page, person, sql, visitor

pytestmark = pytest.mark.anyio
LIMITS = AttemptLimits()
PROXY = "10.0.0.1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, house: Provider) -> None:
    """Here it is counted, not hashed: one password is right without work."""

    async def verify(password: str, stored: str | None) -> tuple[bool, str | None]:
        return stored is not None and password == PASSWORD, None

    monkeypatch.setattr(house.worker.hasher, "verify", verify)


async def guess(house: Provider, username: str, address: str, password: str = "wrong password") -> int:
    async with visitor(house, address) as someone:
        return (await attempt(someone, username, password)).status_code


async def test_the_sixth_guess_at_an_account_from_one_place_waits(house: Provider) -> None:
    username = await person(house)
    statuses = [await guess(house, username, "192.0.2.1") for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    assert await guess(house, username, "192.0.2.1", PASSWORD) == 429  # the right one too
    assert "login.throttled" in await audit_of(house, account_id=await account_id(house, username))
    house.clock.forward(LIMITS.account_and_place.seconds)
    assert await guess(house, username, "192.0.2.1", PASSWORD) == 303


async def test_a_throttled_answer_says_when_to_come_back(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "192.0.2.2") as someone:
        for _ in range(6):
            answer = await attempt(someone, username, "wrong password")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


async def test_parallel_guesses_do_not_get_round_the_limit(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "192.0.2.3") as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        wrong = {"username": username, "password": "wrong password"}
        posts = [someone.client.post("/login", data={**tab.fields, **wrong}) for tab in form.in_tabs(40)]
        answers = await asyncio.gather(*posts)
    assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 35


async def test_unknown_accounts_are_throttled_like_known_ones(house: Provider) -> None:
    known = await person(house, username="known-one")
    for name, address in ((known, "192.0.2.4"), ("unknown-one", "192.0.2.5")):
        spellings = [name, name.upper(), f" {name}", name.title(), name, name, name]
        assert [await guess(house, spelling, address) for spelling in spellings] == [401] * 5 + [429] * 2


async def test_one_address_that_tries_many_names_waits(behind: Provider) -> None:
    statuses = [await guess(behind, f"name{n}", "192.0.2.6") for n in range(13)]
    assert statuses == [401] * 12 + [429]


async def test_strangers_on_many_addresses_share_one_budget(house: Provider) -> None:
    username = await person(house)
    most = LIMITS.account_from_strangers.attempts
    statuses = [await guess(house, username, f"192.0.2.{n}") for n in range(100, 100 + most + 1)]
    assert statuses == [401] * most + [429]


async def test_strangers_lock_nobody_out_of_a_known_device_or_place(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "198.51.100.20") as owner:
        assert (await attempt(owner, username)).status_code == 303
        device = owner.client.cookies["__Host-zhanhe-device"]
    for n in range(LIMITS.account_from_strangers.attempts + 1):
        await guess(house, username, f"203.0.113.{n}")
    assert await guess(house, username, "192.0.2.200", PASSWORD) == 429  # a new place has to wait
    assert await guess(house, username, "198.51.100.20", PASSWORD) == 303  # the known place does not
    async with visitor(house, "192.0.2.201") as elsewhere:
        elsewhere.client.cookies.set("__Host-zhanhe-device", device, domain="id.test", path="/")
        assert (await attempt(elsewhere, username)).status_code == 303  # nor the known device


async def test_a_stranger_at_the_same_place_does_not_use_up_the_known_device(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "198.51.100.21") as owner:
        await attempt(owner, username)
        for _ in range(8):
            await guess(house, username, "198.51.100.21")
        assert (await attempt_anew(owner, username)) == 303


async def attempt_anew(owner: Browserless, username: str) -> int:
    owner.client.cookies.delete("__Host-zhanhe-session")
    return (await attempt(owner, username)).status_code


async def test_the_device_of_one_account_is_a_stranger_s_to_another(house: Provider) -> None:
    mine, theirs = await person(house), await person(house)
    async with visitor(house, "192.0.2.30") as someone:
        await attempt(someone, mine)
        someone.client.cookies.delete("__Host-zhanhe-session")
        statuses = [(await attempt(someone, theirs, "wrong password")).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


async def test_even_a_known_device_guesses_ten_times_only(house: Provider) -> None:
    username = await person(house)
    async with visitor(house, "192.0.2.31") as thief:
        await attempt(thief, username)
        thief.client.cookies.delete("__Host-zhanhe-session")
        statuses = [(await attempt(thief, username, "wrong password")).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_a_success_forgets_what_was_mistyped(house: Provider) -> None:
    username = await person(house)
    for _ in range(3):
        assert [await guess(house, username, "192.0.2.32") for _ in range(4)] == [401] * 4
        assert await guess(house, username, "192.0.2.32", PASSWORD) == 303


async def test_an_unlocked_account_begins_anew(house: Provider) -> None:
    username = await person(house)
    for _ in range(6):
        await guess(house, username, "192.0.2.33")
    throttle = Throttle(house.worker.base, LIMITS)
    await throttle.pardon(throttle.account_key(await account_id(house, username), ""))
    assert await guess(house, username, "192.0.2.33", PASSWORD) == 303


async def test_an_unlocked_account_has_the_budgets_of_any_other(house: Provider) -> None:
    username = await person(house)
    throttle = Throttle(house.worker.base, LIMITS)
    async with visitor(house, "192.0.2.34") as owner:
        await attempt(owner, username)
        await throttle.pardon(throttle.account_key(await account_id(house, username), ""))
        for _ in range(2):  # once the password was right, what was mistyped is forgotten
            assert [await guess(house, username, "192.0.2.34") for _ in range(4)] == [401] * 4
            assert await guess(house, username, "192.0.2.34", PASSWORD) == 303
        assert [await guess(house, username, "192.0.2.34") for _ in range(6)] == [401] * 5 + [429]
        owner.client.cookies.delete("__Host-zhanhe-session")
        statuses = [(await attempt(owner, username, "wrong password")).status_code for _ in range(11)]
        assert statuses == [401] * 10 + [429]
    most = LIMITS.account_from_strangers.attempts
    statuses = [await guess(house, username, f"203.0.113.{n}") for n in range(100, 100 + most + 1)]
    assert statuses == [401] * most + [429]


async def test_an_address_that_waits_uses_up_no_budget_of_another(behind: Provider) -> None:
    username = await person(behind)
    for n in range(13):
        await guess(behind, f"nobody{n}", "192.0.2.62")
    for _ in range(8):
        assert await guess(behind, username, "192.0.2.62") == 429
    assert await guess(behind, username, "192.0.2.63", PASSWORD) == 303


async def test_a_subscriber_s_whole_ipv6_network_is_one_place(house: Provider) -> None:
    username = await person(house)
    statuses = [await guess(house, username, f"2001:db8:1:2::{n}") for n in range(1, 7)]
    assert statuses == [401] * 5 + [429]


async def test_people_on_a_socket_for_both_families_are_told_apart(house: Provider) -> None:
    username = await person(house)
    for _ in range(6):
        await guess(house, username, "::ffff:192.0.2.40")
    assert await guess(house, username, "::ffff:192.0.2.40", PASSWORD) == 429
    assert await guess(house, username, "::ffff:192.0.2.41", PASSWORD) == 303


async def forwarded(house: Provider, username: str, peer: str, header: str) -> int:
    async with visitor(house, peer) as someone:
        someone.client.headers["x-forwarded-for"] = header
        return (await attempt(someone, username, "wrong password")).status_code


async def test_a_forged_forwarded_header_gives_no_new_budget(house: Provider) -> None:
    username = await person(house)
    statuses = [await forwarded(house, username, "192.0.2.50", f"203.0.113.{n}") for n in range(6)]
    assert statuses == [401] * 5 + [429]


@pytest.fixture(scope="module")
async def behind(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider behind a named proxy."""
    async with provider(
        tmp_path_factory.mktemp("behind"), trusted_proxies="10.0.0.0/8", login_attempts_per_address=12
    ) as started:
        yield started


async def test_behind_a_proxy_only_what_the_proxy_wrote_counts(behind: Provider) -> None:
    username = await person(behind)
    statuses = [await forwarded(behind, username, PROXY, f"203.0.113.{n}, 192.0.2.60") for n in range(6)]
    assert statuses == [401] * 5 + [429]
    query = "select distinct address from audit_events where account_id = ? and event like 'login.%'"
    rows = await sql(behind, query, await account_id(behind, username))
    assert [row["address"] for row in rows] == ["192.0.2.60"]


async def test_a_stranger_who_plays_proxy_is_still_a_stranger(behind: Provider) -> None:
    username = await person(behind)
    statuses = [await forwarded(behind, username, "192.0.2.61", f"10.0.0.{n}") for n in range(6)]
    assert statuses == [401] * 5 + [429]
