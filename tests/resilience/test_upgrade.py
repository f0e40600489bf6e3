# ruff: noqa: S608 - the text of a migration
"""The upgrade of a filled database under traffic, as docs/operations.md has it: this release beside the next one.

The next release is a copy of this one with a migration of all that migrations do, and with an option of clients that
this one does not know. Its migration meets a reader that goes on for seconds, is killed, and begins again.
"""

import asyncio
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx2
import pytest

from idp.infrastructure.database.version import head
from tests.resilience.flows import System
from tests.resilience.live import ANEW, Live, live
from tests.resilience.workers import has_workers, lives, workers
from tests.support import raw_sql
from tests.support.browserless import Browserless, Stuck
from tests.support.district import fill
from tests.support.instance import ROOT
from tests.support.nginx import Nginx
from tests.support.ports import LOOPBACK, free_port
from tests.support.waiting import eventually, until

pytestmark = pytest.mark.anyio

ACCOUNTS = int(os.environ.get("UPGRADE_ACCOUNTS", "5000"))
"""With UPGRADE_ACCOUNTS=1000000 it is the upgrade of a large district; it takes ten minutes."""
NEXT = "9001"
AT_ONCE = 1.0
"""Seconds within which a request that fails hears of it."""
HELD_SECONDS = 3.0
ENOUGH = 50
MIGRATION = f'''"""All that a migration may do, to the tables that requests are busy with."""

import sqlalchemy as sa

from migrations.steps import add_check, add_column, add_foreign_key, add_index, change, create_table

revision = "{NEXT}"
down_revision = "{head()}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("accounts", "sessions", "grants", "audit_events", "devices", "participants"):
        add_column(table, sa.Column("next_note", sa.Text()))
        add_index(f"ix_{{table}}_next_note", table, ["next_note"], "next_note IS NOT NULL")
    add_column("sessions", sa.Column("next_kind", sa.Text(), server_default="plain", nullable=False))
    create_table(
        "next_things",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("accounts.id", name="fk_next_things_account_id")),
    )
    add_check("ck_grants_next", "grants", "generation >= 0")
    add_foreign_key("fk_sessions_next_note", "sessions", "next_note", "accounts")
    change("UPDATE sessions SET next_kind = 'other' WHERE id IN (SELECT id FROM sessions ORDER BY id LIMIT 500)")
    change("UPDATE accounts SET next_note = :note WHERE username = :username", note="seen", username="zhangsan")
'''


@dataclass
class Seen:
    """What came back, of all requests."""

    good: int = 0
    faults: list[str] = field(default_factory=list)

    async def ask(self, what: str, request: Callable[[], Awaitable[int]]) -> None:
        """One request, whose status counts; 503 at once is no fault."""
        start = time.monotonic()
        try:
            status = await request()
        except (httpx2.TransportError, AssertionError) as error:
            status, what = 0, f"{what}: {error!r}"
        took = time.monotonic() - start
        if status in (200, 303):
            self.good += 1
        elif status != 503 or took > AT_ONCE:
            self.faults.append(f"{what}: {status} after {took:.2f} s")


@pytest.fixture(scope="module")
def next_release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout of the release after this one."""
    folder = tmp_path_factory.mktemp("next")
    for part in ("idp", "migrations", "config"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "migrations" / "versions" / f"{NEXT}_next.py").write_text(MIGRATION, "utf-8")
    model = folder / "idp" / "relying_parties" / "model.py"
    known = "    resource_server: bool = False\n"
    text = model.read_text("utf-8")
    assert known in text
    model.write_text(text.replace(known, f"{known}    next_option: bool = False\n"), "utf-8")
    return folder


async def test_a_filled_database_is_upgraded_under_traffic(
    postgres_url: str, redis_url: str, next_release: Path, tmp_path: Path
) -> None:
    ports = free_port(), free_port()
    with Nginx.start(ports) as proxy:
        stores = {"DATABASE_URL": postgres_url, "KEY_VALUE_URL": redis_url}
        settings = {"ISSUER": proxy.url, "TRUSTED_PROXIES": LOOPBACK, "WORKERS": "2", "DRAIN": "2"}
        async with live(tmp_path, ports, (), **settings, **stores) as running:
            await fill(postgres_url, ACCOUNTS, running.system.client_id)
            old, new = running.processes
            new.directory = next_release
            old.start()
            await eventually(lambda: has_workers(old.pid, 2))
            seen = Seen()
            async with _traffic(running, seen):
                await _migrate(running, next_release, killed=True)
                await _migrate(running, next_release)
                await _an_old_worker_dies(old.pid)
                await asyncio.to_thread(new.start)  # the traffic goes on meanwhile
                await _registered_by_the_next(running)
            assert seen.faults == []
            [row] = raw_sql.rows(
                postgres_url, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            )
            assert row["deadlocks"] == 0


@asynccontextmanager
async def _traffic(running: Live, seen: Seen) -> AsyncIterator[None]:
    """What people and systems do all day, until the end of the block and a little while at least."""
    browser, code = await running.log_in()
    given = (await running.system.redeem(code)).json()
    tasks = [
        asyncio.create_task(_again_and_again(each))
        for each in (
            lambda: seen.ask("token", lambda: _status(running.system.credentials())),
            lambda: seen.ask("sign-on", lambda: _sign_on(running, browser)),
            lambda: seen.ask("page", lambda: _page(running, browser)),
            lambda: seen.ask("login", lambda: _login(running)),
            _Refreshing(running.system, given["refresh_token"], seen),
        )
    ]
    await until(lambda: seen.good > ENOUGH or seen.faults)
    yield
    before = seen.good
    await until(lambda: seen.good > before + ENOUGH or seen.faults)
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        assert isinstance(outcome, asyncio.CancelledError), outcome


async def _again_and_again(request: Callable[[], Awaitable[None]]) -> None:
    while True:
        await request()
        await asyncio.sleep(0.02)


async def _status(answer: Awaitable[httpx2.Response]) -> int:
    return (await answer).status_code


async def _sign_on(running: Live, browser: Browserless) -> int:
    answer = await browser.client.get(running.instance.issuer + running.system.authorize_url())
    return answer.status_code


async def _page(running: Live, browser: Browserless) -> int:
    return (await browser.client.get(running.instance.issuer + "/me/sessions")).status_code


async def _login(running: Live) -> int:
    """A whole one, with a browser of its own."""
    browser = running.browser()
    try:
        url, account = running.system.authorize_url(), running.account
        await browser.log_in(url, account.username, account.password)
    except Stuck as stuck:
        return stuck.page.status
    finally:
        running.browsers.remove(browser)
        await browser.close()
    return 200


class _Refreshing:
    """One grant, rotated again and again; a lost answer would show as a family that is revoked."""

    def __init__(self, system: System, token: str, seen: Seen) -> None:
        self._system = system
        self._token = token
        self._seen = seen

    async def __call__(self) -> None:
        await self._seen.ask("refresh", self._refresh)

    async def _refresh(self) -> int:
        answer = await self._system.refresh(self._token)
        if answer.status_code == 200:
            self._token = answer.json()["refresh_token"]
        return answer.status_code


async def _migrate(running: Live, release: Path, *, killed: bool = False) -> None:
    """`idp migrate` of a release; killed while it waits for a reader whom it may not hold up."""
    reader = await asyncpg.connect(running.database_url)
    reading = reader.transaction()
    await reading.start()
    await reader.fetch("SELECT 1 FROM grants LIMIT 1")
    await reader.fetch("SELECT 1 FROM sessions LIMIT 1")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "idp", "migrate", "--json", cwd=release, env=dict(running.instance.environment),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    try:
        await eventually(lambda: _has_begun(running))
        await asyncio.sleep(HELD_SECONDS)
        waits = child.returncode is None
        assert waits
        if killed:
            child.kill()
    finally:
        await reading.rollback()
        await reader.close()
    said, _ = await child.communicate()
    if killed:
        assert _version(running) == head()
    else:
        assert child.returncode == 0, said.decode()
        assert _version(running) == NEXT


async def _has_begun(running: Live) -> bool:
    """The first of its steps is done."""
    return bool(
        raw_sql.rows(running.database_url, "SELECT 1 FROM pg_class WHERE relname = 'ix_accounts_next_note'")
    )


def _version(running: Live) -> str:
    [row] = raw_sql.rows(running.database_url, "SELECT version_num FROM alembic_version")
    return str(row["version_num"])


async def _an_old_worker_dies(server: int) -> None:
    """Of those whose schema it is not any more: an old one takes its place."""
    [victim, _] = workers(server)
    os.kill(victim, signal.SIGTERM)
    await until(lambda: not lives(victim))
    await eventually(lambda: has_workers(server, 2))


async def _registered_by_the_next(running: Live) -> None:
    """A system with an option that only the next release knows: both know the system, and go on."""
    raw_sql.execute(
        running.database_url,
        """INSERT INTO clients (client_id, document, secret_hash, created_at) SELECT 'next', jsonb_build_object(
        'client_id', 'next', 'client_name', 'next', 'next_option', true, 'scope', 'api',
        'grant_types', '["client_credentials"]'::jsonb)::text, secret_hash, created_at FROM clients LIMIT 1""",
        "UPDATE revisions SET number = number + 1 WHERE name = 'clients'",
    )
    for process in running.processes:
        origin = f"http://{LOOPBACK}:{process.port}"
        async with httpx2.AsyncClient(base_url=origin, trust_env=False, timeout=30, limits=ANEW) as http:
            system = System("next", running.system.secret, http)
            await eventually(lambda: _is_known(system))  # noqa: B023 - waited for here


async def _is_known(system: System) -> bool:
    """To every worker of that release."""
    return {(await system.credentials()).status_code for _ in range(4)} == {200}
