"""What was used once stays used when the key-value store forgets: FLUSHALL, a restart, a table that was emptied."""

import ast
import asyncio
from pathlib import Path
from typing import Any

import pytest
import redis

from idp.infrastructure.single_use import SingleUse
from idp.relying_parties.model import ASSERTION_SECONDS
from tests.architecture.sources import name, python_files, tree
from tests.oauth.assertions import assertion, key, present, registered
from tests.resilience.conftest import Storage
from tests.support import raw_sql
from tests.support.inprocess import Clock, provider

pytestmark = pytest.mark.anyio


def forgets(storage: Storage) -> None:
    """All that the key-value store knew is gone; in memory, a new provider begins with nothing anyway."""
    if storage.key_value_url == "sql":
        raw_sql.execute(storage.database_url, "DELETE FROM key_values")
    elif storage.key_value_url.startswith("redis"):
        with redis.Redis.from_url(storage.key_value_url) as store:
            store.flushall()


async def test_an_assertion_is_good_once_though_the_store_forgets_and_every_worker_is_new(
    storage: Storage, tmp_path: Path
) -> None:
    stores: dict[str, Any] = {
        "database_url": storage.database_url,
        "key_value_url": storage.key_value_url,
        "clock": Clock(),
    }
    one = key()
    async with provider(tmp_path, twice=False, **stores) as house:
        client = await registered(house, one)
        text = assertion(house, client, one)
        answers = await asyncio.gather(*[present(house, text) for _ in range(10)])
        assert sorted(answer.status_code for answer in answers) == [200] + [401] * 9
    await asyncio.to_thread(forgets, storage)
    async with provider(tmp_path, twice=False, **stores) as house:
        assert (await present(house, text)).status_code == 401
        for path in ("/introspect", "/revoke"):
            assert (await present(house, text, path, token="x")).status_code == 401
        assert (await present(house, assertion(house, client, one))).status_code == 200


async def test_it_is_remembered_as_long_as_it_is_good_and_then_forgotten(tmp_path: Path) -> None:
    async with provider(tmp_path, twice=False) as house:
        used = SingleUse(house.worker.base)
        assert await used.spend("a", "x", 60)
        assert not await used.spend("a", "x", 60)
        assert await used.spend("b", "x", 600)  # another use is another thing
        assert await used.forget_old() == 0
        house.clock.forward(61)
        assert await used.forget_old() == 1
        assert not await used.spend("b", "x", 600)
        assert await used.spend("a", "x", 60)


async def test_nothing_of_what_was_used_can_be_read_from_the_table(tmp_path: Path) -> None:
    async with provider(tmp_path, twice=False) as house:
        one = key()
        client = await registered(house, one)
        await present(house, assertion(house, client, one, jti="of-the-client"))
        rows = raw_sql.rows(house.worker.settings.database, "SELECT id FROM single_uses")
    assert len(rows) == 1
    assert "of-the-client" not in rows[0]["id"]
    assert client.client_id not in rows[0]["id"]


async def test_an_assertion_lives_no_longer_than_it_is_remembered(tmp_path: Path) -> None:
    async with provider(tmp_path, twice=False) as house:
        one = key()
        client = await registered(house, one)
        last = int(house.clock.now) + ASSERTION_SECONDS + 60
        text = assertion(house, client, one, exp=last)
        assert (await present(house, text)).status_code == 200
        for _ in range(ASSERTION_SECONDS // 60 + 1):
            house.clock.forward(60)
            await SingleUse(house.worker.base).forget_old()
            assert (await present(house, text)).status_code == 401


MARKERS = {
    "idp/infrastructure/web/attempts.py": "what was sent twice is answered alike, but spent where it always was",
    "idp/authentication/qr/service.py": "who scanned first, and what was decided: the login is in the same store",
    "idp/authentication/phone/codes.py": "a pause between two codes, and no code",
    "idp/accounts/real_names/verification.py": "the number that an account tried first today: a count, and no proof",
}


def test_no_other_mark_of_what_was_used_is_kept_where_it_may_be_forgotten() -> None:
    found = {
        name(path)
        for path in python_files()
        if name(path).startswith("idp/")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "add"
        and isinstance(node.func.value, ast.Attribute)
        and node.func.value.attr == "_key_value"
    }
    assert found == set(MARKERS)
