"""Authenticators on both databases: what is good once is good once, whoever comes at the same moment."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from idp.accounts.authenticator_store import (
    PASSKEY,
    RECOVERY_CODE,
    TOTP,
    AuthenticatorStore,
    NewAuthenticator,
)
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
    row = await stage.database.read(lambda: stage.store.by_lookup(lookup))
    assert row is not None
    assert (row["id"], row["label"]) == ("a", "我的手机")
    assert stage.store.secret(row) == "the key"
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
    assert [row["id"] for row in rows] == ["t"]
