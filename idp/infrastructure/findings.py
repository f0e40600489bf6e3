"""What `idp doctor` finds, and how a room takes part in it: a file `doctor.py` with `CHECKS`.

The checks are no part of a room's offer: they are asked when something is wrong, and a house may not stand then.
"""

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

from idp.infrastructure.foundation import Foundation


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    check: str
    ok: bool
    says: str

    def shown(self) -> dict[str, Any]:
        """For the console."""
        return {"check": self.check, "ok": self.ok, "says": self.says}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checks:
    """What a room looks at; each says as a Protocol what it reads of the settings."""

    of_settings: Callable[[Any], Iterable[Finding]] | None = None
    """What can be seen while no store answers."""
    of_stores: Callable[[Any, Foundation], AsyncIterator[Finding]] | None = None
