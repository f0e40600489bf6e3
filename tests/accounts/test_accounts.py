"""Rules of an account, what is stored of it, and what its password becomes."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.accounts.model import (
    InvalidAccount,
    NewAccount,
    checked,
    identifier_key,
)
from idp.accounts.passwords.hashing import MOST_WAITING, Overloaded, PasswordHasher, is_known_hash
from idp.accounts.service import Accounts, UnknownAccount
from idp.infrastructure.database.interface import Conflict
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.visits import password_hash, person, sql

pytestmark = pytest.mark.anyio
NUMBER, PHONE = "410411199001010015", "13800000001"


@pytest.fixture(scope="module")
async def house(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    async with provider(tmp_path_factory.mktemp("house")) as started:
        yield started


def account(**fields: object) -> NewAccount:
    return NewAccount(**{"username": "zhangsan", "name": "张三", "password_hash": "x"} | fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fields",
    [
        {"username": "ab"}, {"username": "1abc"}, {"username": "张三三"}, {"username": "a" * 51},
        {"name": ""}, {"name": "张" * 51}, {"name": "张\x00三"},
        {"level": 5}, {"level": -1}, {"phone": "12345"}, {"phone": "１２３８００００００００"}, {"email": "nobody"},
        {"email": "a b@c.test"}, {"certificate_type": "111"}, {"certificate_number": NUMBER},
        {"certificate_type": "111", "certificate_number": "410411199001010016"},
        {"certificate_type": "111", "certificate_number": "410411199002300012"},
    ],
    ids=repr,
)  # fmt: skip
def test_a_field_that_breaks_its_rule_is_refused_without_being_quoted(fields: dict[str, object]) -> None:
    with pytest.raises(InvalidAccount) as refused:
        checked(account(**fields))
    for value in fields.values():
        assert len(str(value)) < 4 or str(value) not in str(refused.value)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("+86 138 0000 0001", PHONE), ("138-0000-0001", PHONE), ("１３８００００ 0001", PHONE),
        (" zhangsan ", "ZHANGSAN"),
        ("41041119900101001ｘ", "41041119900101001X"),
    ],
)  # fmt: skip
def test_width_blanks_and_country_code_make_no_difference(typed: str, meant: str) -> None:
    assert identifier_key(typed) == meant


@given(st.text())
def test_whatever_is_typed_can_be_normalized(text: str) -> None:
    assert " " not in identifier_key(text)


async def test_phone_and_certificate_are_nowhere_in_plain(house: Provider) -> None:
    fields = {
        "phone": PHONE,
        "email": "a@b.test",
        "address": "建设路",
        "certificate_type": "111",
        "certificate_number": NUMBER,
    }
    username = await person(house, **fields)
    row = (await sql(house, "select * from accounts where username = ?", username))[0]
    text = repr(row)
    for value in (PHONE, "a@b.test", "建设路", NUMBER):
        assert value not in text
        assert value.encode() not in b"".join(value for value in row.values() if isinstance(value, bytes))
    assert PHONE not in str(await sql(house, "select * from audit_events"))
    found = await Accounts(house.worker.base, house.worker.hasher).find(PHONE)
    assert found.username == username


async def test_a_username_is_taken_once(house: Provider) -> None:
    username = await person(house)
    with pytest.raises(Conflict):
        await person(house, username=username)


async def test_an_import_without_a_hash_that_can_be_verified_is_refused(house: Provider) -> None:
    for stored in ("", "plain text", "$9$x", "x" * 32):
        with pytest.raises(InvalidAccount):
            await person(house, password_hash=stored)


async def test_a_new_password_replaces_the_old(house: Provider) -> None:
    accounts = Accounts(house.worker.base, house.worker.hasher)
    username = await person(house)
    await accounts.set_password(username, "another password", "test")
    row = await accounts.find(username)
    assert await house.worker.hasher.verify("another password", row.password_hash) == (True, None)
    assert (await house.worker.hasher.verify(PASSWORD, row.password_hash))[0] is False


async def test_nobody_s_password_level_or_factor_is_changed(house: Provider) -> None:
    accounts = Accounts(house.worker.base, house.worker.hasher)
    with pytest.raises(UnknownAccount):
        await accounts.set_level("nobody-here", 2, "test")
    with pytest.raises(UnknownAccount):
        await accounts.enrol_totp("nobody\x00here", "test")
    with pytest.raises(InvalidAccount):
        await accounts.set_level(await person(house), 5, "test")


async def test_a_missing_hash_is_worked_on_and_never_right(house: Provider) -> None:
    assert await house.worker.hasher.verify("nobody has this password", None) == (False, None)
    assert await house.worker.hasher.verify(PASSWORD, "not a hash") == (False, None)


async def test_a_flood_of_passwords_is_refused_rather_than_queued_for_ever() -> None:
    hasher = PasswordHasher(1)
    hasher._waiting = MOST_WAITING
    with pytest.raises(Overloaded):
        await hasher.verify(PASSWORD, password_hash())
    hasher.close()


def test_only_schemes_that_can_be_verified_are_known() -> None:
    assert is_known_hash(password_hash())
    assert not is_known_hash("")
    assert not is_known_hash("{PLAIN}secret")
