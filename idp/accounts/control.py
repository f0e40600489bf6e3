"""What somebody who proves who they are has shown of the account in the same act."""

from dataclasses import dataclass, field
from math import inf

PRESENCE_LEVEL = 3
"""From here on a proof shows that the person was there; below it, that somebody knew a name, a number, a phone."""


@dataclass(frozen=True, slots=True)
class ProvenControl:
    """The rest of what enters the account goes when its level rises by presence; the default has shown nothing.

    `since`: factors and links that were used or made from then on are shown too. `new_phone`: proved in the act, it
    takes the place of the account's. `level` is the one that is proved: a link as sure as that stays.
    """

    session_id: str | None = None
    password: bool = False
    phone: bool = False
    new_phone: str | None = field(default=None, repr=False)
    since: float = inf
    level: int = 0

    @property
    def holder(self) -> bool:
        """Whether it is who held the account until now: by its password, or its phone that stays."""
        return self.password or (self.phone and self.new_phone is None)


NOTHING = ProvenControl()
