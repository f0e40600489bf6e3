"""The table of the key-value store; single use and counting are one statement each."""

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

from idp.infrastructure.database import Statement, Transaction, metadata
from idp.infrastructure.database.interface import first
from idp.infrastructure.database.schema import Instant
from idp.infrastructure.database.statement import Call
from idp.infrastructure.database.sweeping import delete_some

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


class KeyValueStore:
    """One statement per method; `name` is kind and key, instants are Unix seconds."""

    def get(self, name: str, now: float) -> Transaction[bytes | None]:
        """The value of a name that has not expired."""
        row = first((yield GET(the_name=name, now=now)))
        return None if row is None else row["value"]

    def put(self, name: str, value: bytes, expires_at: float) -> Transaction[None]:
        """Set a value, whatever there was."""
        yield PUT(the_name=name, value=value, expires_at=expires_at)

    def add(self, name: str, value: bytes, expires_at: float, now: float) -> Transaction[bool]:
        """Set a value where there is none; True for the one caller that did."""
        return bool((yield ADD(the_name=name, value=value, expires_at=expires_at, now=now)))

    def swap(self, name: str, value: bytes, now: float) -> Transaction[bytes | None]:
        """Replace a value where there is one; the one before."""
        row = first((yield SWAP(the_name=name, value=value, now=now)))
        return None if row is None else row["previous"]

    def take(self, name: str, now: float) -> Transaction[bytes | None]:
        """Remove a value; it, for the one caller that removed it."""
        row = first((yield TAKE(the_name=name, now=now)))
        return None if row is None else row["value"]

    def increment(self, name: str, expires_at: float, now: float) -> Transaction[int]:
        """Count one more in a window that began with the first; how many it makes."""
        [row] = yield INCREMENT(the_name=name, expires_at=expires_at, now=now)
        return int(row["count"])

    def sweep(self, now: float) -> Call:
        """The call that forgets some of what has expired; a row for each."""
        return SWEEP(now=now)
