"""`idp record …`: the audit record, taken along to where a restore of the database does not reach it."""

import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Annotated

import orjson
import typer

from idp.audit.model import AuditRecord
from idp.audit.store import EARLY_SECONDS, AuditStore
from idp.infrastructure.console import Commands, console
from idp.infrastructure.foundation import Foundation
from idp.infrastructure.sources import first_id

app = typer.Typer(help="The record of what happened.", no_args_is_help=True)

PAGE = 1000
Since = Annotated[datetime, typer.Option(help="From when on (UTC, 2026-11-27T08:00:00).")]


@app.command()
def export(context: typer.Context, since: Since) -> None:
    """Print the record from an instant on, a line of JSON each, oldest first; run it by timer into an archive."""
    instant = since.replace(tzinfo=UTC).timestamp()

    async def work(base: Foundation) -> None:
        store, after = AuditStore(base.sources), first_id(instant - EARLY_SECONDS)
        while lines := await base.database.read(lambda after=after: store.after(after, PAGE)):  # type: ignore[misc]
            _print(line for line in lines if line.at >= instant)
            after = lines[-1].id

    console(context).run(work)


def commands(settings: Callable[[], object]) -> Commands:
    """What this room adds to the command line."""
    return {"record": app}


def _print(lines: Iterable[AuditRecord]) -> None:
    for line in lines:
        sys.stdout.write(orjson.dumps(line).decode() + "\n")
