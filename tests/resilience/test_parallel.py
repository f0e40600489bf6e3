"""One code gives one token and one refresh token one successor, however many come at once, on every storage."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.resilience.conftest import Storage
from tests.resilience.flows import System, enter, person, statuses
from tests.support import raw_sql
from tests.support.browserless import Browserless
from tests.support.inprocess import ISSUER, PASSWORD, Clock, Provider, provider

pytestmark = pytest.mark.anyio

MANY = 200


@dataclass
class Stage:
    """As many workers as the storage allows, a person who is logged in, and a system as each worker sees it."""

    storage: Storage
    clock: Clock
    providers: list[Provider]
    browser: Browserless
    systems: list[System]

    def system(self, number: int) -> System:
        """The workers take turns."""
        return self.systems[number % len(self.systems)]

    def events(self, name: str) -> int:
        """How many audit lines of an event."""
        query = f"SELECT count(*) AS number FROM audit_events WHERE event = '{name}'"  # noqa: S608
        return int(raw_sql.rows(self.storage.database_url, query)[0]["number"])


@pytest.fixture
async def stage(storage: Storage, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything set up."""
    clock = Clock()
    async with AsyncExitStack() as stack:
        providers = [
            await stack.enter_async_context(
                provider(
                    tmp_path,
                    twice=False,
                    database_url=storage.database_url,
                    key_value_url=storage.key_value_url,
                    clock=clock,
                )
            )
            for _ in range(storage.workers)
        ]  # fmt: skip
        client, secret = await providers[0].register()
        await providers[0].open_account()
        systems = []
        for each in providers:
            await each.worker.revisions.refresh()
            http = await stack.enter_async_context(each.machine())
            systems.append(System(client.client_id, secret or "", http))
        browser = person(ISSUER, await stack.enter_async_context(providers[0].browser()))
        await browser.log_in(systems[0].authorize_url(), "zhangsan", PASSWORD)
        yield Stage(storage, clock, providers, browser, systems)


async def test_of_200_who_redeem_a_code_one_gets_a_token(stage: Stage) -> None:
    code = await enter(stage.browser, stage.systems[0])
    answers = await asyncio.gather(*[stage.system(number).redeem(code) for number in range(MANY)])
    assert statuses(answers) == {200: 1, 400: MANY - 1}
    assert {answer.json()["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
    assert stage.events("token.issued") <= 1
    # The others were replays, so what the code gave is revoked (RFC 6749 §4.1.2).
    [given] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await stage.systems[0].refresh(given["refresh_token"])).status_code == 400
    assert (await stage.systems[0].userinfo(given["access_token"])).status_code == 401


async def test_200_who_refresh_with_one_token_are_one_family_with_one_successor(stage: Stage) -> None:
    given = (await stage.systems[0].redeem(await enter(stage.browser, stage.systems[0]))).json()
    answers = await asyncio.gather(
        *[stage.system(number).refresh(given["refresh_token"]) for number in range(MANY)]
    )
    assert statuses(answers) == {200: MANY}
    [successor] = {answer.json()["refresh_token"] for answer in answers}
    assert successor != given["refresh_token"]
    families = raw_sql.rows(stage.storage.database_url, "SELECT generation, revoked_at FROM grants")
    assert families == [{"generation": 1, "revoked_at": None}]
    assert stage.events("token.refreshed") == MANY
    tokens = [answer.json()["access_token"] for answer in answers]
    assert len(set(tokens)) == MANY
    assert (await stage.systems[0].userinfo(tokens[-1])).status_code == 200


async def test_reuse_after_the_grace_ends_the_family(stage: Stage) -> None:
    first = (await stage.systems[0].redeem(await enter(stage.browser, stage.systems[0]))).json()
    second = (await stage.systems[0].refresh(first["refresh_token"])).json()
    stage.clock.forward(11)
    answers = await asyncio.gather(
        *[stage.system(number).refresh(first["refresh_token"]) for number in range(MANY)]
    )
    assert statuses(answers) == {400: MANY}
    assert (await stage.systems[0].refresh(second["refresh_token"])).status_code == 400
    assert (await stage.systems[0].userinfo(second["access_token"])).status_code == 401
    assert stage.events("token.reused") >= 1


async def test_200_refreshes_of_200_families_all_succeed(stage: Stage) -> None:
    codes = await asyncio.gather(*[enter(stage.browser, stage.systems[0]) for _ in range(MANY)])
    given = await asyncio.gather(*[stage.system(number).redeem(code) for number, code in enumerate(codes)])
    assert statuses(given) == {200: MANY}
    tokens = [answer.json()["refresh_token"] for answer in given]
    answers = await asyncio.gather(*[stage.system(n).refresh(token) for n, token in enumerate(tokens)])
    assert statuses(answers) == {200: MANY}
    assert len({answer.json()["refresh_token"] for answer in answers}) == MANY
