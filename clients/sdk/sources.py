"""Where time and randomness come from: the one place of the SDK that asks the machine for them."""

import secrets  # noqa: TID251  the SDK shares no code with the provider, so it has its own one place
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sources:
    """Time and randomness, passed to whoever needs them so that a test can hold them still.

    `now` gives Unix time in seconds; `new_token(n)` n random bytes as base64url text.
    """

    now: Callable[[], float]
    new_token: Callable[[int], str]


def system_sources() -> Sources:
    """The real clock and the operating system's randomness."""
    return Sources(now=time.time, new_token=secrets.token_urlsafe)  # noqa: TID251  see above
