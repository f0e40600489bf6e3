"""A stolen phone opens an account, and changes nothing about what protects it."""

import re
from itertools import count

import pytest
from pyotp import TOTP

from idp.accounts.passwords.hashing import Overloaded
from idp.accounts.store import AccountStore
from idp.sessions.model import Session
from idp.sessions.service import Caller
from tests.selfservice.calling import ALL, call
from tests.support.browserless import Browserless, Callback, Page
from tests.support.inprocess import PASSWORD, Provider
from tests.support.logins import asked_for_more
from tests.support.visits import (
    ADDRESS,
    SESSION_COOKIE,
    account_id,
    asking,
    audit_of,
    callback,
    claims_of,
    page,
    person,
    redeem,
    signed_in,
    sql,
)

pytestmark = pytest.mark.anyio

CHANGES = [
    "/me/profile/phone",
    "/me/profile/contact",
    "/me/security/totp",
    "/me/security/passkey",
    "/me/security/password",
    "/me/mandates/helper",
    "/me/mandates/decide?id=x&decision=resume",
    "/me/organizations/invite?id=x",
]
_numbers = count(70000001)


async def verified(house: Provider, **fields: object) -> tuple[str, str]:
    """The username and the certificate number of a verified person with a password."""
    number = f"E{next(_numbers)}"
    certificate = {"certificate_type": "414", "certificate_number": number}
    return await person(house, **{"name": "张三", **certificate, **fields}), number


async def told(someone: Browserless, path: str, **fields: str) -> Page:
    """Where the person is after telling more."""
    form = (await asked_for_more(someone, path)).form_with("certificate_number")
    assert form is not None
    return page(await someone.submit(form, **fields))


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("amr", [("sms",), ("qr",), ("qr", "sms")])
async def test_a_phone_alone_changes_nothing(house: Provider, path: str, amr: tuple[str, ...]) -> None:
    username, _ = await verified(house)
    async with signed_in(house, username, amr) as thief:
        await asked_for_more(thief, path)


@pytest.mark.parametrize(
    ("path", "field", "fields"),
    [("/me/data", "decision", {"decision": "file"}), ("/me/cancellation", "username", {"username": "OWN"})],
)
async def test_a_phone_alone_takes_no_copy_of_the_data_and_closes_nothing(
    house: Provider, path: str, field: str, fields: dict[str, str]
) -> None:
    username, number = await verified(house)
    fields = {name: username if value == "OWN" else value for name, value in fields.items()}
    async with signed_in(house, username, ("sms",)) as thief:
        form = page(await thief.open(path)).form_with(field)
        assert form is not None
        shown = page(await thief.submit(form, **fields))
    assert "再确认一次身份" in shown.text
    assert number not in shown.text


@pytest.mark.parametrize(("what", "word"), [("password", "pwd"), ("certificate", "kba")])
async def test_what_the_owner_knows_opens_it(house: Provider, what: str, word: str) -> None:
    username, number = await verified(house)
    known = {
        "password": {"password": PASSWORD},
        "certificate": {"name": "张三", "certificate_number": number},
    }
    async with signed_in(house, username, ("sms",)) as owner:
        before = owner.client.cookies.get(SESSION_COOKIE)
        shown = await told(owner, "/me/profile/phone", **known[what])
        assert shown.form_with("phone") is not None
        assert owner.client.cookies.get(SESSION_COOKIE) != before
        assert page(await owner.open("/me/security/totp")).form_with("otp") is not None
    (session,) = await sql(
        house, "select amr from sessions where account_id = ?", await account_id(house, username)
    )
    assert session["amr"] == f"sms {word}"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"password": "wrong"},
        {"name": "张三"},
        {"name": "张三", "certificate_number": "E00000009"},
        {"name": "李四", "certificate_number": "RIGHT"},
        {"certificate_number": "RIGHT"},
    ],
)
async def test_what_is_not_right_opens_nothing_and_is_recorded(
    house: Provider, fields: dict[str, str]
) -> None:
    username, number = await verified(house)
    fields = {name: number if value == "RIGHT" else value for name, value in fields.items()}
    async with signed_in(house, username, ("sms",)) as thief:
        refused = await told(thief, "/me/security/password", **fields)
        assert refused.status == 401
        assert "密码不正确，或者姓名和证件号码与账号不符" in refused.text
        assert number not in refused.text
        await asked_for_more(thief, "/me/security/password")
    events = await audit_of(house, account_id=await account_id(house, username))
    assert events[-1] == "login.failed"


async def test_it_is_not_to_be_guessed(house: Provider) -> None:
    username, _ = await verified(house)
    async with signed_in(house, username, ("sms",)) as thief:
        statuses = [
            (await told(thief, "/me/security/password", password=f"wrong {n}")).status for n in range(6)
        ]
        last = page(await thief.open("/me/security/password"))
    assert statuses == [401] * 5 + [429]
    assert "再确认一次身份" in last.text


@pytest.mark.parametrize("amr", [("pwd",), ("upstream",), ("sms", "kba"), ("hwk", "user", "mfa")])
async def test_who_showed_more_at_login_is_not_asked_again(house: Provider, amr: tuple[str, ...]) -> None:
    username, _ = await verified(house)
    async with signed_in(house, username, amr) as owner:
        assert page(await owner.open("/me/profile/phone")).form_with("phone") is not None
        shown = await owner.open("/login/known")
        assert "再确认一次身份" not in page(shown).text


async def test_a_level_that_ran_out_leaves_the_number_guarded(house: Provider) -> None:
    username, _ = await verified(house, level=0)
    async with signed_in(house, username, ("sms",)) as thief:
        await asked_for_more(thief, "/me/security/totp")


async def test_nothing_of_the_number_is_shown_to_a_phone_alone(house: Provider) -> None:
    username, number = await verified(house)
    client, secret = await house.register(scope=f"{ALL} api")
    for amr, shown in ((("sms",), False), (("sms", "kba"), True)):
        async with signed_in(house, username, amr) as someone:
            for path in ("/me/profile", "/me/real-name"):
                text = page(await someone.open(path)).text
                assert (re.search(r"\*[0-9]+<", text) is not None) is shown, path
            answer = callback(await someone.open(asking(client, scope="openid account")))
        token = (await redeem(house, client, secret, answer.parameters["code"])).json()["access_token"]
        told_masked = (await call(house, token, "GET", "")).json()["certificate_masked"]
        assert told_masked.endswith(number[-2:]) is shown


@pytest.mark.parametrize("amr", [("pwd",), ("upstream",), ("pwd", "otp", "mfa")])
async def test_a_bystander_who_knows_the_number_makes_no_old_login_new(
    house: Provider, amr: tuple[str, ...]
) -> None:
    username, number = await verified(house)
    client, _ = await house.register()
    async with signed_in(house, username, amr) as owner:
        house.clock.forward(1200)
        csrf = page(await owner.open("/me/data")).form_with("csrf")
        assert csrf is not None
        told_all = {"csrf": csrf.fields["csrf"], "name": "张三", "certificate_number": number}
        await owner.client.post("/login/known", data=told_all)
        assert page(await owner.open("/me/profile/phone")).form_with("password") is not None
        again = page(await owner.open(asking(client, prompt="login")))
        assert again.form_with("password") is not None


async def test_what_is_known_does_not_make_the_login_newer(house: Provider) -> None:
    username, _ = await verified(house)
    async with signed_in(house, username, ("sms",)) as owner:
        await asked_for_more(owner, "/me/security/totp")
        house.clock.forward(400)
        form = (await asked_for_more(owner, "/me/security/totp")).form_with("password")
        assert form is not None
        assert page(await owner.submit(form, password=PASSWORD)).form_with("otp") is not None
        house.clock.forward(300)
        assert page(await owner.open("/me/security/totp")).form_with("password") is not None


async def test_a_login_by_the_same_phone_begins_no_count_anew(house: Provider) -> None:
    username, _ = await verified(house)
    statuses = []
    for _ in range(3):
        async with signed_in(house, username, ("sms",)) as thief:
            statuses += [
                (await told(thief, "/me/security/password", password=f"wrong {n}")).status for n in range(3)
            ]
        row = await house.worker.base.database.read(
            lambda: AccountStore(house.worker.base.vault).find(username)
        )
        assert row is not None
        await house.worker.authentication.proceed(row, ("sms",), Caller(ADDRESS), None)
    assert statuses == [401] * 5 + [429] * 4


async def test_twenty_guesses_a_day_are_all_there_are(house: Provider) -> None:
    username, _ = await verified(house)
    statuses = []
    for _ in range(6):
        async with signed_in(house, username, ("sms",)) as thief:
            statuses += [
                (await told(thief, "/me/security/password", password=f"wrong {n}")).status for n in range(5)
            ]
        house.clock.forward(901)
    assert statuses == [401] * 20 + [429] * 10


async def test_a_busy_hasher_is_said_so(house: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise Overloaded

    username, _ = await verified(house)
    monkeypatch.setattr(house.worker.hasher, "verify", busy)
    async with signed_in(house, username, ("sms",)) as someone:
        answer = await told(someone, "/me/security/password", password=PASSWORD)
    assert answer.status == 429
    assert "尝试次数过多" in answer.text


async def test_a_login_by_picture_lets_no_other_in(house: Provider) -> None:
    username, _ = await verified(house)
    async with signed_in(house, username, ("qr", "mfa")) as someone:
        house.clock.forward(1)
        shown = page(await someone.open("/qr?id=whatever"))
    assert shown.form_with("password") is not None


@pytest.mark.parametrize("public", [True, False])
async def test_an_app_without_a_secret_gets_no_number_for_a_phone_alone(
    house: Provider, public: bool
) -> None:
    method = {"token_endpoint_auth_method": "none", "grant_types": ["authorization_code"]} if public else {}
    client, _ = await house.register(scope="openid real_name", **method)
    username, _ = await verified(house)
    async with signed_in(house, username, ("sms",)) as someone:
        answer = await someone.open(asking(client, scope="openid real_name"))
    assert isinstance(answer, Page) is public


async def test_whose_name_nobody_has_verified_is_asked_for_nothing(house: Provider) -> None:
    async with signed_in(house, await person(house, level=0), ("sms",)) as someone:
        assert page(await someone.open("/me/security/totp")).form_with("otp") is not None


async def test_without_a_login_the_page_leads_to_one(house: Provider) -> None:
    async with signed_in(house, level=0) as someone:
        someone.client.cookies.clear()
        assert page(await someone.open("/login/known")).form_with("password") is not None


async def test_a_second_factor_is_enough_by_itself(house: Provider) -> None:
    username, _ = await verified(house)
    secret = await house.enrol_totp(username)
    async with signed_in(house, username, ("sms",)) as owner:
        form = page(await owner.open("/me/profile/phone")).form_with("otp")
        assert form is not None
        shown = page(await owner.submit(form, otp=TOTP(secret).at(house.clock.now)))
        assert shown.form_with("phone") is not None


async def test_a_session_that_was_ended_meanwhile_is_not_revived(house: Provider) -> None:
    """The owner throws the thief out at the moment at which the thief shows a stolen password."""
    username, _ = await verified(house)
    async with signed_in(house, username, ("sms",)) as thief:
        session = await house.worker.sessions.find(thief.client.cookies.get(SESSION_COOKIE))
    assert isinstance(session, Session)
    caller, account = Caller(ADDRESS), await house.worker.counter.account(session.account_id)
    assert account is not None
    await house.worker.sessions.end_all(session.account_id, caller=caller, reason="thrown out")
    assert await house.worker.authentication.strengthen(session, account, ("pwd",), caller, None) is None
    assert await house.worker.sessions.of_account(session.account_id) == []


@pytest.mark.parametrize("scope", ["openid account.write", "openid account.security", ALL])
async def test_an_app_that_changes_the_account_gets_no_token_for_a_phone_alone(
    house: Provider, scope: str
) -> None:
    username, number = await verified(house)
    client, secret = await house.register(scope=f"{ALL} api")
    async with signed_in(house, username, ("sms",)) as someone:
        reading = await someone.open(asking(client, scope="openid account"))
        assert "code" in callback(reading).parameters
        none = callback(await someone.open(asking(client, scope=scope, prompt="none")))
        assert none.parameters["error"] == "interaction_required"
        form = (await asked_for_more(someone, asking(client, scope=scope))).form_with("certificate_number")
        assert form is not None
        answer = await someone.submit(form, name="张三", certificate_number=number)
        assert isinstance(answer, Callback)
    response = await redeem(house, client, secret, answer.parameters["code"])
    token = response.json()["access_token"]
    assert claims_of(response.json()["id_token"])["amr"] == ["sms", "kba"]
    if "account.security" in scope:
        assert (await call(house, token, "POST", "/totp")).status_code == 201


async def test_an_app_that_protects_the_account_gets_no_token_without_the_second_factor(
    house: Provider,
) -> None:
    username, _ = await verified(house)
    secret = await house.enrol_totp(username)
    client, _ = await house.register(scope=f"{ALL} api")
    async with signed_in(house, username) as someone:
        form = page(await someone.open(asking(client, scope=ALL))).form_with("otp")
        assert form is not None
        answer = await someone.submit(form, otp=TOTP(secret).at(house.clock.now))
        assert "code" in callback(answer).parameters


async def test_a_token_of_a_phone_alone_is_too_weak_for_the_interface(house: Provider) -> None:
    """A level that came after the login makes a token too weak that was given before."""
    username = await person(house, level=0)
    client, secret = await house.register(scope=f"{ALL} api")
    async with signed_in(house, username, ("sms",)) as someone:
        code = callback(await someone.open(asking(client, scope=ALL))).parameters["code"]
    token = (await redeem(house, client, secret, code)).json()["access_token"]
    assert (await call(house, token, "POST", "/totp")).status_code == 201
    await sql(house, "update accounts set real_name_level = 2 where username = ?", username)
    refused = await call(house, token, "POST", "/totp")
    assert refused.status_code == 401
    assert 'error="insufficient_user_authentication"' in refused.headers["www-authenticate"]
    assert "more than the phone" in refused.json()["detail"]
