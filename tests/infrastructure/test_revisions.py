"""A change in the database reaches every worker; what cannot be loaded deafens nobody."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from idp.infrastructure import revisions
from idp.infrastructure.database import Database, DatabaseUnavailable, Transaction, connect
from idp.infrastructure.revision_store import bump
from idp.infrastructure.revisions import Revisions

pytestmark = pytest.mark.anyio


@dataclass
class Loader:
    """Counts how often it was asked to load; may refuse."""

    loads: int = 0
    error: Exception | None = None
    loaded: asyncio.Event = field(default_factory=asyncio.Event)

    async def load(self) -> None:
        """Load."""
        if self.error is not None:
            raise self.error
        self.loads += 1
        self.loaded.set()


@pytest.fixture
async def migrated(migrated_url: str) -> AsyncIterator[Database]:
    """The product's own tables."""
    opened = await connect(migrated_url)
    yield opened
    await opened.close()


async def change(database: Database, name: str) -> None:
    """Announce a change."""

    def work() -> Transaction[None]:
        yield bump(name)

    await database.write(work)


async def test_everything_is_loaded_at_start_and_then_what_changes(migrated: Database) -> None:
    keys, clients, watch = Loader(), Loader(), Revisions(migrated)
    watch.follow("keys", keys.load)
    watch.follow("clients", clients.load)
    await change(migrated, "keys")
    await watch.start()
    await watch.refresh()
    assert (keys.loads, clients.loads) == (1, 1)
    await change(migrated, "clients")
    await change(migrated, "nobody follows this")
    await watch.refresh()
    await watch.refresh()
    assert (keys.loads, clients.loads) == (1, 2)
    await watch.stop()


async def test_200_changes_at_once_are_all_counted(migrated: Database) -> None:
    await asyncio.gather(*[change(migrated, "keys") for _ in range(200)])
    assert (await Revisions(migrated)._numbers()) == {"keys": 200}


async def test_what_cannot_be_loaded_is_tried_again_and_holds_up_nothing_else(migrated: Database) -> None:
    keys, clients, watch = Loader(), Loader(), Revisions(migrated)
    watch.follow("keys", keys.load)
    watch.follow("clients", clients.load)
    await watch.start()
    await watch.stop()
    keys.error = LookupError("a row of tomorrow")
    for name in ("keys", "clients"):
        await change(migrated, name)
    with pytest.raises(LookupError):
        await watch.refresh()
    assert clients.loads == 2
    keys.error = None
    await watch.refresh()
    assert (keys.loads, clients.loads) == (2, 2)


@pytest.mark.parametrize("error", [DatabaseUnavailable("gone"), LookupError("a row of tomorrow")])
async def test_watching_goes_on_after_an_error(
    migrated: Database, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(revisions, "POLL_SECONDS", 0.01)
    keys, watch = Loader(), Revisions(migrated)
    watch.follow("keys", keys.load)
    await watch.start()
    keys.error = error
    await change(migrated, "keys")
    await asyncio.sleep(0.05)
    keys.error = None
    keys.loaded.clear()
    async with asyncio.timeout(10):
        await keys.loaded.wait()
    await watch.stop()
    assert keys.loads == 2
