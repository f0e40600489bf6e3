"""A hundred requests at once, on every storage and through every worker: no more messages than the limits allow."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.resilience.conftest import Storage
from tests.resilience.flows import statuses
from tests.support import raw_sql
from tests.support.inprocess import ISSUER, Clock, Provider, provider

pytestmark = pytest.mark.anyio

MANY = 100
KNOWN, UNKNOWN = "13800000001", "13900000001"
PER_ADDRESS = 30
PLACES = 20
ASKED_AT = ("/login/sms", "/recover/password")


@dataclass
class Stage:
    """As many workers as the storage allows, and at each of them browsers in several places."""

    storage: Storage
    browsers: list[tuple[httpx2.AsyncClient, str]]

    async def ask(self, number: int, path: str, phone: str, *, browser: int | None = None) -> httpx2.Response:
        """Fill in the form for a phone; the workers take turns."""
        client, token = self.browsers[(number if browser is None else browser) % len(self.browsers)]
        return await client.post(path, data={"csrf": token, "phone": phone}, headers={"origin": ISSUER})

    @property
    def messages(self) -> int:
        """How many left, or are about to."""
        query = "SELECT count(*) AS number FROM outbox WHERE kind = 'sms'"
        return int(raw_sql.rows(self.storage.database_url, query)[0]["number"])


async def visit(house: Provider, address: str, stack: AsyncExitStack) -> tuple[httpx2.AsyncClient, str]:
    """A browser at an address, and the token for its forms."""
    client = await stack.enter_async_context(house.browser(address))
    token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await client.get("/login/sms")).text)
    assert token is not None
    return client, token.group(1)


@pytest.fixture
async def stage(storage: Storage, tmp_path: Path) -> AsyncIterator[Stage]:
    """Everything set up; one of the numbers has an account."""
    clock = Clock()
    urls: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    async with AsyncExitStack() as stack:
        opened = [
            provider(tmp_path, twice=False, clock=clock, message_sink=True, **urls)
            for _ in range(storage.workers)
        ]
        houses = [await stack.enter_async_context(each) for each in opened]
        await houses[0].open_account(phone=KNOWN, phone_verified=True)
        browsers = [
            await visit(houses[place % len(houses)], f"203.0.113.{place}", stack) for place in range(PLACES)
        ]
        yield Stage(storage, browsers)


@pytest.mark.parametrize("phone", [KNOWN, UNKNOWN], ids=["known", "unknown"])
async def test_of_100_who_ask_for_one_number_one_gets_a_message(stage: Stage, phone: str) -> None:
    """Whatever the code is for, and wherever they ask."""
    asking = [stage.ask(number, ASKED_AT[number // PLACES % 2], phone) for number in range(MANY)]
    answers = await asyncio.gather(*asking)
    assert statuses(answers) == {303: 1, 429: MANY - 1}
    assert all(0 < int(each.headers["retry-after"]) <= 60 for each in answers if each.status_code == 429)
    assert stage.messages == 1


async def test_of_100_numbers_that_one_place_asks_for_30_get_a_message(stage: Stage) -> None:
    phones = [f"1380000{number:04}" for number in range(MANY)]
    answers = await asyncio.gather(*[stage.ask(0, ASKED_AT[0], phone, browser=0) for phone in phones])
    assert statuses(answers) == {303: PER_ADDRESS, 429: MANY - PER_ADDRESS}
    assert stage.messages == PER_ADDRESS
    elsewhere = await stage.ask(1, ASKED_AT[0], "13900000009", browser=1)
    assert elsewhere.status_code == 303  # nobody else pays for it
    assert stage.messages == PER_ADDRESS + 1
