"""One platform and the whole provider: tickets are spent once, and a platform that is away is left alone a while."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from idp.federation.service import LOGIN_SECONDS
from idp.infrastructure.breaker import FAILURES, OPEN_SECONDS, Breaker
from idp.infrastructure.http_client import Answer
from tests.federation.trial import AWAY, NAME, ZHANGSAN, Platform, back, came, federated, sent
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Clock, Provider
from tests.support.visits import SESSION_COOKIE, page, signed_in, visitor

pytestmark = pytest.mark.anyio

Stage = tuple[Provider, Platform]
START = f"/upstream/{NAME}/start"


@pytest.fixture(params=["memory", "sql"])
async def stage(request: pytest.FixtureRequest, migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database, what is short-lived in memory and in a table."""
    async with federated(tmp_path, database_url=migrated_url, key_value_url=request.param) as it:
        yield it


@pytest.fixture
async def small(tmp_path: Path) -> AsyncIterator[Stage]:
    """On SQLite: what is tested is not in a store."""
    async with federated(tmp_path) as it:
        yield it


def is_in(someone: Browserless) -> bool:
    return SESSION_COOKIE in someone.client.cookies


def exchanged(platform: Platform) -> int:
    """How often a ticket was handed to the platform."""
    return [path for path, _ in platform.asked].count("/exchange")


async def failing(someone: Browserless, platform: Platform, times: int) -> list[int]:
    """Logins that do not come about; the statuses of their pages."""
    return [page(await came(someone, platform, ZHANGSAN)).status for _ in range(times)]


async def test_one_ticket_in_fifty_logins_at_once_is_one_login(stage: Stage) -> None:
    house, platform = stage
    ticket = platform.ticket(ZHANGSAN)
    async with visitor(house) as someone:
        begun = [back(await sent(someone), ticket) for _ in range(50)]
        answers = await asyncio.gather(*(someone.client.get(one) for one in begun))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(303), statuses.count(409)) == (1, 49)
    assert [SESSION_COOKIE in answer.headers.get("set-cookie", "") for answer in answers].count(True) == 1
    assert exchanged(platform) == 1
    assert (await house.audit_events()).count("upstream.linked") == 1


async def test_a_ticket_whose_exchange_was_not_answered_is_not_offered_again(small: Stage) -> None:
    house, platform = small
    ticket = platform.ticket(ZHANGSAN)
    async with visitor(house) as someone:
        platform.failure = AWAY
        assert page(await someone.open(back(await sent(someone), ticket))).status == 503
        platform.failure = None
        assert page(await someone.open(back(await sent(someone), ticket))).status == 409
        assert not is_in(someone)
    assert exchanged(platform) == 1


async def test_who_takes_too_long_at_the_platform_begins_anew_and_no_ticket_is_spent(small: Stage) -> None:
    house, platform = small
    async with visitor(house) as someone:
        there, ticket = await sent(someone), platform.ticket(ZHANGSAN)
        house.clock.forward(LOGIN_SECONDS + 1)
        shown = page(await someone.open(back(there, ticket)))
        assert (shown.status, is_in(someone), platform.asked) == (400, False, [])
        await someone.open(back(await sent(someone), ticket))
        assert is_in(someone)


async def test_a_platform_that_does_not_answer_is_left_alone_and_the_ways_of_our_own_are_offered(
    small: Stage,
) -> None:
    house, platform = small
    platform.failure = AWAY
    async with visitor(house) as early, visitor(house) as someone:
        waiting = back(await sent(early), platform.ticket(ZHANGSAN))
        assert await failing(someone, platform, FAILURES) == [503] * FAILURES
        shown = page(await someone.open(START))  # not even sent there
        assert (shown.status, exchanged(platform)) == (503, FAILURES)
        assert "暂时连不上" in shown.text
        assert "/login" in shown.text
        assert page(await early.open(waiting)).status == 503  # who was under way is not made to wait
        assert (exchanged(platform), is_in(early), is_in(someone)) == (FAILURES, False, False)


async def test_after_a_while_one_tries_and_when_the_platform_is_back_all_come_in(small: Stage) -> None:
    house, platform = small
    platform.failure = AWAY
    async with visitor(house) as someone:
        await failing(someone, platform, FAILURES)
        house.clock.forward(OPEN_SECONDS)
        begun = [back(await sent(someone), platform.ticket(ZHANGSAN)) for _ in range(10)]
        await asyncio.gather(*(someone.client.get(one) for one in begun))
        assert exchanged(platform) == FAILURES + 1  # one for all
        assert page(await someone.open(START)).status == 503  # it was in vain: alone for as long again
        house.clock.forward(OPEN_SECONDS)
        platform.failure = None
        await came(someone, platform, ZHANGSAN)
        assert is_in(someone)
    async with visitor(house) as next_one:
        await came(next_one, platform, ZHANGSAN)
        assert is_in(next_one)


@pytest.mark.parametrize(
    "garbage",
    [Answer(200, b"<html>maintenance</html>"), Answer(200, b'{"code":'), Answer(200, b""), Answer(502, b"")],
    ids=["page", "half", "nothing", "gateway"],
)
async def test_garbage_is_no_answer_either(small: Stage, garbage: Answer) -> None:
    house, platform = small
    platform.failure = garbage
    for number in range(FAILURES):  # one place alone may have asked what makes it say so
        async with visitor(house, f"198.51.100.{number}") as someone:
            assert await failing(someone, platform, 1) == [503]
    async with visitor(house) as someone:
        assert page(await someone.open(START)).status == 503
        assert exchanged(platform) == FAILURES


async def test_tickets_that_people_bring_do_not_close_a_platform_to_others(small: Stage) -> None:
    house, platform = small
    async with visitor(house) as thief, visitor(house) as someone:
        for number in range(FAILURES + 1):
            shown = page(await thief.open(back(await sent(thief), f"made-up-{number}")))
            assert shown.status == 400
        await came(someone, platform, ZHANGSAN)
        assert (is_in(thief), is_in(someone)) == (False, True)


async def test_whoever_has_a_session_keeps_it_while_the_platform_is_away(small: Stage) -> None:
    house, platform = small
    async with signed_in(house) as local, visitor(house) as someone:
        await came(someone, platform, ZHANGSAN)
        platform.failure = AWAY
        await failing(local, platform, FAILURES)
        for one in (local, someone):
            shown: Page = page(await one.open("/"))
            assert (shown.status, "您好" in shown.text) == (200, True)


async def test_a_fault_of_our_own_is_no_word_about_the_platform(
    small: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    house, platform = small

    async def broken(*_given: object) -> None:
        raise ConnectionError

    async with visitor(house) as someone:
        with monkeypatch.context() as patched:
            patched.setattr(house.worker.federation.engine, "complete", broken)
            for _ in range(FAILURES + 1):
                answer = await someone.client.get(back(await sent(someone), platform.ticket(ZHANGSAN)))
                assert answer.status_code == 500
        await came(someone, platform, ZHANGSAN)
        assert is_in(someone)


async def test_each_call_leaves_a_signed_line_without_what_was_said(stage: Stage) -> None:
    house, platform = stage
    async with visitor(house) as someone:
        await came(someone, platform, ZHANGSAN)
        house.clock.forward(1)
        platform.failure = AWAY
        await came(someone, platform, ZHANGSAN)
    exchanges = house.worker.federation.exchanges
    lines = await house.worker.base.database.read(lambda: exchanges.since(0.0, 10))
    told = [(line.step, line.status) for line in lines]
    assert (sorted(told[:2]), told[2:]) == ([("exchange", 200), ("user", 200)], [("exchange", 0)])
    for line in lines:
        assert exchanges.is_genuine(line)
        changed = (replace(line, host="x"), replace(line, outcome="x"), replace(line, step="x"))
        assert not any(exchanges.is_genuine(each) for each in changed)
        kept = asdict(line).values()
        shown = "|".join(one.hex() if isinstance(one, bytes) else str(one) for one in kept)
        for said in ("t-0", "t-1", "a word of the tests", ZHANGSAN["name"], ZHANGSAN["number"], "u-1"):
            assert said not in shown
    house.clock.forward(1)
    assert await house.worker.federation.forget_old(house.clock.now) == len(lines)


def test_a_breaker_opens_after_failures_in_a_row_only() -> None:
    breaker = Breaker(Clock())
    for _ in range(3):
        for _ in range(FAILURES - 1):
            breaker.failed()
        assert breaker.admit()
        breaker.succeeded()
    for _ in range(FAILURES):
        assert breaker.admit()
        breaker.failed()
    assert breaker.is_open
    assert not breaker.admit()


def test_a_breaker_lets_one_through_when_the_pause_is_over_and_another_if_nobody_comes_back() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(FAILURES):
        breaker.failed()
    clock.forward(OPEN_SECONDS)
    assert not breaker.is_open
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    clock.forward(OPEN_SECONDS)  # whoever was let through never told how it went
    assert [breaker.admit() for _ in range(2)] == [True, False]
    breaker.succeeded()
    assert all(breaker.admit() for _ in range(3))
