"""What the commands of every room share: a foundation to work on, and output for people or for programs."""

import asyncio
import getpass
import json
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console as Terminal
from rich.table import Table

from idp.infrastructure.foundation import Foundation

R = TypeVar("R")
T = TypeVar("T")

Commands = Mapping[str, typer.Typer]
"""The name of a group of commands (`idp NAME …`) → what a room adds to it."""

ANY_NAME = {"ignore_unknown_options": True}
"""Settings of a command whose argument is base64url: one in 64 begins with a hyphen, and is no option."""


@dataclass(frozen=True, slots=True)
class Console:
    """Kept in the context of the command line; opens the foundation, or the house upon it, when a command needs it."""

    open: Callable[[], AbstractAsyncContextManager[Foundation]]
    rooms: Callable[[Foundation], AbstractAsyncContextManager[Sequence[object]]]
    """All rooms, without their background work; the server sends the messages."""

    def run(self, work: Callable[[Foundation], Awaitable[T]]) -> T:
        """Do something with the foundation."""

        async def main() -> T:
            async with self.open() as foundation:
                return await work(foundation)

        return asyncio.run(main())

    def run_in(self, room: type[R], work: Callable[[R], Awaitable[T]]) -> T:
        """Do something with a room, where it takes what all rooms know: whose account ends, what ends with it.

        A room's assembly is imported by the commands that come here when they are run: with all that it imports, it
        takes longer than all other commands.
        """

        async def opened(foundation: Foundation) -> T:
            async with self.rooms(foundation) as rooms:
                return await work(next(each for each in rooms if isinstance(each, room)))

        return self.run(opened)


def console(context: typer.Context) -> Console:
    """The console of a command's context."""
    found = context.find_object(Console)
    assert found is not None
    return found


def actor() -> str:
    """Who acts, for the audit record."""
    return f"cli:{getpass.getuser()}"


def show(data: Any, *, as_json: bool) -> None:
    """Print an object, or a list of objects, as JSON or as a table."""
    if as_json:
        typer.echo(json.dumps(data, ensure_ascii=False))
    elif isinstance(data, dict):
        _table(
            ["", ""], [[name, str(value)] for name, value in data.items() if value is not None], header=False
        )
    elif data:
        names = list(data[0])
        _table(names, [[str(each[name]) for name in names] for each in data], header=True)
    else:
        typer.echo("(none)")


def fail(message: str) -> NoReturn:
    """End with a message and exit status 1."""
    typer.echo(f"idp: {message}", err=True)
    raise typer.Exit(1)


def password_from_input(from_stdin: bool) -> str:
    """A new password: one line of standard input, or asked for twice."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("password", hide_input=True, confirmation_prompt=True))


def _table(names: Sequence[str], rows: Sequence[Sequence[str]], *, header: bool) -> None:
    table = Table(box=None, show_header=header)
    for name in names:
        table.add_column(name, overflow="fold")  # whole words and whole ids, however narrow the terminal
    for row in rows:
        table.add_row(*row)
    Terminal().print(table)
