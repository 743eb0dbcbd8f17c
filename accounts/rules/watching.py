"""How long a bank tells the credits of an account (order kinds watch and watch_end, domain.md §3): months, days at most."""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.rules.deadlines import add_months

MONTHS = (1, 2, 3)
MOST_DAYS = 100


def watch_until(now: datetime, months: int, zone: str) -> datetime:
    """The end of a watch of so many months that is asked for now, in UTC."""
    if months not in MONTHS:
        raise ValueError("a watch lasts one, two or three months")
    return min(add_months(now, months, zone), watch_latest(now))


def watch_latest(now: datetime) -> datetime:
    """The latest end that may be asked for."""
    return now + timedelta(days=MOST_DAYS)
