"""Key-value store in Redis or Valkey: the commands of one turn of the event loop share one write."""

import asyncio
from collections.abc import Sequence
from typing import Any

import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ReadOnlyError, RedisError

from idp.infrastructure.batching import Batcher
from idp.infrastructure.key_value.interface import KeyValueUnavailable, Operation

TIMEOUT_SECONDS = 1.0
LANES = 2

_Command = tuple[bytes | str | int, ...]


class RedisKeyValue:
    """The `KeyValue` for several workers and machines; Redis 7, Valkey 7.2 or newer."""

    def __init__(self, client: "redis.Redis") -> None:
        self._client = client
        # redis-py would make a bool of SET's answer, even where SET … GET answers with the old value.
        client.set_response_callback("SET", _as_it_is)
        self._commands: Batcher[_Command, Any] = Batcher(self._send, silent=KeyValueUnavailable, lanes=LANES)

    @classmethod
    def connect(cls, url: str) -> "RedisKeyValue":
        """A client that connects when first needed and again whenever the line was lost."""
        return cls(
            redis.Redis.from_url(
                url,
                socket_timeout=TIMEOUT_SECONDS,
                socket_connect_timeout=TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 1, (redis.ConnectionError,)),
            )
        )

    async def get(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.get`."""
        return await self._commands.ask(("GET", _name(kind, key)))  # type: ignore[no-any-return]

    async def put(self, kind: str, key: str, value: bytes, ttl: int) -> None:
        """See `KeyValue.put`."""
        await self._commands.ask(("SET", _name(kind, key), value, "EX", ttl))

    async def add(self, kind: str, key: str, value: bytes, ttl: int) -> bool:
        """See `KeyValue.add`."""
        return await self._commands.ask(("SET", _name(kind, key), value, "EX", ttl, "NX")) is not None

    async def swap(self, kind: str, key: str, value: bytes) -> bytes | None:
        """See `KeyValue.swap`."""
        return await self._commands.ask(("SET", _name(kind, key), value, "XX", "KEEPTTL", "GET"))  # type: ignore[no-any-return]

    async def take(self, kind: str, key: str) -> bytes | None:
        """See `KeyValue.take`."""
        return await self._commands.ask(("GETDEL", _name(kind, key)))  # type: ignore[no-any-return]

    async def increment(self, kind: str, key: str, ttl: int) -> int:
        """See `KeyValue.increment`; the script makes count and expiry one step, so that no counter stays for ever."""
        return await self._commands.ask(("EVAL", _INCREMENT, 1, _name(kind, key), ttl))  # type: ignore[no-any-return]

    async def together(self, operations: Sequence[Operation]) -> list[Any]:
        """See `KeyValue.together`; what is asked in one turn of the event loop is one write."""
        return await asyncio.gather(*(operation.of(self) for operation in operations))

    async def close(self) -> None:
        """See `KeyValue.close`."""
        await self._commands.drain()
        await self._client.aclose()

    async def _send(self, commands: Sequence[_Command]) -> Sequence[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for command in commands:
            pipeline.execute_command(*command)
        try:
            answers = await pipeline.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            raise KeyValueUnavailable(type(error).__name__) from error
        if any(isinstance(answer, ReadOnlyError) for answer in answers):
            # After a failover the master is elsewhere, and the old line would never say so again.
            await self._client.connection_pool.disconnect(inuse_connections=False)
        return [_unavailable(answer) if isinstance(answer, RedisError) else answer for answer in answers]


def _unavailable(error: RedisError) -> KeyValueUnavailable:
    """It answers, but does not do it: loading, out of memory, a replica after a failover."""
    return KeyValueUnavailable(type(error).__name__)


def _as_it_is(response: Any, **options: Any) -> Any:
    return response


_INCREMENT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count
"""


def _name(kind: str, key: str) -> str:
    return f"zhanhe:{kind}:{key}"
