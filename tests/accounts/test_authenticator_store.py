"""Authenticators on both databases: what is good once is good once, whoever comes at the same moment."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.accounts.authenticator_store import (
    PASSKEY,
    RECOVERY_CODE,
    TOTP,
    AuthenticatorStore,
    NewAuthenticator,
    Rule,
)
from idp.infrastructure.database import Transaction
from idp.infrastructure.database.interface import Conflict, Database
from tests.support.inprocess import provider

pytestmark = pytest.mark.anyio


@dataclass
class Stage:
    """An account and its authenticators."""

    database: Database
    store: AuthenticatorStore
    account_id: str

    async def add(self, row_id: str, new: NewAuthenticator) -> None:
        """Add one."""
        await self.database.write(lambda: self.store.add(row_id, self.account_id, new, 1.0))


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    async with provider(tmp_path, database_url=migrated_url) as house:
        base = house.worker.base
        yield Stage(base.database, AuthenticatorStore(base.vault), await house.open_account())


async def test_what_was_added_is_found_and_read(stage: Stage) -> None:
    lookup = stage.store.lookup("passkey:abc")
    await stage.add("a", NewAuthenticator(PASSKEY, "the key", "我的手机", lookup))
    found = await stage.database.read(lambda: stage.store.by_lookup(lookup))
    assert found is not None
    key, _security_version = found
    assert (key.id, key.label) == ("a", "我的手机")
    assert stage.store.secret(key) == "the key"
    with pytest.raises(Conflict):
        await stage.add("b", NewAuthenticator(PASSKEY, "another key", lookup=lookup))


async def test_a_step_is_used_once(stage: Stage) -> None:
    await stage.add("a", NewAuthenticator(TOTP, "secret", step=5))
    uses = [stage.database.write(lambda: stage.store.use_step("a", 6, 2.0)) for _ in range(8)]
    assert sum(await asyncio.gather(*uses)) == 1
    assert not await stage.database.write(lambda: stage.store.use_step("a", 5, 2.0))


async def test_a_counter_goes_up_or_stays_at_nought(stage: Stage) -> None:
    await stage.add("counts", NewAuthenticator(PASSKEY, "key", step=3))
    await stage.add("none", NewAuthenticator(PASSKEY, "key", step=0))

    async def count(row_id: str, number: int) -> bool:
        return await stage.database.write(lambda: stage.store.count_up(row_id, number, 2.0))

    assert [await count("counts", number) for number in (3, 2, 0, 4, 4)] == [False, False, False, True, False]
    assert [await count("none", number) for number in (0, 0, 1, 0)] == [True, True, True, False]


async def test_an_authenticator_is_removed_once_and_by_its_owner(stage: Stage) -> None:
    await stage.add("a", NewAuthenticator(TOTP, "secret"))
    assert await stage.database.write(lambda: stage.store.remove("somebody else", "a")) is None
    removals = [stage.database.write(lambda: stage.store.remove(stage.account_id, "a")) for _ in range(5)]
    assert sum(row is not None for row in await asyncio.gather(*removals)) == 1


async def test_a_kind_is_removed_whole(stage: Stage) -> None:
    for number in range(3):
        await stage.add(f"r{number}", NewAuthenticator(RECOVERY_CODE, "", lookup=bytes([number])))
    await stage.add("t", NewAuthenticator(TOTP, "secret"))
    assert await stage.database.write(lambda: stage.store.remove_kind(stage.account_id, RECOVERY_CODE)) == 3
    rows = await stage.database.read(lambda: stage.store.of_account(stage.account_id))
    assert [row.id for row in rows] == ["t"]


async def changes(stage: Stage, *works: Callable[[], Transaction[bool]]) -> int:
    """How many of these changes of what protects the account are made, when all come at once."""

    def change(work: Callable[[], Transaction[bool]]) -> Transaction[bool]:
        assert (yield from stage.store.changing(stage.account_id, 2.0))
        return (yield from work())

    done = await asyncio.gather(*[stage.database.write(lambda each=work: change(each)) for work in works])  # type: ignore[misc]
    return sum(done)


def adding(stage: Stage, row_id: str, kind: str, rule: Rule) -> Callable[[], Transaction[bool]]:
    """Add one where the rule lets it."""
    return lambda: stage.store.add_allowed(
        row_id, stage.account_id, NewAuthenticator(kind, "secret"), rule, 2.0
    )


def removing(stage: Stage, row_id: str, least: int) -> Callable[[], Transaction[bool]]:
    """Remove one where so many are left."""

    def work() -> Transaction[bool]:
        return (yield from stage.store.remove_allowed(stage.account_id, row_id, least)) is not None

    return work


async def test_of_those_who_showed_no_second_factor_one_adds_the_first(stage: Stage) -> None:
    rule = Rule(full=False, most=10)
    kinds = (TOTP, PASSKEY, TOTP, PASSKEY)
    works = [adding(stage, f"f{number}", kind, rule) for number, kind in enumerate(kinds)]
    assert await changes(stage, *works) == 1
    assert await changes(stage, adding(stage, "late", TOTP, rule)) == 0
    assert await changes(stage, adding(stage, "full", TOTP, Rule(full=True, most=10))) == 1


async def test_a_recovery_code_is_no_second_factor_that_would_be_asked_for(stage: Stage) -> None:
    await stage.add("r", NewAuthenticator(RECOVERY_CODE, "", lookup=b"r"))
    assert await changes(stage, adding(stage, "first", TOTP, Rule(full=False, most=10))) == 1


async def test_no_more_of_a_kind_are_added_than_there_may_be(stage: Stage) -> None:
    rule = Rule(full=True, most=3)
    assert await changes(stage, *[adding(stage, f"t{number}", TOTP, rule) for number in range(6)]) == 3
    assert await changes(stage, adding(stage, "other kind", PASSKEY, rule)) == 1


async def test_of_the_last_two_one_stays_where_one_must_stay(stage: Stage) -> None:
    for row_id in ("a", "b"):
        await stage.add(row_id, NewAuthenticator(TOTP, "secret"))
    assert await changes(stage, removing(stage, "a", 1), removing(stage, "b", 1)) == 1
    assert await changes(stage, removing(stage, "a", 0), removing(stage, "b", 0)) == 1


async def test_what_protects_a_closed_account_is_not_changed(stage: Stage) -> None:
    assert not await stage.database.write(lambda: stage.store.changing("nobody", 2.0))


async def test_who_comes_from_another_worker_waits_for_the_change(migrated_url: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    async with provider(tmp_path / "one", database_url=migrated_url, twice=False) as one:
        account_id = await one.open_account()
        async with provider(tmp_path / "other", database_url=migrated_url, twice=False) as other:
            stages = [
                Stage(house.worker.base.database, AuthenticatorStore(house.worker.base.vault), account_id)
                for house in (one, other)
            ]
            for row_id in ("a", "b"):
                await stages[0].add(row_id, NewAuthenticator(TOTP, "secret"))
            done = await asyncio.gather(
                changes(stages[0], removing(stages[0], "a", 1)),
                changes(stages[1], removing(stages[1], "b", 1)),
            )
    assert sum(done) == 1
