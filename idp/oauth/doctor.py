"""`idp doctor` on the sweep of sessions and what was issued in them."""

from collections.abc import AsyncIterator
from typing import Protocol

from idp.infrastructure.findings import Checks, Finding
from idp.infrastructure.foundation import Foundation
from idp.oauth.sweep_store import SweepPlace, SweepStore
from idp.oauth.sweeper import LATE_SECONDS
from idp.sessions.model import SessionLifetimes


class SweepSettings(Protocol):
    """What is read of the settings; durations in seconds."""

    session_idle: int
    session_absolute: int


async def _of_stores(settings: SweepSettings, base: Foundation) -> AsyncIterator[Finding]:
    yield await sessions_ended(settings, base)


CHECKS = Checks(of_stores=_of_stores)


async def sessions_ended(settings: SweepSettings, base: Foundation) -> Finding:
    """Whether the sweep keeps up: sessions that timed out are over, but systems are told by the sweep."""
    store = SweepStore(SessionLifetimes(settings.session_idle, settings.session_absolute))
    now = base.sources.now()
    step = await base.database.read(lambda: store.idle(SweepPlace(), now))
    lag = 0.0 if step.first_seen_at is None else now - settings.session_idle - step.first_seen_at
    if lag < LATE_SECONDS:
        return Finding("sessions", True, "those that timed out are ended in time")
    says = f"those that timed out wait for their end for {int(lag // 60)} minutes: is a worker running?"
    return Finding("sessions", False, says)
