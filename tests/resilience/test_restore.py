"""A backup that comes back: what was ended since is believed by nobody, and people are told what they must redo."""

import asyncio
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import orjson
import pytest

from idp.audit.model import EventType
from idp.commands.restoration import Restoration, UnreadableRecord, to_redo
from idp.infrastructure import database, key_value
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.high_water import FILE, HighWaterMark, Loss
from idp.infrastructure.high_water_store import Mark
from idp.infrastructure.key_value.interface import KeyValue
from idp.infrastructure.sources import system_sources
from idp.infrastructure.vault import Secret, Vault
from idp.organizations.roles import RoleName
from idp.server.composition import RestoreUnfinished
from tests.support import raw_sql
from tests.support.inprocess import SECRET, Clock, provider
from tests.support.instance import IDP, ROOT, CommandFailed, Instance
from tests.support.logins import attempt, is_in
from tests.support.processes import DidNotStart
from tests.support.visits import SESSION_COOKIE, account_id, person, refresh, signed_in, tokens, visitor

pytestmark = pytest.mark.anyio


class Copies:
    """Copies a database while nobody is connected, and puts the copy back."""

    def __init__(self, url: str) -> None:
        self.url = url
        parts = urlsplit(url)
        self._name = parts.path.removeprefix("/")
        self._admin = parts._replace(path="/postgres").geturl()
        self._file = None if url.startswith("postgresql") else Path(url.removeprefix("sqlite:///"))

    async def make(self) -> None:
        """A backup of now."""
        if self._file is not None:
            with closing(sqlite3.connect(self._file)) as one, closing(sqlite3.connect(self._copy)) as other:
                one.backup(other)
            return
        await self._run(f'CREATE DATABASE "{self._name}_copy" TEMPLATE "{self._name}"')

    async def restore(self) -> None:
        """The backup in place of what there is."""
        if self._file is not None:
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            shutil.copy(self._copy, self._file)
            return
        await self._run(f'DROP DATABASE "{self._name}" WITH (FORCE)')
        await self._run(f'CREATE DATABASE "{self._name}" TEMPLATE "{self._name}_copy"')

    @property
    def _copy(self) -> Path:
        assert self._file is not None
        return self._file.with_suffix(".copy")

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self._admin)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture
def stores(database_url: str, tmp_path: Path) -> dict[str, Any]:
    """What the providers of a test share; each begins with an empty key-value store."""
    return {"folder": tmp_path, "database_url": database_url, "clock": Clock()}


@asynccontextmanager
async def command_line(stores: dict[str, Any], values: KeyValue | None = None) -> AsyncIterator[Foundation]:
    """The stores without a worker."""
    sources = system_sources(stores["clock"])
    opened = await database.connect(stores["database_url"])
    values = values or key_value.connect("memory", opened, stores["clock"])
    try:
        yield Foundation(opened, values, Vault([Secret(SECRET)], sources), sources)
    finally:
        await opened.close()


async def lost(stores: dict[str, Any], values: KeyValue | None = None) -> Loss | None:
    async with command_line(stores, values) as base:
        return await HighWaterMark(base, stores["folder"]).loss()


async def finish(stores: dict[str, Any], loss: Loss) -> dict[str, int]:
    async with command_line(stores) as base:
        return await Restoration(base, HighWaterMark(base, stores["folder"]), 15).finish(loss, "cli:op")


async def test_what_was_ended_since_the_copy_is_good_for_nothing_and_the_server_waits(
    stores: dict[str, Any],
) -> None:
    copies = Copies(stores["database_url"])
    async with provider(**stores, twice=False) as house:
        client, secret = await house.register()
        victim, frozen, staff = await person(house), await person(house), await person(house)
        staff_id = await account_id(house, staff)
        await house.worker.roles.grant(staff_id, RoleName.COUNTER, "410411", "test")
        async with signed_in(house, victim) as someone:
            cookie = someone.client.cookies[SESSION_COOKIE]
            made = await tokens(house, client, secret, someone, scope="openid offline_access")
    copied_at = stores["clock"].now
    await copies.make()
    stores["clock"].forward(100)
    async with provider(**stores, twice=False) as house:
        rotated = (await refresh(house, client, secret, made["refresh_token"])).json()
        stores["clock"].forward(100)
        assert (
            await refresh(house, client, secret, made["refresh_token"])
        ).status_code == 400  # a replay ends it
        await house.worker.lifecycle.secure(await account_id(house, victim), "test")
        await house.worker.lifecycle.freeze(await account_id(house, frozen), "盗用", "test")
        await house.worker.roles.withdraw(staff_id, RoleName.COUNTER, "410411", "test")
        record = [orjson.dumps(line).decode() for line in await house.audit_lines()]
        await house.worker.mark.raise_mark()
    await copies.restore()
    with pytest.raises(RestoreUnfinished, match="idp restore finish"):
        async with provider(**stores, twice=False):
            pass
    loss = await lost(stores)
    assert loss is not None
    assert (loss.known, loss.seen) == (copied_at, copied_at + 200)
    done = await finish(stores, loss)
    assert done["sessions"] >= 1
    assert done["grants"] == 1
    assert await lost(stores) is None
    async with provider(**stores, twice=False) as house:
        for token in (made["refresh_token"], rotated["refresh_token"]):
            assert (await refresh(house, client, secret, token)).status_code == 400
        async with visitor(house) as someone:
            someone.client.cookies.set(SESSION_COOKIE, cookie, domain="id.test", path="/")
            assert not await is_in(someone)
        assert EventType.RESTORE_FINISHED in await house.audit_events()
    redo = {(each.event, each.account_id) for each in to_redo(record, loss)}
    assert (EventType.ROLE_WITHDRAWN, staff_id) in redo
    assert EventType.ACCOUNT_FROZEN in {event for event, _ in redo}
    assert EventType.ACCOUNT_SECURED in {event for event, _ in redo}
    assert EventType.ROLE_GRANTED not in {event for event, _ in redo}


async def test_trust_messages_and_what_waits_to_happen_do_not_come_back(stores: dict[str, Any]) -> None:
    copies = Copies(stores["database_url"])
    async with provider(**stores, twice=False) as house:
        username = await person(house, phone="13800000001", phone_verified=True)
        await house.worker.outbox.stop()
        await house.worker.base.database.add(house.worker.messages.sms("13800000001", "验证码", lifetime=60))
        async with visitor(house) as someone:
            await attempt(someone, username)  # which makes a device
        raw_sql.execute(
            stores["database_url"],
            "UPDATE accounts SET closes_at = 1800000060",
            "UPDATE devices SET trusted_until = 1900000000",
            "INSERT INTO counter_requests (id, kind, account_id, content, state, begun_by, begun_at) "
            "SELECT 'r', 'recover', id, '', 'waiting', id, 0 FROM accounts",
        )
    await copies.make()
    stores["clock"].forward(100)
    async with provider(**stores, twice=False):
        pass
    await copies.restore()
    loss = await lost(stores)
    assert loss is not None
    done = await finish(stores, loss)
    assert done["messages"] >= 1
    assert (done["counter_requests"], done["cancellations"]) == (1, 1)
    url = stores["database_url"]
    assert raw_sql.rows(url, "SELECT id FROM outbox WHERE next_attempt_at IS NOT NULL") == []
    assert raw_sql.rows(url, "SELECT id FROM devices WHERE trusted_until IS NOT NULL") == []
    assert [row["state"] for row in raw_sql.rows(url, "SELECT state FROM counter_requests")] == ["refused"]
    [account] = raw_sql.rows(url, "SELECT closes_at FROM accounts WHERE closes_at IS NOT NULL")
    assert account["closes_at"] == stores["clock"].now + 15 * 86_400
    assert sum((await finish(stores, loss)).values()) == 0  # begun again, it finds nothing


async def test_a_worker_does_not_hide_a_restore_that_happened_under_it(stores: dict[str, Any]) -> None:
    copies = Copies(stores["database_url"])
    async with provider(**stores, twice=False):
        pass
    await copies.make()
    stores["clock"].forward(100)
    async with provider(**stores, twice=False):
        pass
    await copies.restore()
    stores["clock"].forward(100)
    async with command_line(stores) as base:
        await HighWaterMark(base, stores["folder"]).raise_mark()
    assert await lost(stores) is not None


async def test_the_key_value_store_knows_where_the_machine_is_new(stores: dict[str, Any]) -> None:
    values = key_value.connect("memory", None, stores["clock"])  # type: ignore[arg-type]
    copies = Copies(stores["database_url"])
    async with provider(**stores, twice=False):
        pass
    await copies.make()
    stores["clock"].forward(100)
    async with command_line(stores, values) as base:
        await HighWaterMark(base, stores["folder"]).raise_mark()
    (stores["folder"] / FILE).unlink()
    await copies.restore()
    assert await lost(stores) is None  # neither knows
    assert await lost(stores, values) is not None


async def test_a_restore_of_everything_until_the_last_moment_is_no_loss(stores: dict[str, Any]) -> None:
    copies = Copies(stores["database_url"])
    async with provider(**stores, twice=False):
        pass
    await copies.make()
    await copies.restore()
    assert await lost(stores) is None
    async with provider(**stores, twice=False) as house:
        username = await person(house)
        async with visitor(house) as someone:
            assert (await attempt(someone, username)).status_code == 303


async def test_a_mark_that_another_worker_raises_meanwhile_is_no_loss(
    stores: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with provider(**stores, twice=False):
        pass
    async with command_line(stores) as base:
        mark, other = (HighWaterMark(base, stores["folder"]) for _ in range(2))
        for step in ("_inside", "_in_store"):
            reading = getattr(mark, step)

            async def and_then_the_other(reading: Any = reading) -> Any:
                found = await reading()
                stores["clock"].forward(1)
                await other.settle()
                return found

            with monkeypatch.context() as patched:
                patched.setattr(mark, step, and_then_the_other)
                assert await mark.loss() is None


@pytest.mark.parametrize("text", ["", "x", "x y", "\x00", "湛河", f"other {2e9}"])
async def test_a_mark_of_another_database_or_none_at_all_stops_nobody(
    stores: dict[str, Any], text: str
) -> None:
    async with provider(**stores, twice=False):
        pass
    (stores["folder"] / FILE).write_text(text, "utf-8")
    assert await lost(stores) is None
    async with provider(**stores, twice=False) as house:
        mark = Mark.from_text((stores["folder"] / FILE).read_text("ascii"))
        assert mark is not None
        assert mark.seen_at == house.clock.now


@pytest.mark.parametrize("line", ["", "{}", "[]", '{"at": "x", "event": "a"}', "at,event"])
def test_a_record_that_is_none_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(UnreadableRecord, match="line 2"):
        to_redo(['{"at": 1, "event": "login.failed"}', line], Loss(0.0, 1.0))


def exported(instance: Instance) -> str:
    """What the archive has."""
    command = [*IDP, "record", "export", "--since", "2026-01-01T00:00:00"]
    done = subprocess.run(
        command, env=dict(instance.environment), cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


async def test_an_operator_walks_the_page_of_the_operations(tmp_path: Path) -> None:
    instance = await asyncio.to_thread(Instance.create, tmp_path)
    copies = Copies(f"sqlite:///{tmp_path / 'idp.sqlite3'}")
    account = await asyncio.to_thread(instance.create_account, "zhangsan")
    process = instance.process()
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.stop)
    await copies.make()
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.stop)
    run = instance.command
    await asyncio.to_thread(run, "account", "freeze", "zhangsan", "--reason", "盗用")
    record = tmp_path / "record.jsonl"
    record.write_text(await asyncio.to_thread(exported, instance))
    await copies.restore()
    with pytest.raises(DidNotStart):
        await asyncio.to_thread(process.start)
    assert (await asyncio.to_thread(run, "restore", "status"))["restored"]
    found = await asyncio.to_thread(run, "restore", "finish", "--record", str(record))
    assert [each["event"] for each in found["to_redo"]] == ["account.frozen"]
    assert found["to_redo"][0]["account"] == account.account_id
    with pytest.raises(CommandFailed, match="as it was seen"):
        await asyncio.to_thread(run, "restore", "finish")
    await asyncio.to_thread(process.start)
    await asyncio.to_thread(process.stop)
