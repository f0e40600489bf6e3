"""A provider in processes of its own, with a system and a person, and what to ask of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2

from tests.resilience.flows import REDIRECT_URI, System, enter
from tests.support.browserless import Browserless
from tests.support.instance import Account, Instance
from tests.support.ports import free_port
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
        browser = Browserless(self.instance.issuer)
        if address is not None:
            browser.client = httpx2.AsyncClient(
                transport=httpx2.AsyncHTTPTransport(local_address=address),
                headers=browser.client.headers,
                timeout=30,
            )
        self.browsers.append(browser)
        return browser

    async def log_in(self, address: str | None = None) -> tuple[Browserless, str]:
        """A browser in which the person has just logged in, and the code of the system it was for."""
        browser = self.browser(address)
        url = self.system.authorize_url()
        callback = await browser.log_in(url, self.account.username, self.account.password)
        return browser, callback.parameters["code"]

    async def tokens(self, browser: Browserless) -> dict[str, str]:
        """Tokens for the system, with the session there is."""
        answer = await self.system.redeem(await enter(browser, self.system))
        assert answer.status_code == 200, answer.text
        given: dict[str, str] = answer.json()
        return given


@asynccontextmanager
async def live(folder: Path, *, processes: int = 1, **settings: str) -> AsyncIterator[Live]:
    """Set one up through its command line; what was started of it is killed at the end."""
    instance = Instance.create(folder, **(MANY_LOGINS | settings))
    client = instance.create_client("测试系统", *REGISTRATION)
    account = instance.create_account("zhangsan", "--level", "2")
    async with httpx2.AsyncClient(base_url=instance.issuer, trust_env=False, timeout=30) as http:
        system = System(client.client_id, client.client_secret, http)
        served = [_on_port(instance, number).process() for number in range(processes)]
        running = Live(instance, system, account, served)
        try:
            yield running
        finally:
            for process in served:
                process.kill()
            for browser in running.browsers:
                await browser.close()


def _on_port(instance: Instance, number: int) -> Instance:
    """The instance for its first process; for the others the same on another port."""
    if number == 0:
        return instance
    port = free_port()
    return replace(instance, port=port, environment={**instance.environment, "IDP_PORT": str(port)})
