"""A whole provider inside the test: real routes and storage, a clock that the test turns, requests without sockets."""

from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx2

from idp import schema
from idp.accounts.model import NewAccount
from idp.accounts.service import Accounts
from idp.audit.store import AuditStore
from idp.infrastructure import database, key_value
from idp.infrastructure.database.migrate import migrate
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.sources import Sources, system_sources
from idp.infrastructure.vault import Secret, Vault
from idp.infrastructure.web.dispatch import Dispatcher
from idp.keys import jws
from idp.relying_parties.model import Client
from idp.server.house import House
from idp.server.routing import dispatcher
from idp.settings import Settings
from tests.support.migrated import is_migrated, migrated_sqlite
from tests.support.services import Services
from tests.support.twice import Twice

ISSUER = "https://id.test"
REDIRECT_URI = "https://app.test/callback"
PASSWORD = "correct horse battery"
SECRET = bytes(range(32))


class Clock:
    """Unix time that stands still until it is turned."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    def forward(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds


@dataclass
class Provider:
    """A started provider and the means to fill it."""

    worker: Services
    dispatcher: Dispatcher
    clock: Clock

    def browser(self, address: str = "198.51.100.7") -> httpx2.AsyncClient:
        """A person's browser: keeps cookies, follows nothing by itself."""
        transport = httpx2.ASGITransport(app=self.dispatcher, client=(address, 40000))
        return httpx2.AsyncClient(transport=transport, base_url=ISSUER, headers={"accept": "text/html"})

    def machine(self, address: str = "203.0.113.9") -> httpx2.AsyncClient:
        """A registered system's HTTP client."""
        transport = httpx2.ASGITransport(app=self.dispatcher, client=(address, 40000))
        return httpx2.AsyncClient(transport=transport, base_url=ISSUER)

    async def register(self, **metadata: Any) -> tuple[Client, str | None]:
        """A client with everything that a test may want, unless said otherwise; its secret."""
        defaults: dict[str, Any] = {
            "client_name": "测试系统",
            "redirect_uris": [REDIRECT_URI],
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
            "scope": "openid profile email phone address offline_access real_name api",
            "consent_required": False,
            "id_token_signed_response_alg": "ES256",
        }
        made = await self.worker.registry.create(defaults | metadata, "test")
        await self.worker.revisions.refresh()
        return made

    async def open_account(self, username: str = "zhangsan", password: str = PASSWORD, **fields: Any) -> str:
        """An account of level 2; its id."""
        defaults: dict[str, Any] = {"name": "张三", "level": 2, "password_hash": ""}
        accounts = Accounts(self.worker.base, self.worker.hasher)
        return await accounts.open(NewAccount(username=username, **(defaults | fields)), "test", password)

    async def enrol_totp(self, username: str = "zhangsan") -> str:
        """A second factor; its secret."""
        return await Accounts(self.worker.base, self.worker.hasher).enrol_totp(username, "test")

    async def audit_events(self) -> list[str]:
        """The names of all events so far."""
        return [row["event"] for row in await self.audit_lines()]

    async def audit_lines(self) -> list[dict[str, Any]]:
        """All audit lines so far."""
        await self.worker.refusals.flush()
        lines = await self.worker.base.database.read(lambda: AuditStore(self.worker.base.sources).since(0.0))
        return [asdict(line) for line in lines]


def basic(client: Client, secret: str | None) -> dict[str, str]:
    """The Authorization header of client_secret_basic."""
    return {"authorization": "Basic " + b64encode(f"{client.client_id}:{secret}".encode()).decode()}


@asynccontextmanager
async def provider(
    folder: Path,
    *,
    issuer: str = ISSUER,
    database_url: str = "",
    key_value_url: str = "memory",
    clock: Clock | None = None,
    secrets: Sequence[Secret] = (Secret(SECRET),),
    **options: Any,
) -> AsyncIterator[Provider]:
    """Start a provider on a database of its own; `options` are settings.

    Every unit of work is run twice (see `Twice`), but with `twice=False`, where a test races what happens below.
    """
    twice = options.pop("twice", True)
    clock = clock or Clock()
    settings = Settings(issuer=issuer, data_dir=folder, database_url=database_url, **options)
    if _is_new(settings):
        migrated_sqlite(Path(settings.database.removeprefix("sqlite:///")))
    elif not is_migrated(settings.database):
        await migrate(settings.database, schema.metadata)
    real = system_sources(clock)
    sources = Sources(now=clock, new_id=real.new_id, new_token=real.new_token, new_bytes=real.new_bytes)
    connected = await database.connect(settings.database)
    opened = Twice(connected) if twice else connected
    values = key_value.connect(key_value_url, opened, clock)
    house = House(settings, Foundation(opened, values, Vault(secrets, sources), sources))
    # RS256 keys take long to make; those of a test need be no secret of this test.
    with patch("idp.keys.jws.generate", _ready_made):
        await house.keys.ring.ensure()
    try:
        await house.start()
        yield Provider(Services(house), dispatcher(house), clock)
    finally:
        await house.stop()
        await values.close()
        await opened.close()


def _is_new(settings: Settings) -> bool:
    """A database that a test names may be migrated already, or kept from an earlier provider."""
    return not settings.database_url and not Path(settings.database.removeprefix("sqlite:///")).exists()


_ready_made = cache(jws.generate)
