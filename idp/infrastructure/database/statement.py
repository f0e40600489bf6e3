"""A statement written once in SQLAlchemy Core and compiled once for the driver that runs it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from itertools import count
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, bindparam
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase

Row = Mapping[str, Any]
"""One row of an answer, by column name."""

CALL = "call_"
"""Column that carries a call's number back, so that the rows of many calls may come in one answer."""

_order = count()


class Compiled(NamedTuple):
    """What a driver is given."""

    text: str
    constants: Mapping[str, Any]
    positions: Sequence[str]


class Statement:
    """SQL text and parameter order for one Core statement, the same on PostgreSQL and SQLite.

    Compiled when a driver first asks: a command of the command line runs a handful of the hundreds there are.

    Calling it with parameters gives the `Call` that a transaction yields. A shared transaction runs its
    statements in the order of their definition and the calls of one statement in the order of `lock_key`,
    so that two workers never wait for each other in a circle.
    """

    def __init__(self, core: Select[Any] | UpdateBase, *, lock_key: str | None = None) -> None:
        self.order = next(_order)
        self.lock_key = lock_key
        number = bindparam(CALL, type_=Integer).label(CALL)
        self.returns_rows = True
        if isinstance(core, Select):
            core = core.add_columns(number)
        elif core._returning:
            core = core.returning(number)
        else:
            self.returns_rows = False
        self._core = core

    def __call__(self, **parameters: Any) -> "Call":
        return Call(self, parameters)

    @cached_property
    def postgresql(self) -> Compiled:
        """For asyncpg."""
        return _compile(self._core, asyncpg.dialect())  # type: ignore[no-untyped-call]

    @cached_property
    def sqlite(self) -> Compiled:
        """For the standard library's driver, by names."""
        return _compile(self._core, sqlite.dialect(paramstyle="named"))


def _compile(core: Any, dialect: Any) -> Compiled:
    compiled = core.compile(dialect=dialect)
    assert isinstance(compiled, SQLCompiler)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return Compiled(str(compiled), constants, tuple(compiled.positiontup or ()))


class Call:
    """A statement with its parameters; a transaction yields it and is sent its rows."""

    __slots__ = ("parameters", "statement")

    def __init__(self, statement: Statement, parameters: dict[str, Any]) -> None:
        self.statement = statement
        self.parameters = parameters

    def arguments(self, number: int) -> list[Any]:
        """The parameters in the order of PostgreSQL's $1, $2, …"""
        values = self._values(self.statement.postgresql, number)
        return [values[name] for name in self.statement.postgresql.positions]

    def names(self) -> dict[str, Any]:
        """The parameters by name, as SQLite takes them."""
        return self._values(self.statement.sqlite, 0)

    def _values(self, compiled: Compiled, number: int) -> dict[str, Any]:
        return {**compiled.constants, **self.parameters, CALL: number}
