"""The working calendar of profile CN as configured: weekends, the holidays of 2026 and their make-up days (调休).

Read second hand; later years follow the weekend rule until somebody enters their holidays.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

CODE = "CN"
TITLE = "China, as configured"
WEEKEND = (6, 7)  # ISO weekdays
MAKE_UP = "make-up day"


class Day(NamedTuple):
    """One day that differs from its weekday."""

    on: date
    is_working: bool
    title: str


# title, first day, number of days
_HOLIDAYS = (
    ("New Year", date(2026, 1, 1), 3),
    ("Spring Festival", date(2026, 2, 15), 9),
    ("Tomb-Sweeping Day", date(2026, 4, 4), 3),
    ("Labour Day", date(2026, 5, 1), 5),
    ("Dragon Boat Festival", date(2026, 6, 19), 3),
    ("Mid-Autumn Festival", date(2026, 9, 25), 3),
    ("National Day", date(2026, 10, 1), 7),
)
_MAKE_UP_DAYS = (
    date(2026, 1, 4), date(2026, 2, 14), date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10),
)  # fmt: skip

DAYS: tuple[Day, ...] = tuple(
    sorted(
        [
            Day(first + timedelta(days=offset), is_working=False, title=title)
            for title, first, count in _HOLIDAYS
            for offset in range(count)
        ]
        + [Day(on, is_working=True, title=MAKE_UP) for on in _MAKE_UP_DAYS]
    )
)
