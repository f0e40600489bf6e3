"""The command line `idp`: the server, migrations, and the commands of every room."""

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

import idp
from idp.commands.doctor import examine
from idp.commands.preparation import prepare_database
from idp.commands.restore import RestoreCommands
from idp.commands.secret import SecretCommands
from idp.infrastructure import plugins
from idp.infrastructure.console import Commands, Console, fail, show
from idp.infrastructure.database import DatabaseUnavailable
from idp.infrastructure.database.version import MigrationBusy
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.key_value import KeyValueUnavailable
from idp.infrastructure.secret_file import BadSecretFile
from idp.infrastructure.typed import is_readable
from idp.infrastructure.vault import Unreadable
from idp.server import supervisor
from idp.server.composition import NotMigrated, RestoreUnfinished, foundation, require_what_was_seen
from idp.server.safety import refuse_unsafe
from idp.settings import ENV_FILE, Settings, UnsafeSettings, read_settings


@asynccontextmanager
async def _rooms(base: Foundation) -> AsyncIterator[Sequence[object]]:
    """The rooms of a house that is built, and not started."""
    # Loaded only when it is needed: it takes longer than all other commands.
    from idp.server.house import House  # noqa: PLC0415

    house = House(_settings(), base)
    await house.relying_parties.registry.load()  # to know which systems want a notice
    try:
        yield house.rooms
    finally:
        await house.stop()


app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


def _add_commands() -> None:
    """The groups of the roof and of every room; what several add to one stands with what tells what the group is."""
    roof: Commands = {
        "restore": RestoreCommands(_settings).app,
        "secret": SecretCommands(lambda: _settings().secret_path).app,
    }
    of_rooms = plugins.of_rooms(idp, "commands", "commands")
    groups = defaultdict[str, list[typer.Typer]](list)
    for commands in (roof, *(of_room(_settings) for of_room in of_rooms)):
        for name, part in commands.items():
            groups[name].append(part)
    for name, parts in groups.items():
        group, *others = sorted(parts, key=lambda part: not isinstance(part.info.help, str))
        for other in others:
            group.add_typer(other)
        app.add_typer(group, name=name)


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
    context.obj = Console(lambda: foundation(_settings()), _rooms)


@app.command()
def serve() -> None:
    """Start the server; refuses unsafe settings."""
    settings = _settings()
    try:
        refuse_unsafe(settings)
    except UnsafeSettings as error:
        fail(f"these settings must not go live:\n{error}")
    asyncio.run(_require_what_was_seen(settings))
    supervisor.run(settings)


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


_add_commands()


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
