"""Where time, ids and randomness come from: the one place that asks the machine for them."""

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass


def _uuid7(now: Callable[[], float]) -> Callable[[], str]:
    """UUID version 7 (RFC 9562 §5.7): ordered by time, so that indexes grow at their end.

    An id is a name, not a secret, so its random part is asked of the system for many ids at once.
    """
    pool: list[str] = []

    def new_id() -> str:
        if not pool:
            digits = os.urandom(_AT_ONCE * _DIGITS // 2).hex()
            pool.extend(digits[at : at + _DIGITS] for at in range(0, len(digits), _DIGITS))
        random = pool.pop()
        time_ms = f"{int(now() * 1000):012x}"
        variant = _VARIANTS[random[3]]
        return f"{time_ms[:8]}-{time_ms[8:]}-7{random[:3]}-{variant}{random[4:7]}-{random[7:19]}"

    return new_id


def first_id(instant: float) -> str:
    """What no id of that instant or a later one comes before."""
    time_ms = f"{int(instant * 1000):012x}"
    return f"{time_ms[:8]}-{time_ms[8:]}"


def instant_of(an_id: str) -> float:
    """The instant (Unix seconds) that an id was made at, or that `first_id` was asked for."""
    return int(an_id[:13].replace("-", ""), 16) / 1000


_DIGITS = 20
_AT_ONCE = 256
_VARIANTS = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}


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
