"""accounts.rules.watching: one, two or three months, never more than 100 days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.rules.watching import MONTHS, watch_latest, watch_until

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(("months", "day"), [(1, (2026, 12, 22)), (2, (2027, 1, 22)), (3, (2027, 2, 22))])
def test_calendar_months(months: int, day: tuple[int, int, int]) -> None:
    assert watch_until(NOW, months, "Asia/Shanghai") == datetime(*day, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize("months", [0, 4, -1])
def test_other_lengths_are_refused(months: int) -> None:
    with pytest.raises(ValueError, match="months"):
        watch_until(NOW, months, "Asia/Shanghai")


def test_never_beyond_a_hundred_days() -> None:
    for day in range(400):
        now = NOW + timedelta(days=day)
        assert all(now < watch_until(now, months, "Asia/Shanghai") <= watch_latest(now) for months in MONTHS)
    assert watch_latest(NOW) - NOW == timedelta(days=100)
