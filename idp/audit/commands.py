"""`idp record …`: the audit record, taken along to where a restore of the database does not reach it."""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer

from idp.audit.chain import RecordFault
from idp.audit.model import AuditRecord
from idp.audit.sealing import RecordSettings, Sealer
from idp.audit.store import EARLY_SECONDS, AuditStore
from idp.infrastructure.console import Commands, console
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.sources import first_id

PAGE = 1000
Since = Annotated[datetime, typer.Option(help="From when on (UTC, 2026-11-27T08:00:00).")]


def export(context: typer.Context, since: Since) -> None:
    """Print the record from an instant on, a line of JSON each, oldest first; run it by timer into an archive."""
    instant = since.replace(tzinfo=UTC).timestamp()

    async def work(base: Foundation) -> None:
        store, after = AuditStore(base.sources), first_id(instant - EARLY_SECONDS)
        while lines := await base.database.read(lambda after=after: store.after(after, PAGE)):  # type: ignore[misc]
            _print(line for line in lines if line.at >= instant)
            after = lines[-1].id

    console(context).run(work)


def commands(settings: Callable[[], RecordSettings]) -> Commands:
    """What this room adds to the command line."""
    app = typer.Typer(help="The record of what happened.", no_args_is_help=True)
    app.command()(export)

    @app.command()
    def verify(context: typer.Context) -> None:
        """Look at every sealed line; fails where one was changed, removed or added, or the end was cut off."""
        proved = console(context).run(lambda base: Sealer(base, settings().data_dir).prove())
        for fault in proved.faults:
            typer.echo(_told(fault))
        typer.echo(
            f"{proved.lines} lines under {proved.seals} seals; what is newer than {proved.until} is not sealed"
        )
        if proved.faults:
            raise typer.Exit(1)

    @app.command()
    def accept(context: typer.Context) -> None:
        """On this machine, take the end of the record as it is in the database: after a restore that was meant."""
        console(context).run(lambda base: Sealer(base, settings().data_dir).settle())

    return {"record": app}


def _told(found: RecordFault) -> str:
    if found.line_id:
        return f"{found.fault.value}: line {found.line_id}"
    return f"{found.fault.value}: between {found.since_id or 'the first line'} and {found.until_id}"


def _print(lines: Iterable[AuditRecord]) -> None:
    for line in lines:
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
