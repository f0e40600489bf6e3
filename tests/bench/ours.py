"""Our provider under test: PostgreSQL and Redis, one worker, set up through its command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.backends import Backends
from tests.bench.server import start_server
from tests.bench.target import Endpoints, Target
from tests.support.instance import Account, Client, Instance
from tests.support.ports import LOOPBACK
from tests.support.processes import Process

USERNAMES = ("zhangsan", "lisi", "wangwu", "zhaoliu", "sunqi", "zhouba", "wujiu", "zhengshi")
ENDPOINTS = Endpoints("/authorize", "/token", "/userinfo", "/introspect")


@dataclass(slots=True)
class Ours:
    """The running provider, how to talk to it, and who may log in."""

    process: Process
    start_seconds: float
    target: Target
    by_default: Client
    """The same system, with ID tokens of RS256: what a registration gets that says nothing."""
    accounts: list[Account]
    instance: Instance


def start_ours(
    stores: Backends,
    redirect_uri: str,
    cores: set[int],
    folder: Path,
    *,
    name: str = "ours",
    registration: Sequence[str] = (),
    **settings: str,
) -> Ours:
    """A running provider on the given cores; with what the client is registered with beside the usual."""
    instance = Instance.create(
        folder,
        DATABASE_URL=stores.database_url,
        KEY_VALUE_URL=stores.redis_url,
        WORKERS="1",
        ACCESS_TOKEN_LIFETIME="600",
        LOGIN_ATTEMPTS_PER_ADDRESS="1000000",
        **settings,
    )
    client = _create_client(instance, "bench", redirect_uri, ("--id-token-alg", "ES256", *registration))
    by_default = _create_client(instance, "bench-rs256", redirect_uri, ("--id-token-alg", "RS256"))
    resource_server = instance.create_client(
        "bench-api", "--resource-server", "--grant", "client_credentials"
    )
    accounts = [instance.create_account(username) for username in USERNAMES]
    process = instance.process()
    start_server(process, ENDPOINTS.discovery, cores)
    # The first start makes keys and compiles templates; the second is what a restart costs.
    process.stop()
    start_seconds = start_server(process, ENDPOINTS.discovery, cores)
    target = Target(
        name=name,
        host=LOOPBACK,
        port=instance.port,
        endpoints=ENDPOINTS,
        client=client,
        resource_server=resource_server,
        redirect_uri=redirect_uri,
        scope="openid profile offline_access",
        pid=process.pid,
    )
    return Ours(process, start_seconds, target, by_default, accounts, instance)


def _create_client(instance: Instance, name: str, redirect_uri: str, registration: Sequence[str]) -> Client:
    grants = ("authorization_code", "refresh_token", "client_credentials")
    scopes = ("openid", "profile", "offline_access")
    return instance.create_client(
        name,
        *("--redirect-uri", redirect_uri, "--no-consent"),
        *(argument for grant in grants for argument in ("--grant", grant)),
        *(argument for scope in scopes for argument in ("--scope", scope)),
        *registration,
    )
