"""/api/me: what protects the account, set up from an app of its person."""

import json
from typing import Any

import httpx2
import pyotp
import pytest

from tests.selfservice.calling import call, token_of
from tests.support.inprocess import PASSWORD, Provider
from tests.support.passkey import Authenticator
from tests.support.passkey_forms import authenticator
from tests.support.visits import account_id, audit_of, page, person, signed_in, sql

pytestmark = pytest.mark.anyio
FULL = ("pwd", "otp", "mfa")
MADE = "/passkeys/confirmation"
NEW_PASSWORD = "zhanhe district 2026"


async def kinds(house: Provider, token: str) -> list[str]:
    return [each["kind"] for each in (await call(house, token, "GET", "/factors")).json()]


async def proved(house: Provider, token: str, begun: dict[str, str], **changes: str) -> httpx2.Response:
    """Confirm an authenticator app by the code that it shows."""
    code = pyotp.TOTP(begun["secret"]).at(int(house.clock.now))
    body = {"enrolment": begun["enrolment"], "otp": code, "label": "我的手机", **changes}
    return await call(house, token, "POST", "/totp/confirmation", body)


async def passkey(house: Provider, token: str, key: Authenticator) -> dict[str, Any]:
    """Begin to make a passkey; what the device answers."""
    begun = (await call(house, token, "POST", "/passkeys")).json()
    credential = json.loads(key.create(json.dumps(begun["options"])))
    return {"ceremony": begun["ceremony"], "credential": credential}


async def test_an_authenticator_app_is_set_up_and_from_then_on_asked_for(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        token = await token_of(house, someone)
    begun = (await call(house, token, "POST", "/totp")).json()
    assert begun["uri"].startswith("otpauth://totp/")
    wrong = await proved(house, token, begun, otp="000000")
    assert (wrong.status_code, wrong.json()["title"]) == (403, "wrong_code")
    assert await kinds(house, token) == []
    assert (await proved(house, token, begun)).status_code == 204
    assert await kinds(house, token) == ["totp"]
    assert "factor.added" in await audit_of(house, account_id=await account_id(house, username))
    assert (await proved(house, token, begun)).status_code == 401  # that login showed no second factor
    async with signed_in(house, username, FULL) as someone:
        full = await token_of(house, someone)
    assert (await proved(house, full, begun)).status_code == 404  # spent
    codes = (await call(house, full, "POST", "/recovery-codes")).json()["codes"]
    assert len(set(codes)) == 10
    factors = (await call(house, full, "GET", "/factors")).json()
    assert not any(code in json.dumps(factors) for code in codes)


async def test_a_secret_begun_by_one_is_not_confirmed_by_another(house: Provider) -> None:
    async with signed_in(house) as someone, signed_in(house) as other:
        mine, theirs = await token_of(house, someone), await token_of(house, other)
    begun = (await call(house, mine, "POST", "/totp")).json()
    assert (await proved(house, theirs, begun)).status_code == 404
    assert (await proved(house, mine, begun)).status_code == 204


async def test_a_passkey_is_made_and_removed(house: Provider) -> None:
    username, key = await person(house), authenticator()
    async with signed_in(house, username, FULL) as someone:
        token = await token_of(house, someone)
    made = await passkey(house, token, key)
    forged = made | {"credential": made["credential"] | {"id": "x"}}
    assert (await call(house, token, "POST", MADE, forged)).status_code == 403
    assert (await call(house, token, "POST", MADE, made)).status_code == 403  # the ceremony is over
    made = await passkey(house, token, key)
    assert (await call(house, token, "POST", MADE, made)).status_code == 204
    [factor] = (await call(house, token, "GET", "/factors")).json()
    assert (await call(house, token, "DELETE", f"/factors/{factor['id']}")).status_code == 204
    assert (await call(house, token, "DELETE", f"/factors/{factor['id']}")).status_code == 404
    assert await kinds(house, token) == []


async def test_a_ceremony_belongs_to_the_login_that_began_it(house: Provider) -> None:
    username, key = await person(house), authenticator()
    async with signed_in(house, username) as someone, signed_in(house, username) as again:
        token, other = await token_of(house, someone), await token_of(house, again)
    made = await passkey(house, token, key)
    assert (await call(house, other, "POST", MADE, made)).status_code == 403


async def test_the_last_way_in_stays_and_the_reason_is_in_the_language_of_the_app(house: Provider) -> None:
    username, key = await person(house), authenticator()
    async with signed_in(house, username, FULL) as someone:
        token = await token_of(house, someone)
    made = await passkey(house, token, key)
    assert (await call(house, token, "POST", MADE, made)).status_code == 204
    await sql(house, "update accounts set password_hash = '' where username = ?", username)
    [factor] = (await call(house, token, "GET", "/factors")).json()
    refused = await call(house, token, "DELETE", f"/factors/{factor['id']}")
    assert (refused.status_code, refused.json()["title"]) == (409, "refused")
    assert "最后一种方式" in refused.json()["detail"]
    assert await kinds(house, token) == ["passkey"]


async def test_another_s_factor_is_not_there(house: Provider) -> None:
    victim = await person(house)
    await house.enrol_totp(victim)
    [factor] = await house.worker.factors.of_account(await account_id(house, victim))
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    assert (await call(house, token, "DELETE", f"/factors/{factor.id}")).status_code == 404
    assert await house.worker.factors.of_account(await account_id(house, victim)) == [factor]


async def test_choices_are_kept(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    assert (await call(house, token, "GET", "/login-choices")).json() == {"choices": []}
    body = {"choices": ["no_qr", "always"]}
    assert (await call(house, token, "PUT", "/login-choices", body)).status_code == 204
    assert (await call(house, token, "GET", "/login-choices")).json() == {"choices": ["always", "no_qr"]}
    assert (await call(house, token, "PUT", "/login-choices", {"choices": ["sms"]})).status_code == 422


async def test_a_new_password_ends_every_other_login_and_leaves_the_app_its_own(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone, signed_in(house, username) as elsewhere:
        token = await token_of(house, someone)
        body = {"password": "not the one", "new_password": NEW_PASSWORD}
        wrong = await call(house, token, "PUT", "/password", body)
        assert (wrong.status_code, wrong.json()["title"]) == (403, "wrong_password")
        weak = await call(house, token, "PUT", "/password", {"password": PASSWORD, "new_password": "123456"})
        assert weak.status_code == 422
        assert "123456" not in weak.text
        body = {"password": PASSWORD, "new_password": NEW_PASSWORD}
        assert (await call(house, token, "PUT", "/password", body)).status_code == 204
        assert page(await elsewhere.open("/me/profile")).form_with("password") is not None
        assert (await call(house, token, "GET", "")).status_code == 200


async def test_the_password_is_not_to_be_guessed_here_either(house: Provider) -> None:
    async with signed_in(house) as someone:
        token = await token_of(house, someone)
    body = {"password": "not the one", "new_password": NEW_PASSWORD}
    answers = [await call(house, token, "PUT", "/password", body) for _ in range(12)]
    assert answers[0].status_code == 403
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
