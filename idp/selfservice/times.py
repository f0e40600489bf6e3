"""Instants as the pages show them: Beijing time, to the minute."""

from datetime import UTC, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8))


def clock(instant: float) -> str:
    """2026-01-31 09:05."""
    return datetime.fromtimestamp(instant, UTC).astimezone(BEIJING).strftime("%Y-%m-%d %H:%M")
