"""/me/profile: what the record says, masked; changes need a fresh and full login and are told."""

from collections.abc import AsyncIterator
from itertools import count

import pytest

from idp.accounts.store import EMAIL, AccountStore
from idp.infrastructure.masking import masked_number
from tests.support.browserless import Browserless, Page
from tests.support.inprocess import Provider, provider
from tests.support.logins import attempt
from tests.support.messages import last_code, messages_to, settled
from tests.support.visits import account_id, audit_of, page, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio
HOME = "/me/profile"
CERTIFICATE = "410411199001010015"
FULL = ("pwd", "otp", "mfa")
_phones = count(13800010001)


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages land in a file."""
    async with provider(tmp_path_factory.mktemp("provider"), message_sink=True) as running:
        yield running


def phone() -> str:
    return str(next(_phones))


async def send(someone: Browserless, path: str, field: str, **fields: str) -> Page:
    form = page(await someone.open(path)).form_with(field)
    assert form is not None
    return page(await someone.submit(form, **fields))


async def change_phone(house: Provider, someone: Browserless, to: str, code: str = "") -> Page:
    """Both steps."""
    asked = await send(someone, f"{HOME}/phone", "phone", phone=to)
    form = asked.form_with("code")
    assert form is not None, asked.text
    house.clock.forward(61)
    return page(await someone.submit(form, code=code or await last_code(house, to)))


async def test_the_record_is_shown_with_its_numbers_masked(house: Provider) -> None:
    number = phone()
    username = await person(
        house,
        certificate_type="111",
        certificate_number=CERTIFICATE,
        phone=number,
        email="a@example.cn",
        address="湛河区 1 号",
    )
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(HOME)).text
    for text in ("张三", "居民身份证 410***********0015", "未验证", "a@example.cn", "湛河区 1 号"):
        assert text in shown
    assert CERTIFICATE not in shown
    assert number not in shown


async def test_mail_and_address_are_changed_and_the_old_mail_is_told(house: Provider) -> None:
    username = await person(house, email="old@example.cn")
    async with signed_in(house, username) as someone:
        shown = await send(someone, f"{HOME}/contact", "email", email=" new@example.cn ", address="新  址")
        assert "联系方式已保存" in shown.text
        assert "new@example.cn" in shown.text
        assert "新 址" in shown.text
    assert len(await messages_to(house, "old@example.cn")) == 1
    assert await messages_to(house, "new@example.cn") == []
    assert (await audit_of(house, account_id=await account_id(house, username))).count("email.changed") == 1


@pytest.mark.parametrize(
    ("email", "address"),
    [("nobody", ""), ("a@b", ""), ("a b@example.cn", ""), ("x" * 250 + "@a.cn", ""), ("", "长" * 201)],
)
async def test_what_is_no_address_is_not_kept(house: Provider, email: str, address: str) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        refused = await send(someone, f"{HOME}/contact", "email", email=email, address=address)
        assert refused.status == 400
        assert 'aria-invalid="true"' in refused.text
    assert "email.changed" not in await audit_of(house, account_id=await account_id(house, username))


async def test_an_empty_field_removes_what_was_there(house: Provider) -> None:
    username = await person(house, email="old2@example.cn", address="旧址")
    async with signed_in(house, username) as someone:
        await send(someone, f"{HOME}/contact", "email", email="", address="")
    row = await house.worker.base.database.read(lambda: AccountStore(house.worker.base.vault).find(username))
    assert row is not None
    assert AccountStore(house.worker.base.vault).reveal(EMAIL, row.email) is None


async def test_a_new_phone_is_proved_and_the_old_one_told(house: Provider) -> None:
    old, new = phone(), phone()
    username = await person(house, phone=old, phone_verified=True)
    async with signed_in(house, username) as someone:
        wrong = await change_phone(house, someone, new, code="000000")
        assert wrong.status == 401
        assert "手机号已换绑" in (await change_phone(house, someone, new)).text
        assert masked_number(new) in page(await someone.open(HOME)).text
    await settled(house)
    assert any("换绑手机号" in text for text in await messages_to(house, old))
    assert not any("换绑手机号" in text for text in await messages_to(house, new))
    assert await audit_of(house, account_id=await account_id(house, username), event="phone.changed")


async def test_another_s_proved_phone_is_not_taken_over(house: Provider) -> None:
    theirs = phone()
    await person(house, phone=theirs, phone_verified=True)
    async with signed_in(house) as someone:
        refused = await change_phone(house, someone, theirs)
    assert refused.status == 409
    assert "已绑定另一个账号" in refused.text


@pytest.mark.parametrize("path", [f"{HOME}/phone", f"{HOME}/contact"])
async def test_a_stolen_password_or_an_old_login_changes_nothing(house: Provider, path: str) -> None:
    username = await person(house)
    await house.enrol_totp(username)
    async with signed_in(house, username) as thief:
        assert "/login/otp" in page(await thief.open(path)).url
        csrf = page(await thief.open(HOME)).forms[0].fields["csrf"]
        answer = await thief.client.post(path, data={"csrf": csrf, "email": "t@example.cn", "phone": phone()})
        assert answer.headers["location"].startswith("/login?")
    async with signed_in(house, username, FULL) as someone:
        house.clock.forward(700)
        assert page(await someone.open(path)).form_with("username") is not None


async def test_preferences_come_along_to_another_device(house: Provider) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        shown = await send(someone, HOME, "language", language="en", elder="yes")
        assert '<html lang="en" class="elder">' in shown.text
        form = page(await someone.open(HOME)).form_with("language")
        assert form is not None
        del form.fields["elder"]
        shown = page(await someone.submit(form, language="fr"))
        assert '<html lang="en">' in shown.text
        assert page(await someone.open(f"{HOME}?ui_locales=zh-CN")).status == 200
    rows = await sql(house, "select language, elder_mode from accounts where username = ?", username)
    assert rows == [{"language": "zh-CN", "elder_mode": 0}]
    await house.worker.preferences.keep_language(await account_id(house, username), "en")
    await house.worker.preferences.keep_elder(await account_id(house, username), elder=True)
    async with visitor(house) as elsewhere:
        await attempt(elsewhere, username)
        assert '<html lang="en" class="elder">' in page(await elsewhere.open(HOME)).text


async def test_messages_are_in_the_language_of_the_account(house: Provider) -> None:
    username = await person(house, email="english@example.cn")
    who = await account_id(house, username)
    await house.worker.preferences.keep_language(who, "en")
    async with signed_in(house, username) as someone:
        await send(someone, f"{HOME}/contact", "email", email="")
    (text,) = await messages_to(house, "english@example.cn")
    assert text.isascii()


async def test_a_correction_is_asked_for_answered_and_told(house: Provider) -> None:
    username = await person(house, email="wrong@example.cn")
    who = await account_id(house, username)
    async with signed_in(house, username) as someone:
        assert (await send(someone, f"{HOME}/correction", "csrf", wanted="  ")).status == 400
        assert (await send(someone, f"{HOME}/correction", "csrf", wanted="长" * 501)).status == 400
        shown = await send(someone, f"{HOME}/correction", "csrf", wanted="名字应该是<张叁>")
        assert "申请已提交" in shown.text
        assert "名字应该是&lt;张叁&gt;" in shown.text
    (asked,) = [each for each in await house.worker.corrections.waiting() if each.account_id == who]
    staff = await account_id(house, await person(house))
    decide = house.worker.corrections.decide
    assert not await decide(asked.id, who, done=True, answer="我同意")  # nobody decides for themselves
    assert await decide(asked.id, staff, done=True, answer="已改")
    assert not await decide(asked.id, staff, done=False, answer="再说")
    async with signed_in(house, username) as someone:
        shown = page(await someone.open(HOME))
        assert "已更正" in shown.text
        assert "已改" in shown.text
    house.worker.outbox.kick()
    assert len(await messages_to(house, "wrong@example.cn")) == 1
    kept = await sql(house, "select wanted from corrections where account_id = ?", who)
    assert "张叁".encode() not in kept[0]["wanted"]
    assert "correction.requested" in await audit_of(house, account_id=who)


async def test_only_so_many_corrections_a_day(house: Provider) -> None:
    async with signed_in(house) as someone:
        statuses = [
            (await send(someone, f"{HOME}/correction", "csrf", wanted="不对")).status for _ in range(6)
        ]
    assert statuses == [200] * 5 + [429]


@pytest.mark.parametrize("path", ["contact", "preferences", "correction", "phone"])
async def test_a_forged_form_changes_nothing(house: Provider, path: str) -> None:
    username = await person(house)
    async with signed_in(house, username) as someone:
        await someone.open("/")
        data = {"csrf": "0" * 64, "email": "a@example.cn", "wanted": "x", "elder": "yes", "phone": phone()}
        assert (await someone.client.post(f"{HOME}/{path}", data=data)).status_code == 400
    rows = await sql(house, "select email, elder_mode from accounts where username = ?", username)
    assert rows == [{"email": None, "elder_mode": 0}]


@pytest.mark.parametrize("path", [HOME, f"{HOME}/contact", f"{HOME}/phone", f"{HOME}/correction"])
async def test_who_is_not_logged_in_is_asked_to(house: Provider, path: str) -> None:
    async with visitor(house) as someone:
        assert page(await someone.open(path)).form_with("password") is not None
