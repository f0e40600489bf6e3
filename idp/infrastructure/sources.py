"""Where time, ids and randomness come from: the one place that asks the machine for them."""

import os
import secrets
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass


def _uuid7(now: Callable[[], float]) -> Callable[[], str]:
    """UUID version 7 (RFC 9562 §5.7): ordered by time, so that indexes grow at their end."""

    def new_id() -> str:
        milliseconds = int(now() * 1000)
        value = milliseconds.to_bytes(6, "big") + os.urandom(10)
        number = int.from_bytes(value, "big")
        number = number & ~(0xF << 76) | (0x7 << 76)
        number = number & ~(0x3 << 62) | (0x2 << 62)
        return str(uuid.UUID(int=number))

    return new_id


@dataclass(frozen=True, slots=True)
class Sources:
    """Time, ids and randomness, passed to whoever needs them so that a test can hold them still.

    `now` gives Unix time in seconds; `new_id` a UUID; `new_token(n)` n random bytes as base64url text;
    `new_bytes(n)` n random bytes.
    """

    now: Callable[[], float]
    new_id: Callable[[], str]
    new_token: Callable[[int], str]
    new_bytes: Callable[[int], bytes]


def system_sources(now: Callable[[], float] = time.time) -> Sources:
    """The real clock and the operating system's randomness."""
    return Sources(
        now=now, new_id=_uuid7(now), new_token=secrets.token_urlsafe, new_bytes=secrets.token_bytes
    )
