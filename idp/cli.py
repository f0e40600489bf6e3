"""The command line `idp`: the server, migrations, and the commands of every room."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import uvicorn

from idp import schema, server
from idp.accounts import commands as accounts
from idp.accounts.lifecycle_commands import LifecycleCommands, Tools
from idp.accounts.service import Accounts
from idp.audit import commands as audit
from idp.authentication.commands import set_password, unlock
from idp.composition import NotMigrated, RestoreUnfinished, foundation, require_what_was_seen, upstreams
from idp.demo_plan import ENV_FILE
from idp.doctor import examine
from idp.federation import desk_commands as links
from idp.federation.commands import ProfileCommands, Surroundings
from idp.federation.installation import profiles_folder
from idp.infrastructure.console import Console, fail, show
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.database.version import MigrationBusy, head, version
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.secret_file import BadSecretFile, make_if_missing
from idp.infrastructure.sources import system_sources
from idp.infrastructure.typed import is_readable
from idp.infrastructure.vault import Unreadable
from idp.infrastructure.web.one_write import OneWrite
from idp.keys import commands as keys
from idp.keys.service import KeyRing
from idp.organizations import commands as organizations
from idp.organizations.divisions import read_divisions
from idp.organizations.roles_commands import RoleCommands
from idp.relying_parties import commands as relying_parties
from idp.restore_commands import RestoreCommands
from idp.safety import refuse_unsafe
from idp.secret_commands import SecretCommands
from idp.settings import Settings, UnsafeSettings, read_settings

if TYPE_CHECKING:
    from idp.house import House

GRACE_SECONDS = 10

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.add_typer(relying_parties.app, name="client")
accounts.app.command("unlock")(unlock)
accounts.app.command("set-password")(set_password)
app.add_typer(accounts.app, name="account")
app.add_typer(keys.app, name="keys")


@asynccontextmanager
async def _house(base: Foundation) -> AsyncIterator["House"]:
    """All rooms, without their background work; the server sends the messages."""
    # Loaded only when it is needed: it takes longer than all other commands.
    from idp.house import House  # noqa: PLC0415

    house = House(_settings(), base)
    await house.relying_parties.registry.load()
    try:
        yield house
    finally:
        await house.stop()


@asynccontextmanager
async def _lifecycle(base: Foundation) -> AsyncIterator[Tools]:
    """What the fate of accounts takes."""
    async with _house(base) as house:
        find = Accounts(base, house.accounts.hasher).find
        yield Tools(house.accounts.lifecycle, house.accounts.merges, find)


@asynccontextmanager
async def _organizations(base: Foundation) -> AsyncIterator[organizations.Tools]:
    """What legal persons take: mandates end sessions, so all rooms again."""
    async with _house(base) as house:
        find = Accounts(base, house.accounts.hasher).find
        yield organizations.Tools(house.organizations.organizations, find)


@asynccontextmanager
async def _links(base: Foundation) -> AsyncIterator[links.Tools]:
    """What links with upstream platforms take: all rooms, since ending one ends what it proved."""
    async with _house(base) as house:
        yield links.Tools(house.federation.links, Accounts(base, house.accounts.hasher).find)


def _upstreams() -> Surroundings:
    """Profiles, and which of them are in use here."""
    settings = _settings()
    folder = profiles_folder(settings.upstream_profiles_dir)
    used = upstreams(settings)
    return Surroundings(settings.issuer, folder, used, settings.ca_file, settings.unencrypted_hosts)


LifecycleCommands(_lifecycle).register(accounts.app)
upstream = typer.Typer(help="Platforms of province and state, by which people log in.", no_args_is_help=True)
ProfileCommands(_upstreams).register(upstream)
links.DeskCommands(_links).register(upstream)
app.add_typer(upstream, name="upstream")
app.add_typer(audit.app, name="record")
app.add_typer(RestoreCommands(lambda: _settings()).app, name="restore")  # noqa: PLW0108 - defined below
app.add_typer(SecretCommands(lambda: _settings().secret_path).app, name="secret")
app.add_typer(organizations.OrganizationCommands(_organizations).app, name="organization")
accounts.app.add_typer(RoleCommands(lambda: read_divisions(_settings().divisions_file)).app, name="role")

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback()
def prepare(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Option(help="Data directory of a ./dev run; else IDP_* settings.")
    ] = None,
) -> None:
    """湛河统一身份认证与用户中心 / Zhanhe Unified Identity."""
    if data is not None:
        _read_env_file(data / ENV_FILE)
    context.obj = Console(lambda: foundation(_settings()))


@app.command()
def serve() -> None:
    """Start the server; refuses unsafe settings."""
    settings = _settings()
    try:
        refuse_unsafe(settings)
    except UnsafeSettings as error:
        fail(f"these settings must not go live:\n{error}")
    asyncio.run(_require_what_was_seen(settings))
    # uvicorn stops gracefully, then raises the signal again: having been asked to end is no failure.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    gc.disable()  # until the application stands (idp.app)
    config = uvicorn.Config(
        "idp.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop",
        http=OneWrite,
        ws="none",
        lifespan="on",
        proxy_headers=False,  # infrastructure.web.address reads them, from known proxies only
        server_header=False,
        access_log=False,
        log_level="warning",
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=65,
        ssl_certfile=settings.tls_cert_file,
        ssl_keyfile=settings.tls_key_file,
    )
    server.run(config)


@app.command("migrate")
def migrate_command(as_json: Json = False) -> None:
    """Bring the database to the version of this program; make the secret and the first signing keys."""
    settings = _settings()
    show(asyncio.run(prepare_database(settings)), as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Examine settings, stores, clock and TLS, and say what to do; exit status 1 when something must be done."""
    try:
        settings = read_settings()
    except UnsafeSettings as error:
        show(
            [{"check": "settings", "ok": False, "says": problem} for problem in error.problems],
            as_json=as_json,
        )
        raise typer.Exit(1) from error
    findings = asyncio.run(examine(settings))
    show([finding.shown() for finding in findings], as_json=as_json)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


async def prepare_database(settings: Settings) -> dict[str, object]:
    """Everything `idp migrate` does; the versions before and after."""
    made = make_if_missing(settings.secret_path, system_sources())
    before = after = await version(settings.database)
    if before < head():
        # Loaded only when there is something to do: it takes longer than all the rest.
        from idp.infrastructure.database.migrate import migrate  # noqa: PLC0415

        before, after = await migrate(settings.database, schema.metadata)
    async with foundation(settings) as base:
        await KeyRing(base).ensure()
    return {"before": before, "after": after, "secret_made": made}


async def _require_what_was_seen(settings: Settings) -> None:
    async with foundation(settings) as base:
        await require_what_was_seen(base, settings)


def _settings() -> Settings:
    try:
        return read_settings()
    except UnsafeSettings as error:
        fail(f"settings:\n{error}")


def _read_env_file(path: Path) -> None:
    """Take the IDP_* lines of a data directory instead of those of the environment."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError:
        fail(f"{path} cannot be read; is this the data directory of a ./dev run?")
    for name in [name for name in os.environ if name.startswith("IDP_")]:
        del os.environ[name]
    for line in lines:
        name, separator, value = line.partition("=")
        if separator:
            os.environ[name] = value


def main() -> None:
    """The console script; what can be said in a line is said in a line."""
    if not all(map(is_readable, sys.argv)):
        raise SystemExit("idp: an argument is no text in UTF-8")
    try:
        app()
    except (NotMigrated, RestoreUnfinished, BadSecretFile, MigrationBusy) as error:
        raise SystemExit(f"idp: {error}") from error
    except Unreadable as error:
        raise SystemExit("idp: the secret file does not belong to this database") from error
    except DatabaseUnavailable as error:
        raise SystemExit(f"idp: the database does not answer ({error})") from error
    except KeyValueUnavailable as error:
        raise SystemExit(f"idp: the key-value store does not answer ({error})") from error
