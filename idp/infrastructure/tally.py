"""Counts things that are alike, for a while and within bounds, where a row for each would be too many."""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

MOST_KINDS = 1000
MOST_OF_A_GROUP = 8

K = TypeVar("K", bound=Hashable)


@dataclass(slots=True)
class Sum(Generic[K]):
    """How often something was counted, and when first (Unix time)."""

    thing: K
    group: str
    first_at: float
    count: int = 0


class Tally(Generic[K]):
    """Tells at most `MOST_KINDS` kinds of things apart, and `MOST_OF_A_GROUP` of one group.

    What is beyond them is counted as something else, so that neither memory nor rows grow with what strangers
    think of.
    """

    def __init__(self) -> None:
        self._sums: dict[K, Sum[K]] = {}
        self._kinds: Counter[str] = Counter()

    def add(self, thing: K, at: float, *, group: str = "", instead: tuple[K, K] | None = None) -> None:
        """Count a thing once. `instead`: what is counted where its group has its share, and where all is full."""
        if thing not in self._sums and instead is not None:
            of_group, of_all = instead
            if len(self._sums) >= MOST_KINDS:
                thing, group = of_all, ""
            elif group and self._kinds[group] >= MOST_OF_A_GROUP:
                thing = of_group
        if thing not in self._sums:
            self._sums[thing] = Sum(thing, group, at)
            self._kinds[group] += 1
        self._sums[thing].count += 1

    def take(self, wanted: Callable[[K], bool]) -> list[Sum[K]]:
        """What was counted of those that are wanted, oldest first; their count begins anew."""
        taken = [each for thing, each in self._sums.items() if wanted(thing)]
        for each in taken:
            del self._sums[each.thing]
            self._kinds[each.group] -= 1
            if not self._kinds[each.group]:
                del self._kinds[each.group]
        return sorted(taken, key=lambda each: each.first_at)

    def give_back(self, sums: list[Sum[K]]) -> None:
        """Count again what was taken and could not be written."""
        for each in sums:
            known = self._sums.setdefault(each.thing, Sum(each.thing, each.group, each.first_at))
            if known.count == 0:
                self._kinds[each.group] += 1
            known.first_at = min(known.first_at, each.first_at)
            known.count += each.count
