"""Counts what requests ask of the stores: statements of the database, commands of the key-value store."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

import pytest

from idp.infrastructure.database import Transaction
from idp.infrastructure.database.sqlite import SQLite
from idp.infrastructure.database.statement import Call
from idp.infrastructure.key_value import Operation
from idp.infrastructure.key_value.memory import MemoryKeyValue
from tests.support.inprocess import Provider
from tests.support.statements import every_statement

T = TypeVar("T")
COMMANDS = ("get", "put", "add", "swap", "take", "increment", "together")


@dataclass
class Counts:
    """What was asked: statements by module and name, commands by what they do to which kind of key.

    What is done together is one command. `units` are the units of work: each `read` or `write`.
    """

    statements: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    units: list[str] = field(default_factory=list, compare=False)

    def clear(self) -> None:
        """Begin anew."""
        for each in (self.statements, self.commands, self.units):
            each.clear()


@contextmanager
def counting(house: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counts]:
    """Count what requests ask of a provider in SQLite and memory, made with `twice=False`."""
    counts, database = Counts(), house.worker.base.database
    assert isinstance(database, SQLite)
    assert isinstance(house.worker.base.key_value, MemoryKeyValue)
    with monkeypatch.context() as patched:
        # On this one only: work in the background has a line of its own.
        for name in ("read", "write"):
            patched.setattr(database, name, _counted_units(name, getattr(database, name), counts))
        patched.setattr(database, "add", _counted_calls(database.add, counts))
        _count_commands(patched, house.worker.base.key_value, counts)
        yield counts


def _counted_units(
    name: str, run: Callable[[Any], Awaitable[Any]], counts: Counts
) -> Callable[[Any], Awaitable[Any]]:
    async def counted(work: Callable[[], Transaction[T]]) -> Any:
        counts.units.append(name)
        return await run(lambda: _noting(work(), counts))

    return counted


def _noting(unit: Transaction[T], counts: Counts) -> Transaction[T]:
    answer: Any = None
    while True:
        try:
            call = unit.send(answer)
        except StopIteration as stop:
            outcome: T = stop.value
            return outcome
        counts.statements.append(_name(call))
        answer = yield call


def _counted_calls(
    add: Callable[[Call], Awaitable[None]], counts: Counts
) -> Callable[[Call], Awaitable[None]]:
    async def counted(call: Call) -> None:
        counts.units.append("write")
        counts.statements.append(_name(call))
        await add(call)

    return counted


def _count_commands(patched: pytest.MonkeyPatch, store: MemoryKeyValue, counts: Counts) -> None:
    """Each once, also where one is made of others: nothing is waited for in memory, so none is between them."""
    within: list[str] = []

    def counted(name: str, command: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def run(what: str | Sequence[Operation], *arguments: Any) -> Any:
            if not within:
                counts.commands.append(f"{name} {what}" if isinstance(what, str) else _together(what))
            within.append(name)
            try:
                return await command(what, *arguments)
            finally:
                within.pop()

        return run

    for name in COMMANDS:
        patched.setattr(store, name, counted(name, getattr(store, name)))


def _together(operations: Sequence[Operation]) -> str:
    return ", ".join(f"{type(each).__name__.lower()} {each.kind}" for each in operations)


@cache
def _names() -> dict[int, str]:
    return {id(statement): name for name, statement in every_statement().items()}


def _name(call: Call) -> str:
    return _names()[id(call.statement)]
