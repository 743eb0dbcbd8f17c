"""Working-day arithmetic over a calendar given as data; which institution has which calendar is a
table's matter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

SATURDAY_SUNDAY = frozenset({5, 6})
MAX_DAYS = 3_660


@dataclass(frozen=True, slots=True)
class Calendar:
    """`weekend` holds weekdays (Monday = 0); `overrides` says for single dates whether they are worked.

    True = a make-up day (调休) on a weekend, False = a holiday. A date without an entry follows the
    weekend rule.
    """

    weekend: frozenset[int] = SATURDAY_SUNDAY
    overrides: Mapping[date, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.weekend <= set(range(7)):
            raise ValueError("weekend holds weekdays 0 (Monday) to 6 (Sunday)")
        if len(self.weekend) == 7:
            raise ValueError("a week needs at least one working day")

    def is_working_day(self, day: date) -> bool:
        """Whether the day is worked."""
        return self.overrides.get(day, day.weekday() not in self.weekend)

    def add_working_days(self, start: date, days: int) -> date:
        """The `days`-th working day after `start`; the start itself never counts.

        0 days: the start if it is worked, else the next day that is. Raises ValueError outside 0..3660.
        """
        if not 0 <= days <= MAX_DAYS:
            raise ValueError(f"days must be 0 to {MAX_DAYS}")
        day = start
        if days == 0:
            while not self.is_working_day(day):
                day += timedelta(days=1)
        for _ in range(days):
            day += timedelta(days=1)
            while not self.is_working_day(day):
                day += timedelta(days=1)
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """How many working days lie after `start`, up to and with `end`; 0 when `end` is not after
        `start`.
        """
        span = (end - start).days
        return sum(self.is_working_day(start + timedelta(days=at)) for at in range(1, span + 1))


def end_of_day(day: date, zone: str) -> datetime:
    """The first moment that is no longer part of the local `day`, in UTC: a term "until that day" ends
    before it.

    A midnight that a clock change skips is the moment of the change itself; one that occurs twice is
    the first.
    """
    midnight = datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=ZoneInfo(zone))
    return midnight.astimezone(UTC)


def due_at(calendar: Calendar, start_at: datetime, days: int, zone: str) -> datetime:
    """End (UTC) of the `days`-th working day after the local date of `start_at`, which must be aware."""
    if start_at.tzinfo is None:
        raise ValueError("start_at must carry a time zone")
    local_day = start_at.astimezone(ZoneInfo(zone)).date()
    return end_of_day(calendar.add_working_days(local_day, days), zone)
