"""Every place that checks an answer counts the guesses: by account, by the quarter hour and by the day."""

import ast
from collections.abc import AsyncIterator, Callable
from itertools import count

import pyotp
import pytest

from tests.architecture.sources import name, python_files, tree
from tests.support.browserless import Browserless
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.logins import answer_with, attempt, log_out
from tests.support.recovering import NEW, Someone, owner, proved
from tests.support.visits import page, signed_in, visitor

pytestmark = pytest.mark.anyio

A_DAY = 20
QUARTER = 900
GUESSES = 120
_places = count(1)

Guesser = Callable[[Provider, Someone], AsyncIterator[int]]
"""Guesses for ever, from a new address each time; the status of each answer."""


@pytest.fixture(scope="module")
async def town(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages can be read, and which counts instead of hashing."""
    async with provider(
        tmp_path_factory.mktemp("town"), twice=False, message_sink=True, sms_per_address=10_000
    ) as started:
        yield started


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, town: Provider) -> None:
    async def verify(password: str, stored: str | None) -> tuple[bool, str | None]:
        return stored is not None and password == PASSWORD, None

    monkeypatch.setattr(town.worker.hasher, "verify", verify)


def somewhere() -> str:
    """An address in a network of its own."""
    number = next(_places)
    return f"10.{number // 250}.{number % 250}.7"


async def at_login(town: Provider, one: Someone) -> AsyncIterator[int]:
    """The password is known, and each guess is a login of its own."""
    while True:
        async with visitor(town, somewhere()) as thief:
            if (await attempt(thief, one.username)).status_code == 429:
                town.clock.forward(QUARTER)  # the first factor has a budget of its own
                continue
            yield (await answer_with(thief, "000000")).status_code


async def at_lost_phone(town: Provider, one: Someone) -> AsyncIterator[int]:
    """The password is known, and a new phone is wanted."""
    while True:
        async with visitor(town, somewhere()) as thief:
            form = page(await thief.open("/recover/phone")).form_with("otp")
            assert form is not None
            fields = {"username": one.username, "password": PASSWORD, "otp": "000000", "phone": "13900000000"}
            yield page(await thief.submit(form, **fields)).status


async def at_forgotten_password(town: Provider, one: Someone) -> AsyncIterator[int]:
    """The phone is held, name and number are known; a phone gets ten codes a day."""
    for _ in range(10):
        async with visitor(town, somewhere()) as thief:
            form = (await proved(town, thief, one.phone)).form_with("new_password")
            assert form is not None
            facts = {**one.facts, "otp": "000000"}
            for _ in range(5):
                yield page(await thief.submit(form, **facts, new_password=NEW)).status
            town.clock.forward(QUARTER)


async def by_step_up(town: Provider, one: Someone) -> AsyncIterator[int]:
    """Somebody sits at a session of one factor."""
    while True:
        async with signed_in(town, one.username) as thief:
            await thief.open("/me/security/totp")
            yield (await answer_with(thief, "000000")).status_code


async def by_knowledge(town: Provider, one: Someone) -> AsyncIterator[int]:
    """Somebody came in by a stolen phone, and says name and number."""
    async with signed_in(town, one.username, ("sms",)) as thief:
        while True:
            form = page(await thief.open("/login/known")).form_with("certificate_number")
            if form is None:
                return
            told = {"name": "张三", "certificate_number": f"E{next(_places):08}"}
            yield page(await thief.submit(form, **told)).status


WAYS: dict[str, Guesser] = {
    "login": at_login,
    "lost phone": at_lost_phone,
    "forgotten password": at_forgotten_password,
    "step-up": by_step_up,
    "knowledge": by_knowledge,
}


@pytest.mark.parametrize("way", WAYS)
async def test_no_more_than_twenty_guesses_a_day_are_checked_from_wherever_they_come(
    town: Provider, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = await owner(town, totp=way != "knowledge")
    began, checked = town.clock.now, await guesses_checked(town, way, monkeypatch)
    made = 0
    async for status in WAYS[way](town, one):
        assert status in (401, 429)
        made += 1
        if made % 5 == 0:
            town.clock.forward(QUARTER)
        if town.clock.now - began > 86_400 - QUARTER or made == GUESSES:
            break
    assert made >= 2 * A_DAY
    assert 0 < len(checked) <= A_DAY


async def guesses_checked(town: Provider, way: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was held against the secret, filled while the test runs."""
    checked: list[str] = []
    if way == "knowledge":

        def knows(accounts: object, account: object, told: str, number: str) -> bool:
            checked.append(number)
            return False

        monkeypatch.setattr("idp.authentication.phone.registration.knowledge_verified", knows)
        return checked

    def step(secret: str, answer: str, now: float) -> int | None:
        checked.append(answer)
        return None

    monkeypatch.setattr("idp.authentication.methods.totp.matching_step", step)
    return checked


async def test_the_doors_share_one_budget(town: Provider) -> None:
    one = await owner(town, totp=True)
    statuses = [await anext(aiter(at_lost_phone(town, one))) for _ in range(5)]
    assert statuses == [401] * 5
    assert await anext(aiter(at_login(town, one))) == 429
    assert await anext(aiter(by_step_up(town, one))) == 429


async def test_a_login_on_a_trusted_device_begins_no_count_of_second_factors_anew(town: Provider) -> None:
    one = await owner(town)
    totp = pyotp.TOTP(await town.enrol_totp(one.username))
    async with visitor(town, somewhere()) as thief:
        await attempt(thief, one.username)
        await with_trust(thief, totp.at(int(town.clock.now)))
        statuses = []
        for _ in range(3):
            await log_out(thief)
            await attempt(thief, one.username)
            await thief.open("/me/security/totp")
            statuses += [(await answer_with(thief, "000000")).status_code for _ in range(4)]
    assert statuses == [401] * 5 + [429] * 7


async def with_trust(someone: Browserless, otp: str) -> None:
    """Log in, never to be asked on this device again."""
    assert (await answer_with(someone, otp, trust="yes")).status_code == 303


async def test_a_wrong_password_uses_up_nobody_s_second_factor(town: Provider) -> None:
    one = await owner(town, totp=True)
    for _ in range(8):
        async with visitor(town, somewhere()) as stranger:
            form = page(await stranger.open("/recover/phone")).form_with("otp")
            assert form is not None
            fields = {"username": one.username, "password": "wrong", "otp": "1", "phone": "13900000000"}
            assert page(await stranger.submit(form, **fields)).status == 401
    async with visitor(town, somewhere()) as itself:
        await attempt(itself, one.username)
        assert (await answer_with(itself, one.facts["otp"])).status_code == 303


COUNTED = {
    "authentication/service.py: password": "admit: by place, device and strangers (decision 0010)",
    "authentication/service.py: _verify": "admit_second_factor, in second_factor",
    "authentication/recovery/service.py: by_phone": "admit, admit_knowledge and admit_second_factor",
    "authentication/recovery/service.py: by_factor": "admit and admit_second_factor",
    "authentication/recovery/service.py: _proves": "admit_second_factor, in by_phone and by_factor",
    "authentication/phone/registration.py: more": "admit and admit_knowledge",
    "authentication/login/own_password.py: change": "admit",
    "authentication/methods/totp.py: verify": "it is what _verify and _proves call",
    "authentication/methods/totp.py: first_step": "no guess: the secret was shown to the same session",
    "authentication/phone/steps.py: check": "PhoneCodes counts five tries a code, and the codes of a phone",
    "selfservice/api/person.py: change_phone": "PhoneCodes, as above",
    "counter/codes.py: check": "PhoneCodes, as above",
    "counter/presence.py: _right_code": "PhoneCodes, as above",
}
FUNCTIONS = {"matching_step", "knowledge_verified"}
METHODS = {"verify": {"factor", "_hasher"}, "check": {"_codes", "_phone_codes", "phone_codes"}}
"""What holds an answer against a secret: functions, and methods with the objects whose they are."""


def test_a_new_place_that_checks_an_answer_says_who_counts_it() -> None:
    found = {
        f"{name(path).removeprefix('idp/')}: {node.name}"
        for path in python_files()
        if name(path).startswith("idp/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _checks(node)
    }
    assert {each for each in found if not each.endswith(": work")} == set(COUNTED)


def _checks(function: ast.AST) -> bool:
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return any(
        call.id in FUNCTIONS
        if isinstance(call, ast.Name)
        else isinstance(call, ast.Attribute) and _owner(call) in METHODS.get(call.attr, ())
        for call in called
    )


def _owner(method: ast.Attribute) -> str:
    owner_of = method.value
    return owner_of.attr if isinstance(owner_of, ast.Attribute) else getattr(owner_of, "id", "")
