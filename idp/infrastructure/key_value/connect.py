"""Opens the key-value store that a setting names."""

from collections.abc import Callable

from idp.infrastructure.database import Database
from idp.infrastructure.key_value.interface import KeyValue
from idp.infrastructure.key_value.memory import MemoryKeyValue
from idp.infrastructure.key_value.redis import RedisKeyValue
from idp.infrastructure.key_value.sql import SqlKeyValue

REDIS = ("redis://", "rediss://", "unix://")


def connect(url: str, database: Database, now: Callable[[], float]) -> KeyValue:
    """`redis://…`, `sql` or `memory`; raises ValueError for anything else."""
    if url.startswith(REDIS):
        return RedisKeyValue.connect(url)
    if url == "sql":
        return SqlKeyValue(database, now)
    if url == "memory":
        return MemoryKeyValue(now)
    raise ValueError("the key-value URL must be redis://…, sql or memory")
