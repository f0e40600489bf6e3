"""Whoever guesses is counted before the guess is looked at: by many doors, from many places, all at one moment."""

import asyncio

import pytest

from idp.authentication.methods import totp as totp_method
from tests.attacks.scene import STRONG, Scene, answer_otp, by_password, field, is_asked_for_otp
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD
from tests.support.twice import once
from tests.support.visits import SESSION_COOKIE, page, signed_in, visitor

pytestmark = pytest.mark.anyio

A_QUARTER, A_DAY = 5, 20
LOST = {"password": PASSWORD, "phone": "13700000001"}


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch, scene: Scene) -> list[str]:
    """The answers that were held against a secret."""
    once(scene.house.worker.base.database)
    seen: list[str] = []
    real = totp_method.matching_step

    def matching_step(secret: str, code: str, *more: float) -> object:
        seen.append(code)
        return real(secret, code, *more)

    monkeypatch.setattr(totp_method, "matching_step", matching_step)
    return seen


async def at_lost_phone(someone: Browserless, username: str, otp: str) -> Page:
    """The password is known, the telephone is said to be lost."""
    form = field(page(await someone.open("/recover/phone")), "otp")
    return page(await someone.submit(form, username=username, otp=otp, **LOST))


async def test_of_many_guesses_at_one_moment_from_many_places_five_are_looked_at(
    scene: Scene, looked_at: list[str]
) -> None:
    victim = await scene.victim()
    await victim.totp()

    async def guess(number: int) -> int:
        async with visitor(scene.house, f"203.0.{number}.9") as thief:
            return (await at_lost_phone(thief, victim.username, f"{number:06}")).status

    statuses = await asyncio.gather(*map(guess, range(25)))
    assert len(looked_at) == A_QUARTER
    assert set(statuses) <= {401, 429}
    assert statuses.count(429) >= 25 - A_QUARTER


async def test_doors_share_one_count_and_a_right_answer_after_it_opens_none(
    scene: Scene, looked_at: list[str]
) -> None:
    victim = await scene.victim()
    totp = await victim.totp()
    house = scene.house
    async with visitor(house, "203.0.113.1") as thief, visitor(house, "203.0.114.1") as other:
        assert is_asked_for_otp(await by_password(thief, victim.username))
        form = field(page(await thief.open("/login/otp")), "otp")
        for number in range(2):
            assert page(await thief.submit(form, otp=f"00000{number}")).status == 401
        for number in range(2):
            assert (await at_lost_phone(other, victim.username, f"00001{number}")).status == 401
        async with signed_in(house, victim.username, ("pwd",)) as stolen:
            await stolen.open("/me/security/totp")
            form = field(page(await stolen.open("/login/otp")), "otp")
            assert page(await stolen.submit(form, otp="000020")).status == 401
            assert len(looked_at) == A_QUARTER
            right = totp.at(int(house.clock.now))
            assert page(await stolen.submit(form, otp=right)).status == 429
        assert (await at_lost_phone(other, victim.username, right)).status == 429
        assert (await answer_otp(scene, thief, totp)).status == 429
        assert SESSION_COOKIE not in thief.client.cookies
    assert len(looked_at) == A_QUARTER


async def test_a_day_has_twenty_whatever_lies_between(scene: Scene, looked_at: list[str]) -> None:
    victim = await scene.victim()
    await victim.totp()
    for number in range(40):
        async with visitor(scene.house, f"203.0.{number}.9") as thief:
            await at_lost_phone(thief, victim.username, f"{number:06}")
        scene.house.clock.forward(901)
    assert len(looked_at) == A_DAY
    scene.house.clock.forward(86_400)
    async with visitor(scene.house, "203.0.99.9") as owner:
        assert (await at_lost_phone(owner, victim.username, "999999")).status == 401


async def test_a_picture_is_answered_once_whatever_number_is_chosen(scene: Scene) -> None:
    victim = await scene.victim()
    house = scene.house
    async with visitor(house) as computer, signed_in(house, victim.username, STRONG) as phone:
        shown = page(await computer.open("/login/qr"))
        qr_id = computer.client.cookies["__Host-zhanhe-qr"]
        asked = page(await phone.open(f"/qr?id={qr_id}"))
        form = field(asked, "decision")
        numbers = [value for _, value in form.buttons if value.isdigit()]
        right = next(each for each in numbers if f">{each}<" in shown.text)
        wrong = next(each for each in numbers if each != right)
        for each in (wrong, right, *numbers):
            await phone.submit(form, decision=each)
        await computer.open("/login/qr")
    assert SESSION_COOKIE not in computer.client.cookies
