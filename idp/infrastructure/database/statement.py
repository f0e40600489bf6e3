"""A statement written once in SQLAlchemy Core and compiled at start for each driver."""

from collections.abc import Mapping
from itertools import count
from typing import Any

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


class Statement:
    """SQL text and parameter order for one Core statement, the same on PostgreSQL and SQLite.

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
        self._constants: dict[str, Any] = {}
        on_postgresql = self._compile(core, asyncpg.dialect())  # type: ignore[no-untyped-call]
        on_sqlite = self._compile(core, sqlite.dialect(paramstyle="named"))
        self.postgresql, self.sqlite = str(on_postgresql), str(on_sqlite)
        self.positions = tuple(on_postgresql.positiontup or ())

    def __call__(self, **parameters: Any) -> "Call":
        return Call(self, {**self._constants, **parameters})

    def _compile(self, core: Any, dialect: Any) -> SQLCompiler:
        compiled = core.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self._constants |= {name: value for name, value in compiled.params.items() if value is not None}
        return compiled


class Call:
    """A statement with its parameters; a transaction yields it and is sent its rows."""

    __slots__ = ("parameters", "statement")

    def __init__(self, statement: Statement, parameters: dict[str, Any]) -> None:
        self.statement = statement
        self.parameters = parameters

    def arguments(self, number: int) -> list[Any]:
        """The parameters in the order of PostgreSQL's $1, $2, …"""
        self.parameters[CALL] = number
        return [self.parameters[name] for name in self.statement.positions]
