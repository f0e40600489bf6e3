"""Codes by SMS: bound, short-lived, few tries, single use; how many are sent."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from idp.authentication.phone.codes import (
    CODE_SECONDS,
    ELDER_CODE_SECONDS,
    MOST_TRIES,
    Asker,
    Purpose,
)
from idp.sessions.model import Caller
from tests.support.inprocess import Provider, provider
from tests.support.messages import all_messages, last_code, messages_to, settled
from tests.support.visits import sql

pytestmark = pytest.mark.anyio

PHONE = "13800000001"
BROWSER = "a browser"
CALLER = Asker(Caller("198.51.100.7"), BROWSER)


@pytest.fixture(params=["memory", "sql"])
async def town(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Provider]:
    """A provider of the test's own, with each key-value store that needs no server."""
    async with provider(tmp_path, message_sink=True, key_value_url=request.param) as started:
        yield started


def wrong(code: str) -> str:
    """Another code."""
    return f"{(int(code) + 1) % 1_000_000:06}"


async def send(town: Provider, purpose: Purpose = Purpose.LOGIN, phone: str = PHONE, **options: Any) -> str:
    """A code that was sent."""
    assert await town.worker.phone_codes.send(purpose, phone, CALLER, **options) == 0
    return await last_code(town, phone)


async def test_a_code_is_right_once(town: Provider) -> None:
    code = await send(town)
    assert await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, code, BROWSER)
    assert not await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, code, BROWSER)


async def test_a_code_typed_with_blanks_or_full_width_is_right(town: Provider) -> None:
    code = await send(town)
    wide = code.translate(str.maketrans("0123456789", "０１２３４５６７８９"))
    assert await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, f" {wide[:3]} {wide[3:]} ", BROWSER)


async def test_a_code_is_of_no_use_for_another_purpose_or_phone(town: Provider) -> None:
    code = await send(town)
    assert not await town.worker.phone_codes.check(Purpose.RECOVER, PHONE, code, BROWSER)
    assert not await town.worker.phone_codes.check(Purpose.LOGIN, "13800000002", code, BROWSER)
    assert await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, code, BROWSER)


async def test_five_wrong_tries_spend_a_code(town: Provider) -> None:
    code = await send(town)
    for _ in range(MOST_TRIES):
        assert not await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, wrong(code), BROWSER)
    assert not await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, code, BROWSER)


async def test_a_new_code_has_new_tries_and_takes_the_place_of_the_old(town: Provider) -> None:
    old = await send(town)
    for _ in range(MOST_TRIES):
        await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, wrong(old), BROWSER)
    town.clock.forward(61)
    new = await send(town)
    assert new == old or not await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, old, BROWSER)
    assert await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, new, BROWSER)


@pytest.mark.parametrize("lifetime", [CODE_SECONDS, ELDER_CODE_SECONDS])
async def test_a_code_lives_as_long_as_the_message_says(town: Provider, lifetime: int) -> None:
    code = await send(town, lifetime=lifetime)
    assert f"{lifetime // 60} 分钟" in (await messages_to(town, PHONE))[0]
    town.clock.forward(lifetime + 1)
    assert not await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, code, BROWSER)


async def test_without_a_code_none_is_right(town: Provider) -> None:
    for text in ("", "000000", "١٢٣٤٥٦", "\0", "x" * 1000):
        assert not await town.worker.phone_codes.check(Purpose.LOGIN, PHONE, text, BROWSER)


async def test_fifty_checks_at_once_of_the_right_code_are_one_success(town: Provider) -> None:
    code = await send(town)
    checks = [town.worker.phone_codes.check(Purpose.LOGIN, PHONE, code, BROWSER) for _ in range(50)]
    assert (await asyncio.gather(*checks)).count(True) == 1


async def test_a_guess_among_fifty_at_once_counts_before_it_is_checked(town: Provider) -> None:
    code = await send(town)
    guesses = [wrong(code)] * 49 + [code]
    checks = [town.worker.phone_codes.check(Purpose.LOGIN, PHONE, guess, BROWSER) for guess in guesses]
    assert not any(await asyncio.gather(*checks))


async def test_a_hundred_requests_at_once_send_one_message(town: Provider) -> None:
    callers = [Asker(Caller(f"203.0.113.{number}"), f"{number}") for number in range(100)]
    waits = await asyncio.gather(
        *[town.worker.phone_codes.send(Purpose.LOGIN, PHONE, caller) for caller in callers]
    )
    assert Counter(wait == 0 for wait in waits) == {True: 1, False: 99}
    assert all(0 <= wait <= 60 for wait in waits)
    await settled(town)
    assert len(await all_messages(town)) == 1
    assert len(await sql(town, "select id from outbox")) == 1


async def test_one_minute_lies_between_two_codes_whatever_they_are_for(town: Provider) -> None:
    await send(town)
    town.clock.forward(20)
    assert await town.worker.phone_codes.send(Purpose.RECOVER, PHONE, CALLER) == 40
    town.clock.forward(41)
    await send(town, Purpose.RECOVER)


async def test_a_phone_gets_five_codes_an_hour_and_ten_a_day(town: Provider) -> None:
    for hour in range(2):
        for _ in range(5):
            await send(town)
            town.clock.forward(61)
        refused = await town.worker.phone_codes.send(Purpose.LOGIN, PHONE, CALLER)
        assert refused > 60, hour
        town.clock.forward(3600)
    assert await town.worker.phone_codes.send(Purpose.LOGIN, PHONE, CALLER) == 86_400
    assert "login.throttled" in await town.audit_events()


async def test_an_address_asks_for_thirty_codes_an_hour_and_then_uses_up_nobodys_limit(
    town: Provider,
) -> None:
    for number in range(30):
        assert await town.worker.phone_codes.send(Purpose.LOGIN, f"138000001{number:02}", CALLER) == 0
    assert await town.worker.phone_codes.send(Purpose.LOGIN, PHONE, CALLER) == 3600
    assert (
        await town.worker.phone_codes.send(Purpose.LOGIN, PHONE, Asker(Caller("203.0.113.1"), BROWSER)) == 0
    )


async def test_a_flood_has_an_end(tmp_path: Path) -> None:
    async with provider(tmp_path, message_sink=True, sms_per_hour=100) as town:
        sends = [
            town.worker.phone_codes.send(
                Purpose.LOGIN, f"1380000{n:04}", Asker(Caller(f"10.0.{n // 200}.{n % 200}"), f"{n}")
            )
            for n in range(150)
        ]
        assert (await asyncio.gather(*sends)).count(0) == 100


async def test_neither_phone_nor_code_is_in_the_database(town: Provider) -> None:
    await town.worker.outbox.stop()  # nothing leaves: the sealed message is still there
    assert await town.worker.phone_codes.send(Purpose.LOGIN, PHONE, CALLER) == 0
    row = (await sql(town, "select * from outbox"))[0]
    code = town.worker.messages.opened(json.loads(row["payload"]))[0].values["code"]
    path = Path(town.worker.settings.database.removeprefix("sqlite:///"))
    content = b"".join(file.read_bytes() for file in path.parent.glob(path.name + "*"))
    assert PHONE.encode() not in content
    assert code.encode() not in content
    assert row["recipient"] == town.worker.messages.recipient(PHONE)


async def test_what_was_sent_is_forgotten_and_recorded_without_the_phone(town: Provider) -> None:
    await send(town)
    rows = await sql(town, "select payload, delivered_at from outbox")
    assert [row["payload"] for row in rows] == ["{}"]
    lines = [line for line in await town.audit_lines() if line["event"] == "message.sent"]
    assert len(lines) == 1
    assert PHONE not in str(lines)


async def test_a_code_that_has_lapsed_is_not_sent_any_more(town: Provider) -> None:
    await town.worker.outbox.stop()
    assert await town.worker.phone_codes.send(Purpose.LOGIN, PHONE, CALLER) == 0
    town.clock.forward(CODE_SECONDS)
    assert await town.worker.outbox.deliver_due() == 1
    assert await all_messages(town) == []
    assert "message.undelivered" in await town.audit_events()
    assert (await sql(town, "select payload, next_attempt_at from outbox"))[0] == {
        "payload": "{}",
        "next_attempt_at": None,
    }
