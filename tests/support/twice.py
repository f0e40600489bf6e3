"""A database that runs every unit of work twice, the first time for nothing: a unit may be run again at any time.

What stands in a unit's way in a shared transaction makes it run again, alone. Whatever a unit does beside what it
yields (a list that it fills, a value that it keeps for after the commit) would then be done twice.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from types import CellType
from typing import Any, TypeVar

import pytest
from sqlalchemy import literal_column, select

from idp.infrastructure.database import Database, Statement, Transaction
from idp.infrastructure.database.statement import Call

T = TypeVar("T")
MADE = 8
"""Texts and bytes of this length and more may be ids and tokens, which are new each time: their length is compared.
Of shorter ones the digits may be: a name for somebody without one."""


_ANSWERED = Statement(select(literal_column("1").label("one")))
"""Made last of all statements, so that it is run after all others of its round."""


class _Undone(Exception):
    """Carries the outcome of a unit out of a transaction that it rolls back."""

    def __init__(self, outcome: object) -> None:
        super().__init__("undone")
        self.outcome = outcome


class Twice:
    """One unit at a time, so that between the two runs nothing else has changed."""

    def __init__(self, inner: Database, beside: "Twice | None" = None) -> None:
        self._inner = inner
        self._background: Twice | None = None
        self._one: asyncio.Lock = beside._one if beside else asyncio.Lock()
        self._rehearses: list[bool] = beside._rehearses if beside else [True]

    async def write(self, work: Callable[[], Transaction[T]]) -> T:
        """See `Database.write`."""
        if not self._rehearses[0]:
            return await self._inner.write(work)
        async with self._one:
            kept = _kept(work)
            rehearsed = await self._rehearsed(work)
            assert _kept(work) == kept, f"{work} keeps something that is not its outcome"
            if isinstance(rehearsed, Exception):
                with pytest.raises(type(rehearsed)):
                    await self._inner.write(work)
                raise rehearsed
            outcome = await self._inner.write(work)
        assert _alike(rehearsed, outcome), f"{work}: {rehearsed!r}, then {outcome!r}"
        return outcome

    async def _rehearsed(self, work: Callable[[], Transaction[T]]) -> object:
        def rehearsal() -> Transaction[None]:
            outcome = yield from work()
            yield _ANSWERED()  # a unit does not wait for what answers no rows: that must have been done too
            raise _Undone(outcome)

        try:
            await self._inner.write(rehearsal)
        except _Undone as undone:
            return undone.outcome
        except Exception as error:  # noqa: BLE001 - it is compared with what the real run does
            return error
        raise AssertionError("a rehearsal was committed")

    async def add(self, call: Call) -> None:
        """See `Database.add`."""
        if self._rehearses[0]:
            async with self._one:
                await self._inner.add(call)
        else:
            await self._inner.add(call)

    async def read(self, work: Callable[[], Transaction[T]]) -> T:
        """See `Database.read`."""
        return await self._inner.read(work)

    @property
    def background(self) -> Database:
        """See `Database.background`."""
        self._background = self._background or Twice(self._inner.background, self)
        return self._background

    async def close(self) -> None:
        """See `Database.close`."""
        await self._inner.close()

    def once(self) -> None:
        """From now on units run once: for a test that counts or races what happens in them."""
        self._rehearses[0] = False


def once(database: Database) -> None:
    """See `Twice.once`."""
    assert isinstance(database, Twice)
    database.once()


def _kept(work: Callable[..., object]) -> list[str]:
    """What the function that makes a unit has beside its parameters, as far as it could be changed by running it."""
    closure = getattr(work, "__closure__", None) or ()
    cells = [cell.cell_contents for cell in closure if cell != CellType()]
    return [repr(each) for each in cells if isinstance(each, (list, dict, set, int, str, type(None)))]


def _alike(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, (str, bytes)):
        return one == other or len(one) == len(other) >= MADE or _plain(one) == _plain(other)
    if hasattr(one, "keys"):  # a row is a mapping in all but name
        return all(_alike(one[key], other[key]) for key in {*one.keys(), *other.keys()})
    if isinstance(one, Sequence):
        return len(one) == len(other) and all(map(_alike, one, other))
    if is_dataclass(one):
        return all(_alike(getattr(one, each.name), getattr(other, each.name)) for each in fields(one))
    return bool(one == other)


def _plain(text: str | bytes) -> str | bytes:
    return text if isinstance(text, bytes) else re.sub(r"[0-9]", "0", text)
