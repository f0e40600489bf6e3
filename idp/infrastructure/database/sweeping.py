"""Clearing away in small steps: none holds a lock, a line or the event loop for longer than a request would."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import ColumnElement, Integer, Table, delete, literal_column, select

from idp.infrastructure.database.statement import Statement

MOST = 100
"""As many rows as one step takes."""
REST = 2.5
"""So many times as long as a step took it rests before the next: clearing away takes two sevenths of a core at most."""


def delete_some(table: Table, *which: ColumnElement[bool], oldest: ColumnElement[Any]) -> Statement:
    """Delete the first MOST rows that fit, in the order of an index; what another worker is at is left to it.

    The order and the written-out limit let a planner begin at the right end of the index instead of reading the table.
    """
    [key] = table.primary_key
    found = select(key).where(*which).order_by(oldest).limit(literal_column(str(MOST), Integer))
    found = found.with_for_update(skip_locked=True)
    return Statement(delete(table).where(key.in_(found.scalar_subquery())).returning(key))


async def in_steps(step: Callable[[], Awaitable[int]], most: int = MOST) -> int:
    """Repeat a step until it finds less than `most`; how many it found in all."""
    count = 0
    while True:
        began = asyncio.get_running_loop().time()
        found = await step()
        count += found
        if found < most:
            return count
        await rest_since(began)


async def rest_since(began: float) -> None:
    """Leave the machine to the requests for a while after a step; `began` is a time of the event loop."""
    await asyncio.sleep(REST * (asyncio.get_running_loop().time() - began))
