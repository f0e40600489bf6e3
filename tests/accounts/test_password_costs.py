"""Every login does the same work, whatever the password of the account was hashed with: the work is counted."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from passlib import hash as schemes

from idp.accounts.passwords.costs import CURRENT, cost_of, stand_in
from idp.accounts.passwords.hashing import _CONTEXT, MOST_COSTS, PasswordHasher
from tests.support.inprocess import ISSUER, PASSWORD, Provider, provider
from tests.support.visits import password_hash, person

pytestmark = pytest.mark.anyio

IMPORTED = {
    "argon2": schemes.argon2.using(type="ID", memory_cost=64, rounds=1, parallelism=1),
    "argon2 that costs more": schemes.argon2.using(type="ID", memory_cost=32_768, rounds=2, parallelism=1),
    "bcrypt": schemes.bcrypt.using(rounds=6),
    "bcrypt that costs more": schemes.bcrypt.using(rounds=7),
    "pbkdf2_sha256": schemes.pbkdf2_sha256.using(rounds=1000),
    "pbkdf2_sha512": schemes.pbkdf2_sha512.using(rounds=1000),
    "django": schemes.django_pbkdf2_sha256.using(rounds=1000),
    "sha512_crypt": schemes.sha512_crypt.using(rounds=1000),
    "sha512_crypt as glibc has it": schemes.sha512_crypt.using(rounds=5000),
    "sha256_crypt": schemes.sha256_crypt.using(rounds=1000),
    "md5_crypt": schemes.md5_crypt,
}
DIGESTS = (schemes.hex_md5, schemes.hex_sha1, schemes.hex_sha256, schemes.ldap_salted_sha1)


@pytest.fixture
async def house(migrated_url: str, tmp_path: Path) -> AsyncIterator[Provider]:
    """A worker on each database."""
    async with provider(tmp_path, database_url=migrated_url) as running:
        yield running


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each cost was paid: the checks, and the new hashes."""
    counted: Counter[str] = Counter()
    real_verify, real_hash = _CONTEXT.verify, _CONTEXT.hash

    def verify(secret: Any, stored: str) -> Any:
        if cost_of(stored):  # a plain digest costs next to nothing
            counted[cost_of(stored)] += 1
        return real_verify(secret, stored)

    def hashed(secret: Any) -> Any:
        counted[CURRENT] += 1
        return real_hash(secret)

    monkeypatch.setattr(_CONTEXT, "verify", verify)
    monkeypatch.setattr(_CONTEXT, "hash", hashed)
    return counted


async def wrong_password(house: Provider, username: str) -> None:
    """Somebody guesses."""
    async with house.browser() as browser:
        token = re.search(r'name="csrf" value="([0-9a-f]+)"', (await browser.get("/login")).text)
        assert token is not None
        data = {"csrf": token[1], "username": username, "password": "wrong horse 7 battery"}
        answer: httpx2.Response = await browser.post("/login", data=data, headers={"origin": ISSUER})
        assert answer.status_code == 401


async def test_a_guess_costs_the_same_with_any_imported_scheme_with_ours_and_with_no_account(
    house: Provider, work: Counter[str]
) -> None:
    names = ["bcrypt", "sha512_crypt", "argon2 that costs more"]
    people = [await person(house, password_hash=IMPORTED[name].hash(PASSWORD)) for name in names]
    people += [await person(house, password_hash=scheme.hash(PASSWORD)) for scheme in DIGESTS[:2]]
    people += [await person(house), "nobody-here"]
    await house.worker.revisions.refresh()
    seen = []
    for username in people:
        work.clear()
        await wrong_password(house, username)
        seen.append(dict(work))
    assert all(each == seen[0] for each in seen), seen
    assert set(seen[0]) == {CURRENT, *(cost_of(IMPORTED[name].hash("x")) for name in names)}
    assert set(seen[0].values()) == {1}


async def test_another_worker_hears_of_an_import_and_a_new_one_begins_with_it(
    migrated_url: str, tmp_path: Path, work: Counter[str]
) -> None:
    cost = cost_of(IMPORTED["bcrypt"].hash("x"))
    one, other = (provider(tmp_path / name, database_url=migrated_url) for name in "ab")
    async with one as importing, other as checking:
        await person(importing, password_hash=IMPORTED["bcrypt"].hash(PASSWORD))
        await checking.worker.revisions.refresh()
        work.clear()
        await wrong_password(checking, "nobody-here")
        assert work == {CURRENT: 1, cost: 1}
    async with provider(tmp_path / "c", database_url=migrated_url) as later:
        work.clear()
        await wrong_password(later, "nobody-here")
        assert work == {CURRENT: 1, cost: 1}


@pytest.mark.parametrize("name", IMPORTED)
def test_a_stand_in_costs_what_the_imported_hash_costs(name: str) -> None:
    stored = IMPORTED[name].hash(PASSWORD)
    cost = cost_of(stored)
    assert cost
    assert PASSWORD not in cost
    made = stand_in(cost)
    assert cost_of(made) == cost
    assert _CONTEXT.identify(made) == _CONTEXT.identify(stored)
    assert made != stored


def test_a_cost_says_nothing_of_salt_or_checksum_and_a_digest_has_none() -> None:
    for scheme in IMPORTED.values():
        assert cost_of(scheme.hash("one")) == cost_of(scheme.hash("other"))
    assert {cost_of(scheme.hash(PASSWORD)) for scheme in DIGESTS} == {""}
    assert cost_of(password_hash()) == CURRENT
    with pytest.raises(ValueError, match="no scheme"):
        stand_in("{SSHA}")


async def test_an_import_that_nobody_announced_is_made_up_for_from_its_first_check_on(
    work: Counter[str],
) -> None:
    hasher = PasswordHasher(1)
    await hasher.verify("wrong", IMPORTED["bcrypt"].hash(PASSWORD))
    work.clear()
    assert await hasher.verify("wrong", None) == (False, None)
    assert work == {CURRENT: 1, cost_of(IMPORTED["bcrypt"].hash("x")): 1}
    costs = [f"$2b${rounds:02}" for rounds in range(4, 4 + MOST_COSTS)]
    await hasher.learn([*costs, "$pbkdf2-sha256$1000"])
    work.clear()
    await hasher.verify("wrong", None)
    assert len(work) == 1 + MOST_COSTS  # every login pays for each, so there is an end
    hasher.close()
