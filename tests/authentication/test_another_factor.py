"""A factor that the product does not have is one module and one template: enrolled, asked for, told and removed."""

from collections.abc import AsyncIterator
from pathlib import Path

import pyotp
import pytest

import idp.authentication.methods
from idp.server import front
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.visits import page, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio
PLUGINS = Path(__file__).parent / "plugins"


@pytest.fixture
async def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provider]:
    """A provider whose plug-in folder holds one more file, and one template more."""
    folder = [*idp.authentication.methods.__path__, str(PLUGINS)]
    monkeypatch.setattr(idp.authentication.methods, "__path__", folder)
    monkeypatch.setattr(front, "TEMPLATES", [*front.TEMPLATES, PLUGINS])
    async with provider(tmp_path, message_sink=True) as started:
        yield started


async def enrolled(house: Provider, username: str) -> pyotp.HOTP:
    """Somebody adds the token on the page that stands there for it."""
    async with signed_in(house, username) as someone:
        assert "添加按键令牌" in page(await someone.open("/me/security")).text
        shown = page(await someone.open("/me/security/hotp"))
        secret = shown.text.partition('id="secret">')[2].partition("<")[0].replace(" ", "")
        token = pyotp.HOTP(secret)
        form = shown.form_with("enrolment")
        assert form is not None
        wrong = page(await someone.submit(form, otp="000000"))
        assert (wrong.status, "口令不正确" in wrong.text) == (401, True)
        again = wrong.form_with("enrolment")
        assert again is not None
        done = page(await someone.submit(again, otp=token.at(1), label="蓝色"))
        assert "按键令牌 · 蓝色" in done.text
        assert "按键令牌" in page(await someone.open("/me/events")).text
    return token


async def test_it_is_enrolled_and_each_number_lets_in_once(house: Provider) -> None:
    username = await person(house)
    token = await enrolled(house, username)
    for number, good in (
        (token.at(1), False),
        (token.at(3), True),
        (token.at(2), False),
        (token.at(20), False),
    ):
        async with visitor(house) as someone:
            form = page(await someone.open("/login")).form_with("password")
            assert form is not None
            second = page(await someone.submit(form, username=username, password=PASSWORD))
            assert "令牌口令" in second.text
            answer = second.form_with("otp")
            assert answer is not None
            outcome = await someone.submit(answer, otp=number)
            assert (await someone.client.get("/me/security")).is_success is good
            assert good or "令牌口令不正确或已使用过。" in page(outcome).text


async def test_beside_an_app_either_does(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    house.clock.forward(1)
    async with signed_in(house, username, ("pwd", "otp", "mfa")) as someone:
        shown = page(await someone.open("/me/security/hotp"))
        token = pyotp.HOTP(shown.text.partition('id="secret">')[2].partition("<")[0].replace(" ", ""))
        form = shown.form_with("enrolment")
        assert form is not None
        await someone.submit(form, otp=token.at(0))
    async with visitor(house) as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        second = page(await someone.submit(form, username=username, password=PASSWORD))
        assert "输入验证码" in second.text
        assert "改用按键令牌" in second.text
        instead = page(await someone.open("/login/otp?way=hotp"))
        assert "输入令牌口令" in instead.text
        answer = instead.form_with("otp")
        assert answer is not None
        await someone.submit(answer, otp=token.at(1))
        assert (await someone.client.get("/me/security")).is_success


async def test_its_removal_is_told_and_takes_the_recovery_codes_with_it(house: Provider) -> None:
    username = await person(house, phone="13800004444", phone_verified=True)
    await enrolled(house, username)
    async with signed_in(house, username, ("pwd", "otp", "mfa")) as someone:
        codes = page(await someone.open("/me/security"))
        form = next(each for each in codes.forms if each.action.endswith("recovery-codes"))
        await someone.submit(form)
        [factor] = await sql(house, "SELECT id FROM authenticators WHERE kind = 'hotp'")
        confirm = page(await someone.open(f"/me/security/remove?id={factor['id']}"))
        assert "按键令牌" in confirm.text
        remove = confirm.form_with("id")
        assert remove is not None
        await someone.submit(remove)
    assert await sql(house, "SELECT id FROM authenticators") == []
    rows = await sql(house, "SELECT event FROM audit_events WHERE event = 'factor.removed'")
    assert rows
