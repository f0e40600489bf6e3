"""What is no password: the same rule at every door where one is set."""

import ast
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import count

import pytest

from idp.accounts.model import InvalidAccount, NewAccount
from idp.accounts.passwords.rule import WeakPassword, common_passwords, is_common, strong_password
from idp.accounts.service import Accounts
from idp.authentication.phone.registration import TERMS_VERSION
from tests.architecture.sources import name, python_files, tree
from tests.selfservice.calling import call, token_of
from tests.support.inprocess import PASSWORD, Provider, provider
from tests.support.phone_login import proved
from tests.support.recovering import owner, recovered
from tests.support.visits import page, person, signed_in, visitor

pytestmark = pytest.mark.anyio
_numbers = count(1)

WEAK = [
    "trustno1",
    "Trustno1!",
    "!!superman99",
    "jordan2345",
    "p@ssw0rd123",
    "pingdingshan2026",
    "Zhanhe@2026",
    "henan123456",
    "woaini1314520",
    "1qaz2wsx3edc!",
    "5201314woaini",
    "zhengwu-2026",
    "sunshine1",
    "ch0c0late",
]
GOOD = [
    "correct horse battery",
    "horse battery 7 staple",
    "zhanhe district 2026",
    "三更灯火五更鸡 2",
    "k7#mQ2pX",
    "dragon eats monkey at dawn",
    "Superman and 3 dwarfs",
]


@pytest.fixture(scope="module")
async def town(anyio_backend: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Provider]:
    """A provider whose messages can be read."""
    async with provider(
        tmp_path_factory.mktemp("town"), message_sink=True, sms_per_address=10_000
    ) as started:
        yield started


@pytest.mark.parametrize("password", WEAK)
def test_what_everybody_has_is_refused_also_with_digits_around_it(password: str) -> None:
    with pytest.raises(WeakPassword) as refused:
        strong_password(password)
    assert password not in str(refused.value)


@pytest.mark.parametrize(
    "password",
    [
        "Huawei@123", "Qwer@1234", "qwer!@#$", "zxcv!234", "asdf@1234", "Abc@12345", "Root@123", "test@1234",
        "zwfw@2023", "Hnzw@2024", "19900101a", "zs19900101", "20240101a", "13800000001a", "a13900000002",
    ],
)  # fmt: skip
def test_a_sign_within_a_day_or_anybody_s_telephone_makes_it_no_better(password: str) -> None:
    with pytest.raises(WeakPassword):
        strong_password(password)


@pytest.mark.parametrize("password", GOOD)
def test_what_only_contains_a_common_word_is_taken(password: str) -> None:
    assert strong_password(password) == password


@pytest.mark.parametrize("password", ["", "k7#mQ2p", "k7#mQ2pX" * 33, "aaaaaaaa1", "kmqpxzrt", "73915284"])
def test_too_short_too_long_or_of_one_kind_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        strong_password(password)


def test_the_list_is_long_enough_and_in_the_form_that_is_looked_up() -> None:
    listed = common_passwords()
    assert len(listed) > 18_000
    assert all(each == each.strip().lower() and len(each) >= 5 for each in listed)
    assert all(map(is_common, listed))


async def by_registration(town: Provider, password: str) -> bool:
    phone = f"1360000{next(_numbers):04}"
    async with visitor(town) as someone:
        form = (await proved(town, someone, phone)).form_with("new_password")
        assert form is not None
        answer = page(await someone.submit(form, terms=TERMS_VERSION, new_password=password))
        return answer.status != 400


async def by_recovery(town: Provider, password: str) -> bool:
    one = await owner(town)
    return (await recovered(town, one.phone, one.facts, password)).url.endswith("done=password")


async def by_change(town: Provider, password: str) -> bool:
    async with signed_in(town) as someone:
        form = page(await someone.open("/me/security/password")).form_with("new_password")
        assert form is not None
        return page(await someone.submit(form, password=PASSWORD, new_password=password)).status == 200


async def by_api(town: Provider, password: str) -> bool:
    async with signed_in(town) as someone:
        token = await token_of(town, someone)
        body = {"password": PASSWORD, "new_password": password}
        return (await call(town, token, "PUT", "/password", body)).status_code == 204


async def by_opening_an_account(town: Provider, password: str) -> bool:
    accounts = Accounts(town.worker.base, town.worker.hasher)
    try:
        await accounts.open(NewAccount(f"opened{next(_numbers)}", "张三", ""), "cli:op", password)
    except InvalidAccount:
        return False
    return True


async def by_the_operator(town: Provider, password: str) -> bool:
    accounts = Accounts(town.worker.base, town.worker.hasher)
    try:
        await accounts.set_password(await person(town), password, "cli:op")
    except InvalidAccount:
        return False
    return True


DOORS: dict[str, Callable[[Provider, str], Awaitable[bool]]] = {
    "authentication/phone/registration.py": by_registration,
    "authentication/recovery/service.py": by_recovery,
    "authentication/login/own_password.py": by_change,
    "selfservice/api": by_api,
    "accounts/service.py": by_opening_an_account,
    "authentication/commands.py": by_the_operator,
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("password", ["trustno1", "Pingdingshan2026", "short1", "kmqpxzrt"])
async def test_a_weak_password_passes_no_door(town: Provider, door: str, password: str) -> None:
    assert not await DOORS[door](town, password)


@pytest.mark.parametrize("door", DOORS)
async def test_a_good_one_passes_each(town: Provider, door: str) -> None:
    assert await DOORS[door](town, "horse battery 7 staple")


async def test_one_s_own_phone_is_no_password_at_any_door(town: Provider) -> None:
    phone = f"1350000{next(_numbers):04}"
    username = await person(town, phone=phone, phone_verified=True)
    accounts = Accounts(town.worker.base, town.worker.hasher)
    with pytest.raises(WeakPassword):
        await accounts.set_password(username, f"a{phone}!", "cli:op")
    async with signed_in(town, username) as someone:
        form = page(await someone.open("/me/security/password")).form_with("new_password")
        assert form is not None
        changed = page(await someone.submit(form, password=PASSWORD, new_password=f"a{phone}!"))
        assert changed.status == 400


def test_whatever_hashes_a_new_password_is_a_door_that_is_tried() -> None:
    found = {
        name(path).removeprefix("idp/")
        for path in python_files()
        if name(path).startswith("idp/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "hash"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "_hasher"
    }
    assert found <= set(DOORS)
    assert found
