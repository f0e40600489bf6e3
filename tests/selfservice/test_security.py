"""/me/security: changes need a fresh and full login, are recorded and told, and do not undercut policy."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pyotp
import pytest

from tests.selfservice.removing import HOME, removal
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.logins import attempt, is_in
from tests.support.passkey_forms import authenticator, made
from tests.support.visits import (
    SESSION_COOKIE,
    account_id,
    asking,
    audit_of,
    callback,
    page,
    person,
    signed_in,
    sql,
    visitor,
)

pytestmark = pytest.mark.anyio
FULL = ("pwd", "otp", "mfa")


async def enrol(house: Provider, someone: Browserless, **fields: str) -> tuple[Page, pyotp.TOTP]:
    """Go through the page of the authenticator app; where that led, and the app."""
    shown = page(await someone.open(f"{HOME}/totp"))
    form = shown.form_with("otp")
    secret = re.search(r'<code id="secret">([A-Z2-7 ]+)</code>', shown.text)
    assert form is not None, shown.text
    assert secret is not None
    totp = pyotp.TOTP(secret[1].replace(" ", ""))
    answer = await someone.submit(form, **{"otp": totp.at(int(house.clock.now)), **fields})
    return page(answer), totp


@asynccontextmanager
async def protected(house: Provider) -> AsyncIterator[tuple[Browserless, str]]:
    """Somebody with an authenticator app, who used it to log in just now."""
    username = await person(house, level=3)
    await house.enrol_totp(username)
    async with signed_in(house, username, FULL) as someone:
        yield someone, username


async def test_an_authenticator_app_counts_once_a_code_confirms_it(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        wrong, _ = await enrol(house, someone, otp="000000")
        assert wrong.status == 401
        assert await kinds(house, username) == []
        shown, totp = await enrol(house, someone, label="我的手机")
        assert "已添加" in shown.text
        assert "我的手机" in shown.text
    assert await kinds(house, username) == ["totp"]
    assert "factor.added" in await audit_of(house, account_id=await account_id(house, username))
    async with visitor(house) as again:
        assert (await attempt(again, username)).headers["location"].startswith("/login/otp")
        used = totp.at(int(house.clock.now))
        form = page(await again.open("/login/otp")).form_with("otp")
        assert form is not None
        assert page(await again.submit(form, otp=used)).status == 401  # the code that confirmed is spent


async def kinds(house: Provider, username: str) -> list[str]:
    rows = await sql(
        house,
        "select kind from authenticators where account_id = ? order by kind",
        await account_id(house, username),
    )
    return [row["kind"] for row in rows]


async def test_whoever_adds_the_first_factor_has_shown_it_and_goes_on(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        before = someone.client.cookies[SESSION_COOKIE]
        shown, _ = await enrol(house, someone)
        assert someone.client.cookies[SESSION_COOKIE] != before
        assert page(await someone.submit(shown.forms[0])).text.count("<code>") == 10
    rows = await sql(
        house, "select amr from sessions where account_id = ?", await account_id(house, username)
    )
    assert [row["amr"] for row in rows] == ["pwd otp mfa"]


async def test_the_picture_is_the_secret(house: Provider) -> None:
    async with signed_in(house) as someone:
        shown = page(await someone.open(f"{HOME}/totp"))
    assert 'src="data:image/svg+xml' in shown.text
    assert shown.text.count("otpauth://") == 0  # in the picture only


async def test_of_parallel_confirmations_one_adds(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(f"{HOME}/totp"))
        form, secret = shown.form_with("otp"), re.search(r'id="secret">([A-Z2-7 ]+)<', shown.text)
        assert form is not None
        assert secret is not None
        code = pyotp.TOTP(secret[1].replace(" ", "")).at(int(house.clock.now))
        await asyncio.gather(*[someone.submit(form, otp=code) for _ in range(4)])
    assert await kinds(house, username) == ["totp"]


async def test_of_two_sessions_without_a_second_factor_one_adds_the_first(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as owner, signed_in(house, username) as thief:
        posts = []
        for someone in (owner, thief):
            shown = page(await someone.open(f"{HOME}/totp"))
            form, secret = shown.form_with("otp"), re.search(r'id="secret">([A-Z2-7 ]+)<', shown.text)
            assert form is not None
            assert secret is not None
            code = pyotp.TOTP(secret[1].replace(" ", "")).at(int(house.clock.now))
            posts.append(someone.client.post(form.action, data=form.fields | {"otp": code}))
        statuses = [answer.status_code for answer in await asyncio.gather(*posts)]
    assert sorted(statuses) == [303, 409]
    assert await kinds(house, username) == ["totp"]


async def test_a_secret_begun_by_one_is_not_confirmed_by_another(house: Provider) -> None:
    async with signed_in(house) as one, signed_in(house) as other:
        form = page(await one.open(f"{HOME}/totp")).form_with("otp")
        theirs = page(await other.open(f"{HOME}/totp")).form_with("otp")
        assert form is not None
        assert theirs is not None
        answer = page(await other.submit(theirs, enrolment=form.fields["enrolment"], otp="123456"))
    assert answer.status == 400


@pytest.mark.parametrize("path", [HOME, f"{HOME}/totp", f"{HOME}/passkey", f"{HOME}/password"])
async def test_nobody_in_particular_is_asked_to_log_in(house: Provider, path: str) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open(path)).form_with("password") is not None


@pytest.mark.parametrize(
    "path", [f"{HOME}/totp", f"{HOME}/passkey", f"{HOME}/password", f"{HOME}/remove?id=x"]
)
async def test_an_old_login_is_renewed_first(house: Provider, path: str) -> None:
    async with signed_in(house) as someone:
        house.clock.forward(700)
        assert page(await someone.open(path)).form_with("username") is not None


@pytest.mark.parametrize("path", [f"{HOME}/totp", f"{HOME}/passkey", f"{HOME}/password"])
async def test_a_stolen_password_alone_changes_nothing(house: Provider, path: str) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username) as thief:
        assert page(await thief.open(path)).url.split("?")[0].endswith("/login/otp")


async def test_a_posted_change_asks_for_the_second_factor_too(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username) as thief:
        csrf = page(await thief.open(HOME)).forms[0].fields["csrf"]
        for path in ("remove", "recovery-codes", "choices", "password", "totp"):
            answer = await thief.client.post(f"{HOME}/{path}", data={"csrf": csrf, "always": "yes"})
            assert answer.headers["location"].startswith("/login?"), path
    assert await kinds(house, username) == ["totp"]


async def test_the_last_factor_takes_the_recovery_codes_with_it(house: Provider) -> None:
    async with protected(house) as (someone, username):
        form = page(await someone.open(HOME)).forms[0]
        codes = page(await someone.submit(form))
        assert len(re.findall(r"<code>[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}</code>", codes.text)) == 10
        assert (await kinds(house, username)).count("recovery_code") == 10
        assert "还剩 10 个" in page(await someone.open(HOME)).text
        assert "已移除" in (await removal(someone)).text
    assert await kinds(house, username) == []
    assert "factor.removed" in await audit_of(house, account_id=await account_id(house, username))


async def test_another_s_factor_cannot_be_removed(house: Provider) -> None:
    async with protected(house) as (someone, _), protected(house) as (_, other):
        rows = await sql(
            house, "select id from authenticators where account_id = ?", await account_id(house, other)
        )
        csrf = page(await someone.open(HOME)).forms[0].fields["csrf"]
        await someone.client.post(f"{HOME}/remove", data={"csrf": csrf, "id": rows[0]["id"]})
    assert await kinds(house, other) == ["totp"]


async def test_a_removed_factor_ends_the_trust_in_devices(house: Provider) -> None:
    async with protected(house) as (someone, username):
        who = await account_id(house, username)
        await sql(
            house,
            "insert into devices (id, account_id, user_agent, address, first_seen_at, last_seen_at, trusted_until)"
            " values ('d', ?, '', '', 1, 1, 9e9)",
            who,
        )
        await removal(someone)
        (device,) = await house.worker.devices.of_account(who)
    assert device.trusted_until is None


async def test_few_codes_are_warned_of(house: Provider) -> None:
    async with protected(house) as (someone, _):
        assert "您还没有恢复码" in page(await someone.open(HOME)).text


async def test_choices_are_kept(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        form = page(await someone.open(HOME)).forms[-1]
        shown = page(await someone.submit(form, always="yes", no_qr="yes"))
        assert shown.text.count(" checked") == 2
        shown = page(await someone.submit(form))
        assert " checked" not in shown.text
        events = await audit_of(house, account_id=await account_id(house, username))
        assert events.count("methods.chosen") == 2


async def test_whoever_declines_pictures_is_let_in_by_none(house: Provider) -> None:
    async with visitor(house) as computer, signed_in(house) as phone:
        form = page(await phone.open(HOME)).forms[-1]
        await phone.submit(form, no_qr="yes")
        shown = page(await computer.open("/login/qr"))
        number = re.search(r'class="number">(\d+)<', shown.text)
        assert number is not None
        asked = page(await phone.open(f"/qr?id={computer.client.cookies['__Host-zhanhe-qr']}"))
        decide = asked.form_with("decision")
        assert decide is not None
        await phone.submit(decide, decision=number[1])
        assert (await computer.client.get("/login/qr/state")).json() == {"state": "refused"}


async def change(someone: Browserless, current: str, new: str) -> Page:
    form = page(await someone.open(f"{HOME}/password")).form_with("new_password")
    assert form is not None
    return page(await someone.submit(form, password=current, new_password=new))


async def test_a_new_password_ends_all_other_sessions(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as here, signed_in(house, username) as elsewhere:
        assert (await change(here, "not this one", "a new password")).status == 401
        assert (await change(here, PASSWORD, "short")).status == 400
        assert "密码已修改" in (await change(here, PASSWORD, "a new password")).text
        assert await is_in(here)
        assert not await is_in(elsewhere)
        assert (await attempt(elsewhere, username)).status_code == 401
        assert (await attempt(elsewhere, username, "a new password")).status_code == 303
    assert "password.set" in await audit_of(house, account_id=await account_id(house, username))


async def test_a_password_that_everybody_tries_first_is_refused(house: Provider) -> None:
    async with signed_in(house) as someone:
        for weak in ("password1", "12345678", "aaaaaaaa1"):
            assert (await change(someone, PASSWORD, weak)).status == 400
        assert "密码已修改" in (await change(someone, PASSWORD, "a new password")).text


async def test_the_current_password_is_not_to_be_guessed_here_either(house: Provider) -> None:
    async with signed_in(house) as someone:
        statuses = [(await change(someone, f"wrong {n}", "a new password")).status for n in range(11)]
    assert statuses == [401] * 10 + [429]


async def test_an_account_without_a_password_sets_one(house: Provider) -> None:
    username = await person(house, level=0)
    await sql(house, "update accounts set password_hash = '' where username = ?", username)
    async with signed_in(house, username, ("sms",)) as someone:
        assert "还没有密码" in page(await someone.open(HOME)).text
        assert "密码已修改" in (await change(someone, "", "a first password")).text
    async with visitor(house) as again:
        assert (await attempt(again, username, "a first password")).status_code == 303


async def test_what_wants_a_second_factor_explains_how_to_get_one(house: Provider) -> None:
    client, _ = await house.register(minimum_level=3)
    username = await person(house, level=3)
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(asking(client)))
        assert "需要第二步验证" in shown.text
        to_security = re.search(r'href="(/me/security\?[^"]*)"', shown.text)
        assert to_security is not None
        assert "已经添加，继续" in page(await someone.open(to_security[1])).text
        await enrol(house, someone)
        again = re.search(r'href="(/login\?[^"]*)"', shown.text)
        assert again is not None
        assert "code" in callback(await someone.open(again[1])).parameters


async def test_policy_for_everybody_is_a_floor(tmp_path: Path) -> None:
    async with provider(tmp_path, second_factor_required="everybody") as strict:
        username = await person(strict)
        async with visitor(strict) as someone:
            answer = await attempt(someone, username)
            assert answer.headers["location"].startswith("/me/security?continue=")
            assert "按规定" in page(await someone.open(HOME)).text
            await enrol(strict, someone)
        strict.clock.forward(60)
        async with signed_in(strict, username, FULL) as someone:
            refused = await removal(someone)
            assert refused.status == 409
            assert "必须保留" in refused.text
            assert (await made(someone, authenticator())).status_code == 303
            assert "已移除" in (await removal(someone)).text
            assert (await removal(someone)).status == 409
        assert await kinds(strict, username) == ["passkey"]


async def test_two_removals_at_once_do_not_slip_under_the_floor(tmp_path: Path) -> None:
    async with provider(tmp_path, second_factor_required="everybody") as strict:
        username = await person(strict)
        for _ in range(2):
            await strict.enrol_totp(username)
        who = await account_id(strict, username)
        rows = await sql(strict, "select id from authenticators where account_id = ?", who)
        async with signed_in(strict, username, FULL) as someone:
            csrf = page(await someone.open(HOME)).forms[0].fields["csrf"]
            posts = [
                someone.client.post(f"{HOME}/remove", data={"csrf": csrf, "id": row["id"]}) for row in rows
            ]
            statuses = sorted(answer.status_code for answer in await asyncio.gather(*posts))
        assert statuses == [303, 409]
        assert await kinds(strict, username) == ["totp"]


async def test_a_forged_form_changes_nothing(house: Provider) -> None:
    async with protected(house) as (someone, username):
        await someone.open("/")
        for path in ("remove", "recovery-codes", "choices", "password", "totp", "passkey"):
            data = {"csrf": "0" * 64, "new_password": "a new password", "always": "yes"}
            assert (await someone.client.post(f"{HOME}/{path}", data=data)).status_code == 400
    assert await kinds(house, username) == ["totp"]


async def test_the_audit_record_holds_no_secret(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        _, totp = await enrol(house, someone)
    lines = await sql(
        house, "select * from audit_events where account_id = ?", await account_id(house, username)
    )
    assert totp.secret not in json.dumps([str(line) for line in lines])
    assert someone.client.cookies.get(SESSION_COOKIE) is not None


async def test_a_first_password_is_counted_like_any_other_attempt(house: Provider) -> None:
    username = await person(house)
    await sql(house, "update accounts set password_hash = '' where username = ?", username)
    async with signed_in(house, username) as someone:
        statuses = []
        for number in range(12):
            await sql(house, "update accounts set password_hash = '' where username = ?", username)
            form = page(await someone.open(f"{HOME}/password")).form_with("new_password")
            assert form is not None
            answer = await someone.client.post(
                form.action, data=form.fields | {"new_password": f"horse battery {number} staple"}
            )
            statuses.append(answer.status_code)
    assert statuses == [303] * 10 + [429] * 2


@pytest.mark.parametrize("password", ["password1", "aaaaaaaa1", "12345678"])
async def test_a_weak_new_password_is_refused_with_the_whole_rule(house: Provider, password: str) -> None:
    async with signed_in(house) as someone:
        form = page(await someone.open(f"{HOME}/password")).form_with("new_password")
        assert form is not None
        answer = page(await someone.submit(form, password=PASSWORD, new_password=password))
    assert answer.status == 400
    for part in ("8 到 256", "字母和数字", "常见密码"):
        assert part in answer.text
