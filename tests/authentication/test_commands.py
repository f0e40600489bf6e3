"""What the command line does for somebody who cannot help themselves, in a process of its own."""

import asyncio
from pathlib import Path

import pytest

from idp.accounts.store import AccountStore
from idp.authentication.throttle import Attempt, AttemptLimits, Throttle
from idp.infrastructure.outbox import Outbox
from idp.relying_parties.service import Registry
from idp.server.composition import foundation
from idp.sessions.model import PASSWORD, Caller, SessionLifetimes
from idp.sessions.service import Sessions
from idp.sessions.store import JOIN
from idp.settings import Settings
from tests.support import raw_sql
from tests.support.instance import Instance

pytestmark = pytest.mark.anyio


async def test_a_password_set_by_the_operator_logs_out_whoever_has_the_old_one(tmp_path: Path) -> None:
    instance = await asyncio.to_thread(Instance.create, tmp_path)
    account = await asyncio.to_thread(instance.create_account, "zhangsan")
    uris = ("--redirect-uri", "https://app.test/", "--backchannel-logout-uri", "https://app.test/logout")
    client = await asyncio.to_thread(instance.create_client, "系统", *uris)
    settings = Settings(issuer=instance.issuer, data_dir=tmp_path)
    async with foundation(settings) as base:
        outbox = Outbox(base.database, base.sources)
        sessions = Sessions(base, Registry(base), outbox, SessionLifetimes(1800, 28_800))
        row = await base.database.read(lambda: AccountStore(base.vault).by_id(account.account_id))
        assert row is not None
        token = await sessions.begin(row, (PASSWORD,), Caller("198.51.100.7"), None)
        session = await sessions.find(token)
        assert session is not None
        call = JOIN(session_id=session.id, client_id=client.client_id, joined_at=base.sources.now())
        await base.database.add(call)
        again = ("account", "set-password", "zhangsan", "--password-stdin")
        done = await asyncio.to_thread(instance.command, *again, stdin="another long password")
        assert done == {"id": account.account_id}
        assert await sessions.find(token) is None
    [notice] = raw_sql.rows(settings.database, "SELECT recipient, subject FROM outbox")
    assert (notice["recipient"], notice["subject"]) == (client.client_id, session.id)
    [line] = raw_sql.rows(settings.database, "SELECT * FROM audit_events WHERE event = 'session.ended'")
    assert (line["account_id"], line["session_id"]) == (account.account_id, session.id)
    assert line["actor"] is not None


async def test_whoever_mistyped_too_often_may_try_again_once_the_operator_says_so(tmp_path: Path) -> None:
    instance = await asyncio.to_thread(Instance.create, tmp_path)
    account = await asyncio.to_thread(instance.create_account, "zhangsan")
    settings = Settings(issuer=instance.issuer, data_dir=tmp_path)
    async with foundation(settings) as base:
        throttle = Throttle(base, AttemptLimits())
        attempt = Attempt(throttle.account_key(account.account_id, ""), "198.51.100.7")
        waits = [wait.seconds if (wait := await throttle.admit(attempt)) else 0 for _ in range(20)]
        assert (waits[0], waits[-1] > 0) == (0, True)
        done = await asyncio.to_thread(instance.command, "account", "unlock", "zhangsan")
        assert done == {"id": account.account_id}
        assert await throttle.admit(attempt) is None
    lines = raw_sql.rows(settings.database, "SELECT * FROM audit_events")
    [line] = [one for one in lines if one["event"] == "account.unlocked"]
    assert line["account_id"] == account.account_id
    assert line["actor"].startswith("cli:")
