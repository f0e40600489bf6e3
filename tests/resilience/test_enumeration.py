"""Who has an account is told by nothing: not by status or text, not by what a request costs, not by the time it takes.

What decides is counted: units of work, statements, key-value steps, password hashes, messages. The time is compared
over 200 samples of each kind, in turns, by a two-sided rank test; a busy machine must not decide, so a difference has
to be both certain and large before it counts.
"""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx2
import pytest

from idp.accounts.model import NewAccount
from idp.accounts.service import Accounts
from idp.authentication.phone.codes import Purpose
from idp.authentication.phone.proofs import PhoneProof, Proofs
from tests.resilience.alike import ALPHA, shown, two_sided
from tests.support.inprocess import ISSUER, Provider, provider
from tests.support.visits import CSRF_COOKIE, password_hash

pytestmark = pytest.mark.anyio

SAMPLES = 200
LARGE = 0.15
"""A difference of the medians, relative to them; below it lies the noise of one machine's own scheduling."""
STEPS = ("get", "put", "add", "swap", "take", "increment")

Try = Callable[["Town", str, int], Awaitable[httpx2.Response]]


@dataclass
class Town:
    """A provider with many people, a browser, and a count of everything that a request makes it do."""

    house: Provider
    browser: httpx2.AsyncClient
    csrf: str = ""
    costs: Counter[str] = field(default_factory=Counter)

    async def post(self, path: str, **fields: str) -> httpx2.Response:
        """Send a form as our pages would."""
        data = {"csrf": self.csrf, **fields}
        return await self.browser.post(path, data=data, headers={"origin": ISSUER})


@dataclass
class Seen:
    """What was seen of one kind of identifier."""

    answers: Counter[tuple[int, str]] = field(default_factory=Counter)
    costs: Counter[tuple[tuple[str, int], ...]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


@pytest.fixture
async def town(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Town]:
    """Every limit is out of the way but those of the single account, each of which is tried once."""
    limits: dict[str, Any] = {
        "login_attempts_per_address": 100_000,
        "sms_per_address": 100_000,
        "sms_per_hour": 100_000,
    }
    async with (
        provider(tmp_path, twice=False, message_sink=True, **limits) as house,
        house.browser() as browser,
    ):
        await house.worker.outbox.stop()  # what runs in the background is not the request's
        await house.worker.revisions.stop()
        await house.worker.periodic.stop()
        accounts = Accounts(house.worker.base, house.worker.hasher)
        people = [accounts.open(_person(number), "test") for number in range(SAMPLES)]
        await asyncio.gather(*people)
        page = await browser.get("/login")
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token is not None
        made = Town(house, browser, token.group(1))
        _count(made, monkeypatch)
        yield made


def _person(number: int) -> NewAccount:
    return NewAccount(
        username=f"person{number}",
        name="张三",
        password_hash=password_hash(),
        level=2,
        phone=_known(number),
        phone_verified=True,
        certificate_type="414",
        certificate_number=f"E{number:08}",
    )


def _known(number: int) -> str:
    return f"1380000{number:04}"


def _unknown(number: int) -> str:
    return f"1390000{number:04}"


async def log_in(town: Town, phone: str, number: int) -> httpx2.Response:
    """A wrong password."""
    return await town.post("/login", username=phone, password="wrong horse 7 battery")


async def send_login(town: Town, phone: str, number: int) -> httpx2.Response:
    """A code for logging in; registering begins with the same request."""
    return await town.post("/login/sms", phone=phone)


async def send_recovery(town: Town, phone: str, number: int) -> httpx2.Response:
    """A code for a forgotten password."""
    return await town.post("/recover/password", phone=phone)


async def recover(town: Town, phone: str, number: int) -> httpx2.Response:
    """Wrong facts, by somebody who holds the phone."""
    secret = town.browser.cookies.get(CSRF_COOKIE) or ""
    base = town.house.worker.base
    browser = base.vault.token_hash("browser", secret).hex()
    token = await Proofs(base).put(PhoneProof(Purpose.RECOVER, phone), browser)
    town.browser.cookies.set("__Host-zhanhe-phone", token, domain="id.test", path="/")
    town.costs.clear()
    fields = {"name": "张三", "certificate_number": "E12345678", "otp": "000000"}
    return await town.post("/recover/details", **fields, new_password="horse battery 7 staple")


async def recover_by_factor(town: Town, phone: str, number: int) -> httpx2.Response:
    """A wrong password, by somebody who says that the phone is lost."""
    fields = {"username": phone, "password": "wrong horse 7 battery", "otp": "000000"}
    return await town.post("/recover/phone", **fields, phone="13700000001")


@pytest.mark.parametrize("attempt", [log_in, send_login, send_recovery, recover, recover_by_factor])
async def test_known_and_unknown_numbers_cannot_be_told_apart(town: Town, attempt: Try) -> None:
    seen = {_known: Seen(), _unknown: Seen()}
    await attempt(town, "13700000009", 0)  # whatever is done once per worker or browser
    for number in range(SAMPLES):
        # in turns, and neither always first
        for kind in (_known, _unknown) if number % 2 else (_unknown, _known):
            await _sample(town, attempt, kind(number), number, seen[kind])
    known, unknown = seen[_known], seen[_unknown]
    certainty = two_sided(known.seconds, unknown.seconds)
    difference = abs(median(known.seconds) - median(unknown.seconds)) / median(unknown.seconds)
    print(
        f"{attempt.__name__}: medians {median(known.seconds) * 1e3:.3f} and {median(unknown.seconds) * 1e3:.3f} ms "
        f"of processor time, p = {certainty:.4f}, difference {difference:.1%}"
    )
    assert known.answers == unknown.answers
    assert known.costs == unknown.costs
    assert len(known.costs) == 1
    assert certainty > ALPHA or difference < LARGE


@pytest.mark.parametrize("attempt", [log_in, send_login, send_recovery])
async def test_two_hundred_in_one_moment_are_answered_alike_by_page_and_by_message(
    town: Town, attempt: Try
) -> None:
    numbers = [kind(number) for number in range(SAMPLES // 2) for kind in (_known, _unknown)]
    answers = await asyncio.gather(*(attempt(town, phone, 0) for phone in numbers))
    seen = [
        (answer.status_code, shown(answer, phone)) for answer, phone in zip(answers, numbers, strict=True)
    ]
    assert Counter(seen[::2]) == Counter(seen[1::2])
    assert all(status < 500 for status, _ in seen)
    sent = town.costs["messages"]
    assert sent == (0 if attempt is log_in else len(numbers))  # a code for everybody: to have none would tell


async def _sample(town: Town, attempt: Try, phone: str, number: int, seen: Seen) -> None:
    town.costs.clear()
    begun = time.process_time()  # of this process alone: what others do on the machine is not in it
    answer = await attempt(town, phone, number)
    seen.seconds.append(time.process_time() - begun)
    seen.answers[answer.status_code, shown(answer, phone)] += 1
    seen.costs[tuple(sorted(town.costs.items()))] += 1


def _count(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    base, costs = town.house.worker.base, town.costs

    def watched(target: Any, name: str, label: str, units: bool) -> None:
        original = getattr(target, name)

        async def run(*arguments: Any) -> Any:
            costs[label] += 1
            if units:
                return await original(lambda: _statements(arguments[0](), costs))
            return await original(*arguments)

        monkeypatch.setattr(target, name, run)

    watched(base.database, "read", "read", units=True)
    watched(base.database, "write", "write", units=True)
    watched(base.database, "add", "write", units=False)
    watched(town.house.worker.hasher, "_run", "hash", units=False)
    for step in STEPS:
        watched(base.key_value, step, step, units=False)


def _statements(unit: Any, costs: Counter[str]) -> Any:
    rows = None
    while True:
        try:
            call = next(unit) if rows is None else unit.send(rows)
        except StopIteration as stop:
            return stop.value
        costs["statements"] += 1
        costs["messages"] += call.parameters.get("kind") == "sms"
        rows = yield call
