"""What a browser carries while staff act in it for a person who is present: for whom, how long, and the way back."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from idp.infrastructure.beijing import moment_of
from idp.infrastructure.vault import Unreadable, Vault

END = "/counter/act/end"
"""Where it is ended (the counter)."""
PURPOSE = "counter.presence"


@dataclass(frozen=True, slots=True)
class Presence:
    """Sealed in a cookie beside that of the session that acts; `until` in Unix seconds.

    It is for display and for the way back: what may be done is judged by the session that acts and its mandate.
    """

    name: str
    """Of the person who is present, masked."""
    until: float
    staff_id: str
    mandate_id: str
    own: str
    """The cookie's value of the staff's own session, which goes on meanwhile."""

    def sealed(self, vault: Vault) -> str:
        """As the cookie carries it."""
        return vault.seal(PURPOSE, asdict(self))

    def shown(self, now: float) -> dict[str, Any]:
        """What the banner of a page needs."""
        left = max(0.0, self.until - now)
        ends_at = moment_of(self.until).strftime("%H:%M")
        return {
            "name": self.name,
            "seconds": int(left),
            "minutes": ceil(left / 60),
            "ends_at": ends_at,
            "end": END,
        }


def unsealed(vault: Vault, text: str | None) -> Presence | None:
    """What `sealed` made; None for anything else."""
    if not text:
        return None
    try:
        return Presence(**vault.unseal(PURPOSE, text))
    except (Unreadable, TypeError, ValueError):
        return None
