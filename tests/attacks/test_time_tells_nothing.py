"""Work is counted, not time: whoever asks about somebody makes us do the same for everybody, and for nobody."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from passlib.hash import bcrypt, pbkdf2_sha256

from idp.accounts.passwords import hashing as passwords
from idp.accounts.passwords.costs import CURRENT, cost_of
from tests.attacks.scene import field
from tests.support import raw_sql
from tests.support.browserless import Form
from tests.support.inprocess import Provider
from tests.support.messages import last_code
from tests.support.visits import account_id, page, person, visitor

pytestmark = pytest.mark.anyio

WRONG = "another horse 7 staple"
NEW = "a new word 4 everybody"
IMPORTED = {
    "bcrypt": bcrypt.using(rounds=4).hash("correct horse battery"),
    "pbkdf2": pbkdf2_sha256.using(rounds=1000).hash("correct horse battery"),
}
_phones = iter(range(13_600_000_001, 13_600_001_000))


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Every slow computation, by what it costs."""
    done: Counter[str] = Counter()
    check, make = passwords._check, passwords._CONTEXT.hash

    def checked(password: str, stored: str) -> bool:
        done[cost_of(stored)] += 1
        return check(password, stored)

    def made(secret: Any, **options: Any) -> Any:
        done[CURRENT] += 1
        return make(secret, **options)

    monkeypatch.setattr(passwords, "_check", checked)
    monkeypatch.setattr(passwords._CONTEXT, "hash", made)
    return done


@contextmanager
def counted(work: Counter[str], into: dict[str, Counter[str]], name: str) -> Iterator[None]:
    """What is done meanwhile."""
    work.clear()
    yield
    into[name] = Counter(work)


async def everybody(house: Provider) -> dict[str, dict[str, str]]:
    """People whom a stranger may ask about, by what the stranger would like to know of them."""
    await house.worker.hasher.learn(map(cost_of, IMPORTED.values()))
    kinds: dict[str, dict[str, Any]] = {
        "has a password": {},
        "has none": {},
        "is closed": {},
        "is not known to be real": {"level": 0},
        **{name: {"password_hash": stored} for name, stored in IMPORTED.items()},
    }
    found = {"is nobody": {"username": "nobody-of-this-name", "phone": str(next(_phones))}}
    for name, fields in kinds.items():
        phone = str(next(_phones))
        username = await person(house, phone=phone, phone_verified=True, **fields)
        found[name] = {"username": username, "phone": phone}
    none = f"UPDATE accounts SET password_hash = '' WHERE username = '{found['has none']['username']}'"  # noqa: S608
    raw_sql.execute(house.worker.settings.database, none)
    await house.worker.lifecycle.freeze(await account_id(house, found["is closed"]["username"]), "查", "test")
    return found


@pytest.mark.parametrize("named_by", ["username", "phone"])
@pytest.mark.parametrize("path", ["/login", "/recover/phone"])
async def test_a_wrong_password_costs_the_same_whoever_is_meant(
    house: Provider, work: Counter[str], path: str, named_by: str
) -> None:
    found: dict[str, Counter[str]] = {}
    for name, who in (await everybody(house)).items():
        async with visitor(house) as stranger:
            form = field(page(await stranger.open(path)), "password")
            fields = {"username": who[named_by], "password": WRONG, "otp": "000000", "phone": "13700000001"}
            with counted(work, found, name):
                sent = {name: value for name, value in fields.items() if name in form.fields}
                assert page(await stranger.submit(form, **sent)).status == 401
    assert len({frozenset(each.items()) for each in found.values()}) == 1, found
    assert found["is nobody"] == Counter({CURRENT: 1, **{cost_of(each): 1 for each in IMPORTED.values()}})


async def test_a_forgotten_password_costs_the_same_whoever_has_the_phone(
    house: Provider, work: Counter[str]
) -> None:
    found: dict[str, Counter[str]] = {}
    for name, who in (await everybody(house)).items():
        async with visitor(house) as stranger:
            form = field(page(await stranger.open("/recover/password")), "phone")
            form = field(page(await stranger.submit(form, phone=who["phone"])), "code")
            form = field(
                page(await stranger.submit(form, code=await last_code(house, who["phone"]))), "new_password"
            )
            with counted(work, found, name):
                facts = {"name": "李四", "certificate_number": "E99999999", "new_password": NEW}
                answer = page(await stranger.submit(form, **facts))
                assert name == "is not known to be real" or answer.status == 401, name
    assert len({frozenset(each.items()) for each in found.values()}) == 1, found


@pytest.mark.parametrize("size", [400, 5_000, 60_000])
async def test_text_of_any_length_costs_no_hash_before_it_is_counted(
    house: Provider, work: Counter[str], size: int
) -> None:
    """A password beyond every bound is wrong without work; one within it is one hash."""
    async with visitor(house) as stranger:
        form = field(page(await stranger.open("/login")), "password")
        answer = page(await stranger.submit(form, username="x" * size, password="y" * size))
        assert answer.status in (400, 401, 413)
        assert sum(work.values()) == 0
        for number in range(310):
            await house.worker.throttle.admit_address("198.51.100.7")
            del number
        wide = Form(form.action, "POST", form.fields)
        assert page(await stranger.submit(wide, username="x", password=WRONG)).status == 429
        assert sum(work.values()) == 0  # whoever is not heard costs none
