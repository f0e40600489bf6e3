"""A provider on each database, with two people and, for what follows a session, a system that joined."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from idp.accounts.model import Account
from idp.accounts.store import AccountStore
from idp.infrastructure.database import Row
from idp.infrastructure.database.interface import fetch
from idp.sessions.model import PASSWORD, Caller, Session
from idp.sessions.service import Sessions
from idp.sessions.store import JOIN
from tests.support import raw_sql
from tests.support.inprocess import Clock, Provider, provider

CALLER = Caller("198.51.100.7", "a browser")


@dataclass
class Stage:
    """A provider, its sessions and two people."""

    provider: Provider
    sessions: Sessions
    people: list[Account]
    url: str

    @property
    def clock(self) -> Clock:
        """Its time."""
        return self.provider.clock

    async def session(self, token: str) -> Session:
        """The live session of a cookie."""
        found = await self.sessions.find(token)
        assert found is not None
        return found

    async def begin(
        self, account: Account, amr: tuple[str, ...], caller: Caller, before: Session | None
    ) -> str:
        """The cookie of a session that begins."""
        token = await self.sessions.begin(account, amr, caller, before)
        assert token is not None
        return token

    async def log_in(self, person: int = 0) -> tuple[str, Session]:
        """The cookie of a new session, and the session."""
        row = await self.provider.worker.counter.account(self.people[person].id)
        assert row is not None
        token = await self.begin(row, (PASSWORD,), CALLER, None)
        return token, await self.session(token)

    async def join(self, session: Session, **metadata: Any) -> str:
        """A new system takes part in a session; its client id."""
        metadata = {"backchannel_logout_uri": "https://app.test/backchannel-logout"} | metadata
        client, _ = await self.provider.register(**metadata)
        call = JOIN(session_id=session.id, client_id=client.client_id, joined_at=self.clock.now)
        await self.provider.worker.base.database.add(call)
        return client.client_id

    def copy(self, session: Session, number: int) -> list[Session]:
        """More sessions like one, past any bound on how many an account may have."""
        columns = (
            "account_id, amr, address, user_agent, device_id, created_at, authenticated_at, last_seen_at"
        )
        copies = [replace(session, id=f"copy-{each:06}") for each in range(number)]
        for each, copied in enumerate(copies):
            token = f"decode('{each:064x}', 'hex')" if "postgresql" in self.url else f"x'{each:064x}'"
            raw_sql.execute(
                self.url,
                f"INSERT INTO sessions (id, token_hash, {columns}) SELECT '{copied.id}', {token}, {columns}"  # noqa: S608
                f" FROM sessions WHERE id = '{session.id}'",
            )
        return copies

    def notices(self) -> list[tuple[str, str]]:
        """Recipient and session of every logout notice."""
        query = "SELECT recipient, subject FROM outbox WHERE kind = 'backchannel_logout' ORDER BY id"
        return [(row["recipient"], row["subject"]) for row in raw_sql.rows(self.url, query)]

    async def lines(self, event: str) -> list[dict[str, Any]]:
        """The audit lines of an event."""
        return [line for line in await self.provider.audit_lines() if line["event"] == event]

    async def ask(self, call: Any) -> list[Row]:
        """Make one call."""
        return list(await self.provider.worker.base.database.write(fetch(call)))


@pytest.fixture
async def stage(migrated_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    """On each database."""
    async with provider(tmp_path, database_url=migrated_url) as running:
        base, people = running.worker.base, []
        for username in ("zhangsan", "lisi"):
            account_id = await running.open_account(username)
            accounts = AccountStore(base.vault)
            row = await base.database.read(lambda id_=account_id, of=accounts: of.by_id(id_))  # type: ignore[misc]
            people.append(row)
        await running.worker.outbox.stop()  # a test looks at what is to be sent
        yield Stage(running, running.worker.sessions, people, migrated_url)
