"""The one time zone of the country: instants (Unix seconds) as days and clocks of Beijing time (GB/T 7408)."""

from datetime import date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def moment_of(instant: float) -> datetime:
    """An instant on the clock of Beijing."""
    return datetime.fromtimestamp(instant, BEIJING)


def day_of(instant: float) -> date:
    """The day that it is in Beijing at an instant."""
    return moment_of(instant).date()


def clock(instant: float) -> str:
    """As pages show it, to the minute: 2026-01-31 09:05."""
    return moment_of(instant).strftime("%Y-%m-%d %H:%M")
