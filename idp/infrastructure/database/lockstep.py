"""Drives several units of work side by side: in each round, like calls are put together."""

from collections.abc import Callable, Sequence
from typing import Any

from idp.infrastructure.database.interface import Transaction
from idp.infrastructure.database.statement import Call, Row, Statement

Work = Callable[[], Transaction[Any]]


class Lockstep:
    """The state of a shared transaction: which unit waits for which call, and what came out of the finished ones."""

    def __init__(self, works: Sequence[Work]) -> None:
        self.outcomes: list[Any] = [None] * len(works)
        self._running: dict[int, Transaction[Any]] = {}
        self._asked: dict[int, Call] = {}
        for number, work in enumerate(works):
            self._running[number] = work()
            self._resume(number, None)

    def round(self) -> list[tuple[Statement, list[tuple[int, Call]]]]:
        """What is asked now, grouped by statement in lock order; empty when every unit has finished."""
        groups: dict[Statement, list[tuple[int, Call]]] = {}
        for number, call in self._asked.items():
            groups.setdefault(call.statement, []).append((number, call))
        for statement, calls in groups.items():
            key = statement.lock_key
            if key is not None and len(calls) > 1:
                calls.sort(key=lambda asked: asked[1].parameters[key])
        return sorted(groups.items(), key=lambda group: group[0].order)

    def answer(self, number: int, rows: Sequence[Row]) -> None:
        """Send a unit its rows and note what it asks next."""
        self._resume(number, rows)

    def _resume(self, number: int, rows: Sequence[Row] | None) -> None:
        unit = self._running[number]
        try:
            self._asked[number] = next(unit) if rows is None else unit.send(rows)
        except StopIteration as stop:
            self.outcomes[number] = stop.value
            self._asked.pop(number, None)
            del self._running[number]
