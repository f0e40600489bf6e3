"""Key-value store in a table of the SQL database: several workers and restarts, without Redis."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    Table,
    Text,
    bindparam,
    case,
    delete,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from idp.infrastructure.database import Database, DatabaseUnavailable, Statement, metadata
from idp.infrastructure.database.interface import fetch, first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.database.sweeping import delete_some, in_steps
from idp.infrastructure.key_value.interface import KeyValueUnavailable

key_values = Table(
    "key_values",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=True),
    Column("previous", LargeBinary, nullable=True),
    Column("count", Integer, nullable=True),
    Column("expires_at", Instant, nullable=False, index=True),
)

_name = bindparam("the_name", type_=Text)
_now = bindparam("now", type_=Instant())
_alive = key_values.c.expires_at > _now
_one = literal_column("1", Integer)
_fresh = insert(key_values).values(name=_name, value=bindparam("value"), expires_at=bindparam("expires_at"))
_window = insert(key_values).values(name=_name, count=_one, expires_at=bindparam("expires_at"))

GET = Statement(select(key_values.c.value).where(key_values.c.name == _name, _alive))
PUT = Statement(
    _fresh.on_conflict_do_update(
        index_elements=["name"],
        set_={"value": _fresh.excluded.value, "expires_at": _fresh.excluded.expires_at},
    ),
    lock_key="the_name",
)
ADD = Statement(
    _fresh.on_conflict_do_update(
        index_elements=["name"],
        set_={"value": _fresh.excluded.value, "expires_at": _fresh.excluded.expires_at},
        where=key_values.c.expires_at <= _now,
    ).returning(key_values.c.name),
    lock_key="the_name",
)
SWAP = Statement(
    update(key_values)
    .where(key_values.c.name == _name, _alive)
    .values(previous=key_values.c.value, value=bindparam("value"))
    .returning(key_values.c.previous),
    lock_key="the_name",
)
TAKE = Statement(
    delete(key_values).where(key_values.c.name == _name, _alive).returning(key_values.c.value),
    lock_key="the_name",
)
INCREMENT = Statement(
    _window.on_conflict_do_update(
        index_elements=["name"],
        set_={
            "count": case((key_values.c.expires_at <= _now, _one), else_=key_values.c.count + _one),
            "expires_at": case(
                (key_values.c.expires_at <= _now, _window.excluded.expires_at), else_=key_values.c.expires_at
            ),
        },
    ).returning(key_values.c.count),
    lock_key="the_name",
)
SWEEP = delete_some(key_values, key_values.c.expires_at <= _now, oldest=key_values.c.expires_at)

SWEEP_SECONDS = 60


class SqlKeyValue:
    """The `KeyValue` that needs nothing but the database."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._database = database
        self._now = now
        self._swept_at = now()
        self._sweeping: asyncio.Task[None] | None = None

    async def get(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.get`."""
        try:
            row = first(await self._database.read(fetch(GET(the_name=f"{kind}:{key}", now=self._now()))))
        except DatabaseUnavailable as error:
            raise KeyValueUnavailable(str(error)) from error
        return row["value"] if row else None

    async def put(self, kind: str, key: str, value: bytes, ttl: int) -> None:
        """See `KeyValue.put`."""
        await self._write(PUT(the_name=f"{kind}:{key}", value=value, expires_at=self._now() + ttl))

    async def add(self, kind: str, key: str, value: bytes, ttl: int) -> bool:
        """See `KeyValue.add`."""
        now = self._now()
        call = ADD(the_name=f"{kind}:{key}", value=value, expires_at=now + ttl, now=now)
        return await self._write(call, "name") is not None

    async def swap(self, kind: str, key: str, value: bytes) -> bytes | None:
        """See `KeyValue.swap`."""
        call = SWAP(the_name=f"{kind}:{key}", value=value, now=self._now())
        previous: bytes | None = await self._write(call, "previous")
        return previous

    async def take(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.take`."""
        taken: bytes | None = await self._write(TAKE(the_name=f"{kind}:{key}", now=self._now()), "value")
        return taken

    async def increment(self, kind: str, key: str, ttl: int) -> int:
        """See `KeyValue.increment`."""
        now = self._now()
        call = INCREMENT(the_name=f"{kind}:{key}", expires_at=now + ttl, now=now)
        count: int = await self._write(call, "count")
        return count

    async def close(self) -> None:
        """See `KeyValue.close`; the database belongs to whoever opened it."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            await asyncio.gather(self._sweeping, return_exceptions=True)

    async def _sweep(self) -> None:
        """Forget what has expired, beside the requests; what fails is done at the next turn."""
        call = fetch(SWEEP(now=self._now()))

        async def step() -> int:
            return len(await self._database.background.write(call))

        with suppress(DatabaseUnavailable):
            await in_steps(step)

    async def _write(self, call: Call, column: str = "") -> Any:
        """The one column that a statement answers; None where it answers no row."""
        try:
            row = first(await self._database.write(fetch(call)))
            if self._now() >= self._swept_at + SWEEP_SECONDS:
                self._swept_at = self._now()
                self._sweeping = asyncio.create_task(self._sweep())
        except DatabaseUnavailable as error:
            raise KeyValueUnavailable(str(error)) from error
        return row[column] if row else None
