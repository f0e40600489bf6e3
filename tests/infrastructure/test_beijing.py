"""Beijing time, and that there is one place for it."""

from datetime import date

from idp.infrastructure.beijing import clock, day_of, moment_of
from tests.architecture.sources import name, python_files

NEW_YEAR = 1_798_732_800.0
"""2026-12-31 16:00 UTC."""


def test_a_day_begins_eight_hours_before_that_of_utc() -> None:
    assert day_of(NEW_YEAR - 1) == date(2026, 12, 31)
    assert day_of(NEW_YEAR) == date(2027, 1, 1)
    assert clock(NEW_YEAR + 3900) == "2027-01-01 01:05"
    assert moment_of(NEW_YEAR).isoformat() == "2027-01-01T00:00:00+08:00"


def test_nobody_else_makes_a_time_zone() -> None:
    made = [name(path) for path in python_files() if "hours=8" in path.read_text("utf-8")]
    assert [path for path in made if path.startswith("idp/")] == ["idp/infrastructure/beijing.py"]
