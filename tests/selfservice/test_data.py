"""/me/data and /me/cancellation: a copy of everything, and the way to give the account up."""

import json

import pytest

from idp.infrastructure.translations import ENGLISH, Translations
from idp.organizations.roles import RoleName
from idp.selfservice.export.texts import FIELD_TEXTS, SECTION_TEXTS
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider
from tests.support.logins import is_in
from tests.support.mandates import company, mandate
from tests.support.visits import (
    account_id,
    audit_of,
    page,
    password_hash,
    person,
    signed_in,
    sql,
    tokens,
    visitor,
)

pytestmark = pytest.mark.anyio
DATA = "/me/data"
CANCELLATION = "/me/cancellation"
FULL = ("pwd", "otp", "mfa")
CERTIFICATE, PHONE = "410411199001010015", "13800020001"


async def copy(someone: Browserless) -> dict[str, object]:
    """The file."""
    form = page(await someone.open(DATA)).form_with("decision")
    assert form is not None
    answer = await someone.client.post(form.action, data={**form.fields, "decision": "file"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    return dict(json.loads(answer.text))


async def test_the_copy_holds_everything_and_no_secret(house: Provider) -> None:
    username = await person(
        house, phone=PHONE, certificate_type="111", certificate_number=CERTIFICATE, email="e@example.cn"
    )
    who = await account_id(house, username)
    secret = await house.enrol_totp(username)
    firm = await company(house, who)
    await mandate(house, who, company=firm)
    await mandate(house, await account_id(house, await person(house, name="李四")), person=who)
    await house.worker.corrections.ask(who, "名字有错", "192.0.2.1")
    client, client_secret = await house.register(client_name="信用系统")
    await sql(
        house,
        "insert into upstream_identities (id, profile, kind, subject_index, subject, account_id, level, level_source,"
        " linked_at, last_seen_at) values ('u1', 'henan', 'person', x'01', x'02', ?, 3, 'L3', 1, 2)",
        who,
    )
    await sql(
        house,
        "insert into counter_requests (id, kind, account_id, content, state, begun_by, begun_at)"
        " values ('c1', 'verify', ?, x'03', 'refused', ?, 1)",
        who,
        await account_id(house, await person(house, username="clerk7", name="赵六")),
    )
    async with signed_in(house, username, FULL) as someone:
        await tokens(house, client, client_secret, someone)
        made = await copy(someone)
        text = json.dumps(made, ensure_ascii=False)
        cookie = "".join(cookie.value or "" for cookie in someone.client.cookies.jar)
    for known in (
        PHONE,
        CERTIFICATE,
        "e@example.cn",
        "湛河示例科技有限公司",
        "信用系统",
        "名字有错",
        "1990-01-01",
    ):
        assert known in text
    for kept_back in (secret, password_hash(), cookie, "token_hash", "evidence", "password_hash"):
        assert kept_back not in text
    assert [(one["profile"], one["level"]) for one in made["links"]] == [("henan", 3)]  # type: ignore[attr-defined]
    assert [one["kind"] for one in made["counter_requests"]] == ["verify"]  # type: ignore[attr-defined]
    assert "clerk7" not in text  # who worked on it is not part of the person's data
    assert set(made) == {"format", "made_at", *SECTION_TEXTS}
    assert all(made[section] for section in set(SECTION_TEXTS) - {"roles", "merged_accounts", "devices"})
    assert {each["given"] for each in made["mandates"]} == {True, False}  # type: ignore[attr-defined]
    assert "account.exported" in await audit_of(house, account_id=who)


async def test_the_copy_can_be_read_on_a_page(house: Provider) -> None:
    username = await person(house, phone="13800020002")
    await house.worker.roles.grant(await account_id(house, username), RoleName.COUNTER, "410411", "test")
    async with signed_in(house, username) as someone:
        form = page(await someone.open(DATA)).form_with("decision")
        assert form is not None
        shown = page(await someone.submit(form, decision="read")).text
    assert "13800020002" in shown
    assert "410411" in shown
    assert "登录成功" in shown
    assert "+08:00" not in shown


async def test_nothing_of_another_person_is_in_the_copy(house: Provider) -> None:
    other = await person(house, name="王五", phone="13800020003", email="other@example.cn")
    async with signed_in(house, other), signed_in(house) as someone:
        text = json.dumps(await copy(someone), ensure_ascii=False)
    for theirs in (other, "王五", "13800020003", "other@example.cn"):
        assert theirs not in text


async def test_whoever_only_has_the_password_or_an_old_login_gets_no_copy(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username) as thief:
        form = page(await thief.open(DATA)).form_with("decision")
        assert form is not None
        answer = await thief.client.post(DATA, data={**form.fields, "decision": "file"})
        assert answer.headers["location"].startswith("/login?")
    async with signed_in(house, username, FULL) as someone:
        await someone.open("/")  # whose cookie every form needs
        house.clock.forward(700)
        answer = await someone.client.post(DATA, data={**form.fields, "decision": "file"})
        assert answer.headers["location"].startswith("/login?")
    assert "account.exported" not in await audit_of(house, account_id=await account_id(house, username))


async def test_a_forged_form_gets_no_copy_and_many_get_no_more(house: Provider) -> None:
    async with signed_in(house) as someone:
        await someone.open("/")
        answer = await someone.client.post(DATA, data={"csrf": "0" * 64, "decision": "file"})
        assert answer.status_code == 400
        for _ in range(10):
            await copy(someone)
        form = page(await someone.open(DATA)).form_with("decision")
        assert form is not None
        assert page(await someone.submit(form, decision="file")).status == 429


def test_every_label_of_the_copy_is_translated() -> None:
    translations = Translations()
    for text in (*SECTION_TEXTS.values(), *FIELD_TEXTS.values()):
        assert translations.gettext(ENGLISH, text) != text


async def request(someone: Browserless, username: str) -> Page:
    form = page(await someone.open(CANCELLATION)).form_with("username")
    assert form is not None
    return page(await someone.submit(form, username=username))


async def test_an_account_is_given_up_and_kept_after_all(house: Provider) -> None:
    username = await person(house)
    who = await account_id(house, username)
    async with signed_in(house, username) as someone:
        assert (await request(someone, "somebody-else")).status == 400
        shown = await request(someone, f" {username.upper()} ")
        assert "已申请注销" in shown.text
        assert "您申请了注销账号" in page(await someone.open("/")).text
        (undo,) = [form for form in shown.forms if form.action.endswith("/undo")]
        assert "账号照常使用" in page(await someone.submit(undo)).text
        assert "您申请了注销账号" not in page(await someone.open("/")).text
    assert [event for event in await audit_of(house, account_id=who) if "cancellation" in event] == [
        "cancellation.requested",
        "cancellation.undone",
    ]


async def test_after_the_cooling_period_the_account_is_gone(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        await request(someone, username)
        house.clock.forward(house.worker.settings.cancellation_cooling_days * 86_400 + 1)
        await house.worker.lifecycle.cancel_due()
        assert not await is_in(someone)


async def test_what_stands_against_it_is_said_with_the_way_to_change_it(house: Provider) -> None:
    username = await person(house)
    await company(house, await account_id(house, username))
    await house.worker.roles.grant(await account_id(house, username), RoleName.COUNTER, "410411", "test")
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(CANCELLATION))
        assert shown.form_with("username") is None
        assert "法定代表人" in shown.text
        assert 'href="/me/organizations">去办理' in shown.text
        assert "窗口工作人员" in shown.text
        csrf = page(await someone.open("/me/profile")).forms[0].fields["csrf"]
        answer = await someone.client.post(CANCELLATION, data={"csrf": csrf, "username": username})
        assert answer.status_code == 409
    rows = await sql(house, "select closes_at from accounts where username = ?", username)
    assert rows == [{"closes_at": None}]


async def test_a_stolen_password_cancels_nothing(house: Provider) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username) as thief:
        form = page(await thief.open(CANCELLATION)).form_with("username")
        assert form is not None
        answer = await thief.client.post(CANCELLATION, data={**form.fields, "username": username})
        assert answer.headers["location"].startswith("/login?")
    rows = await sql(house, "select closes_at from accounts where username = ?", username)
    assert rows == [{"closes_at": None}]


@pytest.mark.parametrize("path", [CANCELLATION, f"{CANCELLATION}/undo"])
async def test_a_forged_form_neither_cancels_nor_keeps(house: Provider, path: str) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        if path.endswith("undo"):
            await request(someone, username)
        before = await sql(house, "select closes_at from accounts where username = ?", username)
        await someone.open("/")
        answer = await someone.client.post(path, data={"csrf": "0" * 64, "username": username})
        assert answer.status_code == 400
    assert await sql(house, "select closes_at from accounts where username = ?", username) == before


@pytest.mark.parametrize("path", [DATA, CANCELLATION])
async def test_who_is_not_logged_in_is_asked_to(house: Provider, path: str) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open(path)).form_with("password") is not None
