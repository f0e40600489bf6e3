"""What strangers do with somebody's number uses up nothing of the owner's, on every storage."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from idp.authentication.phone.codes import MOST_TRIES, Asker, Purpose
from idp.sessions.model import Caller
from tests.resilience.conftest import Storage
from tests.support import raw_sql
from tests.support.inprocess import ISSUER, PASSWORD, Clock, Provider, provider
from tests.support.messages import last_code

pytestmark = pytest.mark.anyio

PHONE = "13800000001"
HOME = "198.51.100.7"
HOUR = 3600


@pytest.fixture
async def house(storage: Storage, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker on each storage, and somebody with a phone."""
    urls: dict[str, Any] = {"database_url": storage.database_url, "key_value_url": storage.key_value_url}
    async with provider(
        tmp_path, twice=False, clock=Clock(), message_sink=True, sms_per_hour=100, **urls
    ) as running:
        await running.open_account(phone=PHONE, phone_verified=True)
        yield running


class Browser:
    """A browser that fills in our forms."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self.client = client

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """A form of ours, from its own page."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', (await self.client.get("/login/sms")).text)
        token = found[1] if found else self.client.headers["x-csrf"]
        self.client.headers["x-csrf"] = token
        data = {"csrf": token, **fields}
        return await self.client.post(path, data=data, headers={"origin": ISSUER})

    async def ask(self, phone: str = PHONE) -> str:
        """The ticket of a code that is on its way; "" where it is refused."""
        answer = await self.post("/login/sms", phone=phone)
        return (
            str(httpx2.URL(answer.headers["location"]).params["ticket"]) if answer.status_code == 303 else ""
        )

    async def enter(self, ticket: str, code: str) -> httpx2.Response:
        """Type a code."""
        return await self.post("/login/sms", ticket=ticket, code=code)

    @property
    def is_in(self) -> bool:
        """Whether it has a session."""
        return "__Host-zhanhe-session" in self.client.cookies


@asynccontextmanager
async def browser(house: Provider, address: str) -> AsyncIterator[Browser]:
    """Somebody's browser."""
    async with house.browser(address) as client:
        yield Browser(client)


@asynccontextmanager
async def owners(house: Provider) -> AsyncIterator[Browser]:
    """The owner's browser, which has logged in before and has no session now."""
    async with browser(house, HOME) as owner:
        assert (await owner.post("/login", username="zhangsan", password=PASSWORD)).status_code == 303
        owner.client.cookies.delete("__Host-zhanhe-session")
        assert not owner.is_in
        yield owner


def sent(storage: Storage, phone: str, house: Provider) -> int:
    """How many messages left for a phone, or are about to."""
    recipient = house.worker.messages.recipient(phone)
    query = f"SELECT count(*) AS number FROM outbox WHERE kind = 'sms' AND recipient = '{recipient}'"  # noqa: S608
    return int(raw_sql.rows(storage.database_url, query)[0]["number"])


async def later(house: Provider, seconds: int) -> None:
    """Time passes; Redis has a clock of its own, and only the pause between two codes is over there."""
    house.clock.forward(seconds)
    for number in (PHONE, f"known:{PHONE}"):
        name = house.worker.base.vault.token_hash("phone_code_name", number).hex()
        await house.worker.base.key_value.take("sms_pause", name)


async def strangers_ask(house: Provider) -> None:
    """Until nobody gets any more: by the minute, the hour, the day, and in all."""
    for hour in range(3):
        for number in range(12):
            async with browser(house, f"203.0.113.{hour * 20 + number}") as stranger:
                await stranger.ask()
            await later(house, 61)
        await later(house, HOUR)
    async with browser(house, "203.0.113.200") as stranger:
        assert await stranger.ask() == ""
    for number in range(100):  # and what is left for everybody in this hour
        asker = Asker(Caller(f"203.0.113.{number + 100}"), f"stranger {number}")
        await house.worker.phone_codes.send(Purpose.LOGIN, f"139000000{number:02}", asker)
    asker = Asker(Caller("203.0.113.99"), "one more")
    assert await house.worker.phone_codes.send(Purpose.LOGIN, "13900000100", asker) == HOUR


async def test_strangers_use_up_their_own_share_of_a_phone_s_messages(
    house: Provider, storage: Storage
) -> None:
    most = (
        10 if not storage.key_value_url.startswith("redis") else 5
    )  # a day's, or an hour's that does not end
    async with owners(house) as owner:
        await strangers_ask(house)
        assert sent(storage, PHONE, house) == most
        ticket = await owner.ask()
        assert ticket
        code = await last_code(house, PHONE)
        assert (await owner.enter(ticket, code)).status_code == 303
        assert owner.is_in
        # The owner's share has an end too: a known device floods nobody's phone.
        for _ in range(20):
            await later(house, HOUR)
            await owner.ask()
        assert sent(storage, PHONE, house) == 2 * most


async def test_a_device_of_another_account_is_a_stranger_s(house: Provider) -> None:
    await house.open_account(username="lisi", phone="13800000002", phone_verified=True)
    async with browser(house, "203.0.113.9") as other:
        assert (await other.post("/login", username="lisi", password=PASSWORD)).status_code == 303
        other.client.cookies.delete("__Host-zhanhe-session")
        await strangers_ask(house)
        await later(house, HOUR)
        assert await other.ask() == ""


async def test_a_stranger_neither_spends_nor_replaces_the_code_that_somebody_asked_for(
    house: Provider,
) -> None:
    async with browser(house, "192.0.2.1") as owner, browser(house, "203.0.113.9") as stranger:
        ticket = await owner.ask()
        code = await last_code(house, PHONE)
        await later(house, 61)
        theirs = await stranger.ask()
        assert theirs
        other = await last_code(house, PHONE)
        for _ in range(MOST_TRIES + 1):
            assert (await stranger.enter(theirs, f"{(int(other) + 1) % 10**6:06}")).status_code == 401
        assert (await stranger.enter(theirs, code)).status_code == 401  # the owner's, overheard
        answer = await owner.enter(ticket, code)
        assert answer.status_code == 303
        assert "/login/sms/account" in answer.headers["location"] or owner.is_in


async def test_what_strangers_use_up_of_the_budgets_of_guesses_is_not_that_of_a_known_device(
    house: Provider,
) -> None:
    lost = {"otp": "000000", "phone": "13700000001"}
    async with owners(house) as owner:
        async with browser(house, HOME) as neighbour:  # behind the same address
            for number in range(310):
                await house.worker.throttle.admit_address(HOME)
                if number < 6:
                    await neighbour.post("/login", username="zhangsan", password="wrong")
            answer = await neighbour.post("/login", username="zhangsan", password=PASSWORD)
            assert answer.status_code == 429
        answer = await owner.post("/recover/phone", username="zhangsan", password="wrong", **lost)
        assert answer.status_code == 401  # heard, and wrong
        assert (await owner.post("/login", username="zhangsan", password=PASSWORD)).status_code == 303
        assert owner.is_in
