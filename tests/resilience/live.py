"""A provider in processes of its own, with a system and a person, and what to ask of it."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2

from tests.resilience.flows import OFFLINE, REDIRECT_URI, System, enter, person
from tests.support.browserless import Browserless
from tests.support.instance import Account, Instance
from tests.support.processes import Process

GRANTS = ("authorization_code", "refresh_token", "client_credentials")
SCOPES = ("openid", "profile", "offline_access", "api")
REGISTRATION = (
    "--no-consent",
    "--redirect-uri",
    REDIRECT_URI,
    *(part for grant in GRANTS for part in ("--grant", grant)),
    *(part for scope in SCOPES for part in ("--scope", scope)),
)
ANEW = httpx2.Limits(max_keepalive_connections=0)
"""Each request over a connection of its own: any worker may answer it, and none is lost with a worker that died."""
MANY_LOGINS = {"LOGIN_ATTEMPTS_PER_ADDRESS": "1000000"}


@dataclass
class Live:
    """An instance; `processes` serve it, none is started yet."""

    instance: Instance
    system: System
    account: Account
    processes: list[Process]
    browsers: list[Browserless] = field(default_factory=list)

    @property
    def database_url(self) -> str:
        """Where it keeps what must not be lost."""
        given = self.instance.environment.get("IDP_DATABASE_URL")
        return given or f"sqlite:///{self.instance.folder / 'idp.sqlite3'}"

    def browser(self, address: str | None = None) -> Browserless:
        """A person's browser, closed at the end; `address` is where it connects from."""
        transport = httpx2.AsyncHTTPTransport(local_address=address, limits=ANEW)
        headers = {"accept": "text/html", "accept-language": "zh-CN"}
        browser = person(
            self.instance.issuer, httpx2.AsyncClient(transport=transport, headers=headers, timeout=30)
        )
        self.browsers.append(browser)
        return browser

    async def log_in(self, address: str | None = None) -> tuple[Browserless, str]:
        """A browser in which the person has just logged in, and the code of the system it was for."""
        browser = self.browser(address)
        url = self.system.authorize_url()
        callback = await browser.log_in(url, self.account.username, self.account.password)
        return browser, callback.parameters["code"]

    async def tokens(self, browser: Browserless, scope: str = OFFLINE) -> dict[str, str]:
        """Tokens for the system, with the session there is."""
        answer = await self.system.redeem(await enter(browser, self.system, scope))
        assert answer.status_code == 200, answer.text
        given: dict[str, str] = answer.json()
        return given


@asynccontextmanager
async def live(
    folder: Path, ports: Sequence[int] = (), registration: Sequence[str] = (), **settings: str
) -> AsyncIterator[Live]:
    """Set one up through its command line, served on each port; what was started of it is killed at the end."""
    instance = Instance.create(folder, **(MANY_LOGINS | settings))
    client = instance.create_client("测试系统", *REGISTRATION, *registration)
    account = instance.create_account("zhangsan", "--level", "2")
    async with httpx2.AsyncClient(base_url=instance.issuer, trust_env=False, timeout=30, limits=ANEW) as http:
        system = System(client.client_id, client.client_secret, http)
        served = [_on_port(instance, port).process() for port in ports or [instance.port]]
        running = Live(instance, system, account, served)
        try:
            yield running
        finally:
            for process in served:
                process.kill()
            for browser in running.browsers:
                await browser.close()


def _on_port(instance: Instance, port: int) -> Instance:
    """The instance as it is served on a port."""
    return replace(instance, port=port, environment={**instance.environment, "IDP_PORT": str(port)})
