"""Who is sent to at the same time: a recipient that does not answer takes no more than its share from the others."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto

from idp.infrastructure.breaker import Breaker

SLOTS = 50
"""So many deliveries are under way at once."""
OF_THE_SLOW = SLOTS // 2
"""So many at most are to those that are not known to be quick, together; and to any one that is."""
OF_ONE = 10
"""So many at most are to a single one that is not."""
QUICK_SECONDS = 1.0
MOST_KNOWN = 10_000


class LaneWait(Enum):
    """Why a delivery may not begin."""

    FULL = auto()
    """Others are under way; with the next that ends there may be room."""
    SLOW = auto()
    """The same, and nothing will end soon."""
    CLOSED = auto()
    """The recipient has not answered lately: nobody asks it for a while."""


@dataclass(frozen=True, slots=True)
class LanePlace:
    """One of the deliveries that are under way."""

    lane: str
    begun_at: float


@dataclass(slots=True)
class _Lane:
    breaker: Breaker
    begun: list[float] = field(default_factory=list)
    took: float | None = None
    """How long the last one took; None where none has ended yet."""


class Lanes:
    """Of one worker; a lane is whatever answers as one: a registered system, or the gateway of all short messages."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lanes: dict[str, _Lane] = {}

    @property
    def free(self) -> int:
        """How many more may be under way."""
        return SLOTS - sum(len(lane.begun) for lane in self._lanes.values())

    def enter(self, name: str) -> LanePlace | LaneWait:
        """Take a place for a delivery, to be left when it is over."""
        lane = self._lanes.setdefault(name, _Lane(Breaker(self._now)))
        if lane.breaker.is_open:
            return LaneWait.CLOSED
        if self._is_full(lane):
            return LaneWait.SLOW if self._is_slow(lane) else LaneWait.FULL
        if not lane.breaker.admit():
            return LaneWait.CLOSED
        lane.begun.append(self._now())
        return LanePlace(name, lane.begun[-1])

    def leave(self, place: LanePlace, *, arrived: bool) -> None:
        """A delivery is over. One that failed quickly was answered, with a refusal: that holds up nobody."""
        lane = self._lanes[place.lane]
        lane.begun.remove(place.begun_at)
        lane.took = self._now() - place.begun_at
        if arrived or lane.took < QUICK_SECONDS:
            lane.breaker.succeeded()
        else:
            lane.breaker.failed()
        if len(self._lanes) > MOST_KNOWN:
            self._lanes = {name: each for name, each in self._lanes.items() if each.begun}

    def _is_full(self, lane: _Lane) -> bool:
        if not self.free:
            return True
        if self._is_quick(lane):
            return len(lane.begun) >= OF_THE_SLOW
        of_others = sum(len(each.begun) for each in self._lanes.values() if not self._is_quick(each))
        return len(lane.begun) >= OF_ONE or of_others >= OF_THE_SLOW

    def _is_quick(self, lane: _Lane) -> bool:
        return lane.took is not None and not self._is_slow(lane)

    def _is_slow(self, lane: _Lane) -> bool:
        late = any(self._now() - begun >= QUICK_SECONDS for begun in lane.begun)
        return late or (lane.took is not None and lane.took >= QUICK_SECONDS)
