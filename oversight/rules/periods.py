"""The periods that figures are told for, as days of the reader's calendar and as moments; nothing is counted here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PERIOD_LABELS: dict[str, str] = {
    "week": "This week",
    "7": "Last 7 days",
    "30": "Last 30 days",
    "month": "This month",
    "days": "From – to",
}
DEFAULT = "30"
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """From the first to the last day, both included."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """Number of days."""
        return (self.last - self.first).days + 1


def days_of(name: str, *, today: date, first: date | None = None, last: date | None = None) -> Days:
    """The days of a period; "days" takes `first` and `last`, of which a missing one is far back or today.

    A week begins on Monday. Raises ValueError for an unknown name, and where the last day comes before the first.
    """
    if name == "days":
        chosen = Days(first or EARLIEST, last or max(today, first or today))
        if chosen.last < chosen.first:
            raise ValueError("the last day comes before the first")
        return chosen
    if name == "week":
        return Days(today - timedelta(days=today.weekday()), today)
    if name == "month":
        return Days(today.replace(day=1), today)
    if name in {"7", "30"}:
        return Days(today - timedelta(days=int(name) - 1), today)
    raise ValueError(f"unknown period: {name}")


def bounds(days: Days, zone: str) -> tuple[datetime, datetime]:
    """From the first moment (included) to the moment after the last one (excluded) in that time zone, in UTC."""
    start = datetime.combine(days.first, time(), ZoneInfo(zone))
    end = datetime.combine(days.last + timedelta(days=1), time(), ZoneInfo(zone))
    return start.astimezone(UTC), end.astimezone(UTC)
