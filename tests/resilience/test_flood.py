"""Two hundred bad requests in a second, against a server in a process of its own: all are answered, none tells.

The password queue is full at that rate, so some are told to come again (429); whether somebody is, must not depend
on who was asked for.
"""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import httpx2
import pytest

from idp.accounts.model import NewAccount
from idp.accounts.passwords.hashing import PasswordHasher
from idp.accounts.service import Accounts
from idp.server.composition import foundation
from idp.settings import read_settings
from tests.resilience.alike import ALPHA, share, shown, two_sided
from tests.resilience.live import Live, live
from tests.support.visits import password_hash
from tests.support.waiting import eventually

pytestmark = pytest.mark.anyio

OF_EACH = 200
PER_SECOND = 200
LARGE = 0.15
FORMS = {
    "/login": ("username", {"password": "wrong horse 7 battery"}),
    "/login/sms": ("phone", {}),  # registering begins with the same request
}
STATUSES = {"/login": {401, 429}, "/login/sms": {303}}

Kind = Callable[[int], str]
"""A number of the kind, by its place."""


@dataclass
class Seen:
    """What came back to one kind of number."""

    answers: Counter[tuple[int, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)


def known(number: int) -> str:
    """The phone of somebody who has an account."""
    return f"1380000{number:04}"


def unknown(number: int) -> str:
    """The phone of nobody."""
    return f"1390000{number:04}"


@pytest.mark.parametrize("path", FORMS)
async def test_two_hundred_in_a_second_are_answered_and_tell_nobody_from_somebody(
    path: str, postgres_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = {"SMS_PER_ADDRESS": "1000000", "SMS_PER_HOUR": "1000000", "MESSAGE_SINK": "true"}
    async with live(
        tmp_path, (), (), DATABASE_URL=postgres_url, KEY_VALUE_URL=redis_url, **limits
    ) as running:
        await _fill(running, monkeypatch)
        running.processes[0].start()
        seen = await _flood(running, path)
        one, other = seen[known], seen[unknown]
        _say(path, one, other)
        # a refusal or the next page for everybody, or the word that there is too much to do; never a fault
        assert {status for status, _ in one.answers | other.answers} <= STATUSES[path]
        kinds = one.answers.keys() | other.answers.keys()
        for answer in kinds:
            assert share(one.answers[answer], OF_EACH, other.answers[answer], OF_EACH) > ALPHA / len(kinds)
        difference = abs(median(one.seconds) - median(other.seconds)) / median(other.seconds)
        assert two_sided(one.seconds, other.seconds) > ALPHA or difference < LARGE
        await _sent_alike(running, path, one, other)
        await running.log_in()  # whoever comes afterwards finds it as it was


async def _fill(running: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in running.instance.environment.items():
        monkeypatch.setenv(name, value)
    async with foundation(read_settings()) as base:
        accounts = Accounts(base, PasswordHasher())
        await asyncio.gather(*[accounts.open(_person(number), "test") for number in range(OF_EACH)])


def _person(number: int) -> NewAccount:
    return NewAccount(
        username=f"person{number}", name="张三", password_hash=password_hash(), level=2,
        phone=known(number), phone_verified=True,
        certificate_type="414", certificate_number=f"E{number:08}",
    )  # fmt: skip


async def _flood(running: Live, path: str) -> dict[Kind, Seen]:
    """Forms at an even pace, known and unknown in turns, each number once."""
    seen: dict[Kind, Seen] = {known: Seen(), unknown: Seen()}
    async with httpx2.AsyncClient(
        base_url=running.instance.issuer,
        trust_env=False,
        timeout=60,
        limits=httpx2.Limits(max_connections=None),
    ) as http:
        page = await http.get(path.removesuffix("/sms"), headers={"accept": "text/html"})
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
        assert token is not None
        field, others = FORMS[path]
        loop = asyncio.get_running_loop()
        begun = loop.time()

        async def one(kind: Kind, phone: str, at: float) -> None:
            await asyncio.sleep(begun + at - loop.time())
            sent = loop.time()
            data = {"csrf": token[1], field: phone, **others}
            answer = await http.post(path, data=data, headers={"accept": "text/html"})
            seen[kind].seconds.append(loop.time() - sent)
            seen[kind].answers[answer.status_code, shown(answer, phone)] += 1

        in_turns = [
            (kind, kind(number))
            for number in range(OF_EACH)
            for kind in ((known, unknown) if number % 2 else (unknown, known))
        ]
        await asyncio.gather(
            *[one(kind, phone, place / PER_SECOND) for place, (kind, phone) in enumerate(in_turns)]
        )
    return seen


async def _sent_alike(running: Live, path: str, one: Seen, other: Seen) -> None:
    """A message to each number that was told so, whoever it belongs to; a password brings none."""
    wanted = Counter(
        {
            prefix: sum(count for (status, _), count in seen.answers.items() if status == 303)
            for prefix, seen in ((known(0)[:7], one), (unknown(0)[:7], other))
            if path != "/login"
        }
    )
    sink = running.instance.folder / "messages.jsonl"

    async def all_came() -> bool:
        lines = sink.read_text("utf-8").splitlines() if sink.exists() else []
        return Counter(json.loads(line)["to"][:7] for line in lines) == wanted

    await eventually(all_came)


def _say(path: str, one: Seen, other: Seen) -> None:
    for name, each in (("known", one), ("unknown", other)):
        statuses = Counter[int]()
        for (status, _), count in each.answers.items():
            statuses[status] += count
        print(f"{path} {name}: {dict(statuses)}, median {median(each.seconds) * 1e3:.0f} ms")
