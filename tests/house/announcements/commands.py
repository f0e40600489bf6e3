"""`idp announcement …`: what people should know."""

from collections.abc import Callable
from typing import Annotated

import typer

from idp.announcements.service import Announcements
from idp.infrastructure.console import Commands, console, show
from idp.infrastructure.foundation import Foundation

app = typer.Typer(help="What people should know.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    text: str,
    hours: Annotated[float, typer.Option(help="For how long.")] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Announce something on a page."""

    async def work(base: Foundation) -> str:
        return await Announcements(base).add(text, hours)

    show({"id": console(context).run(work)}, as_json=as_json)


def commands(settings: Callable[[], object]) -> Commands:
    """What this room adds to the command line."""
    return {"announcement": app}
