"""How the figures went over the days of a period; the figures themselves are beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from oversight.rules.measures.figures import Ratio
from oversight.rules.measures.shares import DueOrder, final_on_time

MOST_DAYS = 62  # more points than this are weeks


@dataclass(frozen=True, slots=True)
class Point:
    """One day, or the week that begins on `day`: how many orders were issued, and B of these."""

    day: date
    issued: int
    final: Ratio


def orders_over_time(
    orders: Iterable[tuple[datetime, DueOrder]], *, first: date, last: date, zone: str, as_of: datetime
) -> list[Point]:
    """A point for each day from first to last, empty ones too, by the issue's calendar day in `zone`.

    Beyond 62 days each point is a week from Monday on, and the series begins with the first order.
    """
    issued = [(at.astimezone(ZoneInfo(zone)).date(), order) for at, order in orders]
    step = 1
    if (last - first).days >= MOST_DAYS:
        step, first = 7, max(first, min((day for day, _order in issued), default=last))
        first -= timedelta(days=first.weekday())
    found: dict[date, list[DueOrder]] = defaultdict(list)
    for day, order in issued:
        found[first + timedelta(days=(day - first).days // step * step)].append(order)
    days = [first + timedelta(days=n) for n in range(0, (last - first).days + 1, step)]
    return [Point(day, len(found[day]), final_on_time(found[day], as_of=as_of)) for day in days]
