"""Drives several units of work side by side: in each round, like calls are put together."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from idp.infrastructure.database.interface import Transaction
from idp.infrastructure.database.statement import Call, Row, Statement

Work = Callable[[], Transaction[Any]] | Call
"""A unit of work, or a single call whose rows nobody waits for."""
Groups = list[tuple[Statement, list[tuple[int, Call]]]]


class Lockstep:
    """The state of a shared transaction: which unit waits for which call, and what came out of the finished ones.

    A call that answers no rows is not waited for: the unit goes on at once, and its calls are made one after
    the other, in the order in which it asked for them; those that only add rows to one table, all in one round.
    """

    def __init__(self, works: Sequence[Work]) -> None:
        self.outcomes: list[Any] = [None] * len(works)
        self._units: dict[int, Transaction[Any]] = {}
        self._asked: list[deque[Call]] = [deque() for _ in works]
        self._running: set[int] = set()
        for number, work in enumerate(works):
            if isinstance(work, Call):
                self._asked[number].append(work)
            else:
                self._units[number] = work()
                self._running.add(number)
                self._advance(number, None)

    def round(self) -> Groups:
        """What to call now, grouped by statement in lock order; empty when all is done."""
        groups: dict[Statement, list[tuple[int, Call]]] = {}
        for number, calls in enumerate(self._asked):
            if calls:
                call = calls.popleft()
                group = groups.setdefault(call.statement, [])
                group.append((number, call))
                while calls and _goes_along(calls[0], call):
                    group.append((number, calls.popleft()))
        for statement, asked in groups.items():
            key = statement.lock_key
            if key is not None and len(asked) > 1:
                asked.sort(key=lambda item: item[1].parameters[key])
        return sorted(groups.items(), key=_order)

    def alone(self) -> bool:
        """Whether one statement is all that is left, so that it needs no transaction around it."""
        if self._running or any(len(calls) > 1 for calls in self._asked):
            return False
        return len({calls[0].statement for calls in self._asked if calls}) == 1

    def answer(self, number: int, rows: Sequence[Row]) -> None:
        """Send a unit the rows it waits for and note what it asks next."""
        self._advance(number, rows)

    def _advance(self, number: int, rows: Sequence[Row] | None) -> None:
        unit, asked = self._units[number], self._asked[number]
        try:
            call = next(unit) if rows is None else unit.send(rows)
            asked.append(call)
            while not call.statement.returns_rows:
                call = unit.send(())
                asked.append(call)
        except StopIteration as stop:
            self.outcomes[number] = stop.value
            self._running.discard(number)


def _goes_along(call: Call, first: Call) -> bool:
    """Rows that are only added wait for nobody, so that they need no order among those of other units."""
    statement = first.statement
    return call.statement is statement and not statement.returns_rows and statement.lock_key is None


def _order(group: tuple[Statement, list[tuple[int, Call]]]) -> int:
    return group[0].order
