"""A circuit breaker: who does not answer is not asked again for a while, so that nobody waits for it."""

from collections.abc import Callable

FAILURES = 5
"""In a row; then nobody asks."""
OPEN_SECONDS = 30.0
"""Until somebody tries again, alone."""


class Breaker:
    """Of one platform or recipient, in one worker: each finds out for itself, and needs no store to do so."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._failures = 0
        self._closed_until = 0.0
        self._askers: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether it is left alone now; asking changes nothing."""
        return self._failures >= FAILURES and self._now() < self._closed_until

    def admit(self) -> bool:
        """Whether to ask. After the pause one caller is let through; the others wait for its outcome."""
        if self._failures < FAILURES:
            return True
        now = self._now()
        if now < self._closed_until:
            return False
        self._closed_until = now + OPEN_SECONDS
        return True

    def succeeded(self) -> None:
        """It answered, whatever it said."""
        self._failures = 0
        self._askers.clear()

    def failed(self, asker: str = "") -> None:
        """It did not answer, or what it never would.

        `asker`: from where the question came, where it may have been the fault of the question. Each place counts once
        until it answers well again: else one stranger with odd questions would close it to everybody.
        """
        if asker in self._askers:
            self._closed_until = self._now()  # the place says nothing: the next one may try at once
            return
        if asker and self._failures < FAILURES:
            self._askers.add(asker)
        self._failures += 1
        if self._failures >= FAILURES:
            self._closed_until = self._now() + OPEN_SECONDS
