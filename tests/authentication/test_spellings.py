"""The same text at every door: however a phone, a number, a name or a password is typed, the answer is the same."""

import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from passlib.hash import argon2

from idp.accounts.invalid import InvalidAccount
from idp.accounts.model import NewAccount, checked
from idp.accounts.names import normalized_name
from idp.accounts.store import AccountStore
from idp.authentication.phone.routes import _fault
from idp.organizations.roles import RoleName
from tests.support.inprocess import Provider, provider
from tests.support.messages import last_code
from tests.support.visits import account_id, page, person, signed_in, sql, visitor

pytestmark = pytest.mark.anyio
NUMBER, PHONE = "11010519491231002X", "13800000001"
PHONES = (
    PHONE, "+86-138-0000-0001", "0086-13800000001", "8613800000001", "(+86)138 0000 0001", "１３８００００００01",
    "\u202a138\u00a00000\u20110001\u202c", "138\u200b00000001\ufeff", "013800000001", "138—0000—0001",
)  # fmt: skip
NUMBERS = (
    NUMBER, NUMBER.lower(), "110105 19491231 002Х", "11010519491231002х", "11010519491231002Χ", "11010519491231002Ｘ",
    "11010519491231002×", "1101O5194912310O2x", "l10105-19491231-002X", "\ufeff１１０１０５19491231002X\u200b",
)  # fmt: skip
NAMES = ("䶮·洋", "\ufeff䶮·洋", "\ue863•洋", "䶮\u200b・洋", "䶮 · 洋")
PASSWORD = "Ångström blåbær 27"


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """With somebody who has everything that is typed."""
    folder: Path = tmp_path_factory.mktemp("house")
    async with provider(folder, message_sink=True, sms_per_address=10_000, sms_per_hour=20_000) as started:
        yield started


async def owner(house: Provider) -> str:
    """zhangsan, who is there once."""
    store = AccountStore(house.worker.base.vault)
    if await house.worker.base.database.read(lambda: store.find("zhangsan")) is None:
        known = {
            "certificate_type": "111",
            "certificate_number": NUMBER,
            "phone": PHONE,
            "phone_verified": True,
        }
        await person(house, username="zhangsan", name="䶮·洋", password_hash=raw_hash(PASSWORD), **known)
    return await account_id(house, "zhangsan")


def raw_hash(text: str) -> str:
    return str(argon2.using(type="ID", memory_cost=19_456, time_cost=2, parallelism=1).hash(text))


@pytest.mark.parametrize("identifier", [*PHONES, *NUMBERS, " ＺhangSan\u200b"], ids=ascii)
async def test_login_and_counter_find_the_same_account(house: Provider, identifier: str) -> None:
    await owner(house)
    async with visitor(house) as someone:
        form = page(await someone.open("/login")).form_with("password")
        assert form is not None
        data = {**form.fields, "username": identifier, "password": PASSWORD}
        assert (await someone.client.post("/login", data=data)).status_code == 303
    staff = await person(house)
    await house.worker.roles.grant(await account_id(house, staff), RoleName.COUNTER, "410411", "test")
    async with signed_in(house, staff, amr=("pwd", "otp", "mfa")) as clerk:
        form = page(await clerk.open("/counter/verify")).form_with("identifier")
        assert form is not None
        found = page(await clerk.submit(form, identifier=identifier))
        assert found.status == 200, found.text
        assert "138****0001" in found.text


@pytest.mark.parametrize(
    ("phone", "number", "name"), list(zip(PHONES, NUMBERS, NAMES * 2, strict=True)), ids=ascii
)
async def test_recovery_takes_every_spelling(house: Provider, phone: str, number: str, name: str) -> None:
    await owner(house)
    house.clock.now += 2 * 86_400  # a phone gets so many messages a day
    async with visitor(house) as someone:
        form = page(await someone.open("/recover/password")).form_with("phone")
        assert form is not None
        form = page(await someone.submit(form, phone=phone)).form_with("code")
        assert form is not None
        code = "\u200b" + " ".join(chr(ord(digit) + 0xFEE0) for digit in await last_code(house, PHONE))
        form = page(await someone.submit(form, code=code)).form_with("new_password")
        assert form is not None
        facts = {"name": name, "certificate_number": number, "new_password": PASSWORD}
        assert page(await someone.submit(form, **facts)).url.endswith("done=password")


async def test_a_password_is_the_same_from_every_keyboard(house: Provider) -> None:
    forms = [unicodedata.normalize(form, PASSWORD) for form in ("NFC", "NFD")]
    forms.append(PASSWORD.replace(" ", "\u3000"))
    stored = await house.worker.hasher.hash(forms[1])
    for form in forms:
        assert await house.worker.hasher.verify(form, stored) == (True, None)
    assert await house.worker.hasher.verify(PASSWORD.lower(), stored) == (False, None)


async def test_the_hash_of_a_text_as_it_was_typed_is_still_good_and_is_renewed(house: Provider) -> None:
    typed = unicodedata.normalize("NFD", PASSWORD)
    username = await person(house, password_hash=raw_hash(typed))
    for password in (typed, PASSWORD):  # the second, from another keyboard, only by the renewed hash
        async with visitor(house) as someone:
            form = page(await someone.open("/login")).form_with("password")
            assert form is not None
            data = {**form.fields, "username": username, "password": password}
            assert (await someone.client.post("/login", data=data)).status_code == 303
    [row] = await sql(house, "select password_hash from accounts where username = ?", username)
    assert argon2.verify(PASSWORD, row["password_hash"])


@pytest.mark.parametrize(
    "name", ["张三😀", "<b>张三</b>", "张三（注销）", "张三2", "王*", "\ue000三", "张" * 51]
)
def test_no_door_takes_what_is_no_name(name: str) -> None:
    with pytest.raises(InvalidAccount):
        checked(NewAccount("zhangsan", name, "x"))
    with pytest.raises(InvalidAccount):
        normalized_name(name)
    assert _fault(PHONE, name, "", agreed=True) is not None
