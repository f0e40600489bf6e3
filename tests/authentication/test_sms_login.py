"""The way in by phone: registering, logging in, a number that moved, and what must not be possible."""

import asyncio

import pytest

from idp.accounts.store import AccountStore
from idp.authentication.phone.registration import TERMS_VERSION
from tests.support.inprocess import Provider
from tests.support.logins import is_inside
from tests.support.messages import last_code, messages_to
from tests.support.phone_login import LOGIN, holders, new_phone, proved, registered
from tests.support.visits import account_id, audit_of, page, person, sql, visitor

pytestmark = pytest.mark.anyio


async def test_somebody_new_registers_with_a_phone_alone(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        await registered(town, someone, phone)
        assert is_inside(someone)
    (account,) = await holders(town, phone)
    assert account["real_name_level"] == 0
    assert account["password_hash"] == ""
    assert await audit_of(town, account_id=account["id"]) == ["account.registered", "login.succeeded"]


async def test_registering_begins_at_its_own_address_too(town: Provider) -> None:
    async with visitor(town) as someone:
        await proved(town, someone, new_phone(), "/register")


async def test_name_and_password_are_kept_and_the_password_works_with_the_phone(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        await registered(town, someone, phone, name="李　四", new_password="horse battery 7 staple")
    (account,) = await holders(town, phone)
    assert account["name"] == "李四"
    async with visitor(town) as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        await someone.submit(form, username=phone, password="horse battery 7 staple")
        assert is_inside(someone)


@pytest.mark.parametrize("password", ["short1", "12345678", "password1", "aaaaaaaa1", "{phone}a"])
async def test_a_weak_password_is_refused_with_the_reason(town: Provider, password: str) -> None:
    phone = new_phone()
    password = password.format(phone=phone)
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("new_password")
        assert form is not None
        answer = page(await someone.submit(form, terms=TERMS_VERSION, new_password=password))
        assert answer.status == 400
        assert "密码太简单" in answer.text
        assert password not in answer.text


@pytest.mark.parametrize("terms", ["", "1999-01"])
async def test_without_consent_to_the_terms_of_now_there_is_no_account(town: Provider, terms: str) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("new_password")
        assert form is not None
        assert page(await someone.submit(form, terms=terms)).status == 400
    assert await holders(town, phone) == []


async def test_the_elder_mode_goes_into_the_account(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        someone.client.cookies.set("__Host-zhanhe-elder", "1", domain="id.test", path="/")
        await registered(town, someone, phone)
    assert (await holders(town, phone))[0]["elder_mode"] == 1
    assert "10 分钟" in (await messages_to(town, phone))[0]


async def test_every_number_gets_the_same_answer(town: Provider) -> None:
    known, unknown = new_phone(), new_phone()
    await person(town, phone=known, phone_verified=True)
    answers = []
    async with visitor(town) as someone:
        for phone in (known, unknown):
            form = page(await someone.open(LOGIN)).form_with("phone")
            assert form is not None
            answer = page(await someone.submit(form, phone=phone))
            answers.append((answer.status, answer.text.count("138****"), len(answer.forms)))
            assert len(await messages_to(town, phone)) == 1
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "phone", ["", "12345", "10086", "23800000001", "138000000011", "+1 212 555 0100", "x'--"]
)
async def test_what_is_no_phone_is_refused(town: Provider, phone: str) -> None:
    async with visitor(town) as someone:
        form = page(await someone.open(LOGIN)).form_with("phone")
        assert form is not None
        answer = page(await someone.submit(form, phone=phone))
        assert answer.status == 400
        assert "请输入 11 位手机号" in answer.text


async def test_no_phone_stands_in_an_address(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        form = page(await someone.open(LOGIN)).form_with("phone")
        assert form is not None
        assert phone not in page(await someone.submit(form, phone=phone)).url


async def test_the_owner_comes_in_on_a_new_device_after_a_question_and_on_a_known_one_without(
    town: Provider,
) -> None:
    phone = new_phone()
    username = await person(town, phone=phone, phone_verified=True)
    async with visitor(town) as someone:
        question = await proved(town, someone, phone)
        assert "*三" in question.text
        assert not is_inside(someone)
        form = question.form_with("decision")
        assert form is not None
        await someone.submit(form, decision="enter")
        assert is_inside(someone)
        town.clock.forward(61)
        someone.client.cookies.delete("__Host-zhanhe-session")
        await proved(town, someone, phone)
        assert is_inside(someone)
    assert (await audit_of(town, account_id=await account_id(town, username))).count("login.succeeded") == 2


async def test_a_second_factor_is_asked_for_after_the_code(town: Provider) -> None:
    phone = new_phone()
    username = await person(town, phone=phone, phone_verified=True)
    await town.enrol_totp(username)
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("decision")
        assert form is not None
        answer = page(await someone.submit(form, decision="enter"))
        assert answer.form_with("otp") is not None
        assert not is_inside(someone)


async def test_a_frozen_account_neither_opens_nor_gives_its_number_away(town: Provider) -> None:
    phone = new_phone()
    username = await person(town, phone=phone, phone_verified=True)
    await sql(town, "update accounts set state = 'frozen' where username = ?", username)
    async with visitor(town) as someone:
        answer = await proved(town, someone, phone)
        assert "已停用" in answer.text
        assert answer.form_with("decision") is None
        form = page(await someone.open(LOGIN)).form_with("phone")
        assert form is not None
        for decision in ("enter", "release"):
            refused = await someone.client.post(
                "/login/sms/account",
                data={**form.fields, "decision": decision},
                headers={"origin": someone.origin},
            )
            assert refused.status_code == 409
        assert not is_inside(someone)
    assert len(await holders(town, phone)) == 1


async def test_a_wrong_code_is_refused_and_the_right_one_still_works(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        form = page(await someone.open(LOGIN)).form_with("phone")
        assert form is not None
        form = page(await someone.submit(form, phone=phone)).form_with("code")
        assert form is not None
        code = await last_code(town, phone)
        answer = page(await someone.submit(form, code=f"{(int(code) + 1) % 10**6:06}"))
        assert answer.status == 401
        form = answer.form_with("code")
        assert form is not None
        assert page(await someone.submit(form, code=code)).form_with("new_password") is not None


async def test_a_second_request_within_a_minute_says_how_long_to_wait(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        form = page(await someone.open(LOGIN)).form_with("phone")
        assert form is not None
        asked = page(await someone.submit(form, phone=phone))
        again = page(await someone.submit(asked.forms[1]))
        assert again.status == 429
        assert "请等待 60 秒" in again.text
        assert again.form_with("code") is not None


async def test_the_ticket_of_another_browser_is_of_no_use(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as victim, visitor(town) as thief:
        form = page(await victim.open(LOGIN)).form_with("phone")
        assert form is not None
        asked = page(await victim.submit(form, phone=phone)).form_with("code")
        own = page(await thief.open(LOGIN)).form_with("phone")
        assert asked is not None
        assert own is not None
        fields = {**own.fields, "ticket": asked.fields["ticket"], "code": await last_code(town, phone)}
        fields.pop("phone")
        answer = await thief.client.post(LOGIN, data=fields, headers={"origin": thief.origin})
        assert answer.status_code == 400


@pytest.mark.parametrize("path", [LOGIN, "/login/sms/account", "/register/details"])
async def test_a_form_of_somebody_else_does_nothing(town: Provider, path: str) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        await proved(town, someone, phone)
        fields = {"phone": phone, "terms": TERMS_VERSION, "decision": "release", "csrf": "forged"}
        answer = await someone.client.post(path, data=fields, headers={"origin": someone.origin})
        assert answer.status_code == 400
    assert await holders(town, phone) == []


async def test_without_a_proof_there_is_no_account(town: Provider) -> None:
    async with visitor(town) as someone:
        page(await someone.open(LOGIN))
        form = page(await someone.open("/register/details")).form_with("phone")
        assert form is not None
        fields = {**form.fields, "terms": TERMS_VERSION}
        answer = await someone.client.post(
            "/register/details", data=fields, headers={"origin": someone.origin}
        )
        assert answer.status_code == 400
        assert not is_inside(someone)


async def test_the_same_form_of_two_tabs_at_once_opens_one_account(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("new_password")
        assert form is not None
        posts = [
            someone.client.post(form.action, data=tab.fields | {"terms": TERMS_VERSION})
            for tab in form.in_tabs(8)
        ]
        statuses = [answer.status_code for answer in await asyncio.gather(*posts)]
        assert sorted(statuses) == [303, *[400] * 7]
    assert len(await holders(town, phone)) == 1


async def test_two_browsers_that_register_the_same_phone_at_once_open_one_account(town: Provider) -> None:
    phone = new_phone()
    async with visitor(town) as one, visitor(town) as other:
        forms = []
        for someone in (one, other):
            forms.append((await proved(town, someone, phone)).form_with("new_password"))
            town.clock.forward(61)
        posts = [
            someone.client.post(form.action, data=form.fields | {"terms": TERMS_VERSION})
            for someone, form in zip((one, other), forms, strict=True)
            if form is not None
        ]
        assert sorted(answer.status_code for answer in await asyncio.gather(*posts)) == [303, 409]
    assert len(await holders(town, phone)) == 1


async def test_the_one_who_has_proved_a_phone_is_found_by_it(town: Provider) -> None:
    phone = new_phone()
    await person(town, phone=phone)
    username = await person(town, phone=phone, phone_verified=True)
    store = AccountStore(town.worker.base.vault)
    row = await town.worker.base.database.read(lambda: store.find(phone))
    assert row is not None
    assert row.username == username


async def test_a_trusted_device_spares_nobody_the_second_factor_of_a_login_by_phone(town: Provider) -> None:
    """Else two factors are one device: whoever holds telephone and computer needs neither password nor factor."""
    phone = new_phone()
    async with visitor(town) as someone:
        await registered(town, someone, phone)
        (account,) = await holders(town, phone)
        username = f"trusting{phone}"
        await sql(town, "update accounts set username = ? where id = ?", username, account["id"])
        await town.enrol_totp(username)
        until = town.clock.now + 86_400
        await sql(town, "update devices set trusted_until = ? where account_id = ?", until, account["id"])
        await someone.log_out("/end_session")
        assert not is_inside(someone)
        shown = await proved(town, someone, phone)
        assert shown.form_with("otp") is not None, shown.text
        assert not is_inside(someone)
