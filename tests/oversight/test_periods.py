"""Periods as days and moments, points over time, legs of orders, short amounts: plain rules with known results."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from oversight.forms import PeriodForm
from oversight.rules.measures import DueOrder, OrderPath, Ratio, Times, order_times, orders_over_time
from oversight.rules.periods import Days, bounds, days_of
from oversight.views.cells import percent, seconds_text, short_amount

SUNDAY = date(2026, 11, 22)
T0 = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)  # 23:00 in Shanghai


@pytest.mark.parametrize(
    ("name", "first", "count"),
    [
        ("week", date(2026, 11, 16), 7),
        ("7", date(2026, 11, 16), 7),
        ("30", date(2026, 10, 24), 30),
        ("month", date(2026, 11, 1), 22),
    ],
)
def test_named_periods_end_today(name: str, first: date, count: int) -> None:
    found = days_of(name, today=SUNDAY)
    assert (found.first, found.last, found.count) == (first, SUNDAY, count)


def test_a_week_begins_on_monday() -> None:
    assert days_of("week", today=date(2026, 11, 23)) == Days(date(2026, 11, 23), date(2026, 11, 23))


def test_days_may_be_open_on_either_side() -> None:
    assert days_of("days", today=SUNDAY, first=date(2026, 11, 3)).last == SUNDAY
    assert days_of("days", today=SUNDAY, last=date(2026, 11, 3)).first == date(2000, 1, 1)
    assert days_of("days", today=SUNDAY, first=date(2026, 12, 3)).count == 1
    with pytest.raises(ValueError, match="before"):
        days_of("days", today=SUNDAY, first=date(2026, 11, 3), last=date(2026, 11, 2))
    with pytest.raises(ValueError, match="unknown"):
        days_of("year", today=SUNDAY)


def test_days_are_those_of_the_zone() -> None:
    since, until = bounds(Days(SUNDAY, SUNDAY), "Asia/Shanghai")
    assert since == datetime(2026, 11, 21, 16, tzinfo=UTC)
    assert until - since == timedelta(days=1)
    since, until = bounds(Days(date(2026, 10, 25), date(2026, 10, 25)), "Europe/Berlin")
    assert until - since == timedelta(hours=25)  # the clocks go back


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, Days(date(2026, 10, 24), SUNDAY)),
        ({"period": "week"}, Days(date(2026, 11, 16), SUNDAY)),
        ({"period": "week", "from": "2026-11-01"}, Days(date(2026, 11, 1), SUNDAY)),
        ({"from": "2026-11-05", "to": "2026-11-01"}, Days(date(2026, 10, 24), SUNDAY)),
        ({"period": "century"}, Days(date(2026, 10, 24), SUNDAY)),
        ({"from": "yesterday"}, Days(date(2026, 10, 24), SUNDAY)),
    ],
)
def test_the_query_chooses_the_days(query: dict[str, str], expected: Days) -> None:
    assert PeriodForm(query).days(SUNDAY) == expected


def test_legs_of_orders_count_from_the_leg_before() -> None:
    found = order_times(
        [
            OrderPath("a", T0, T0 + timedelta(seconds=4), T0 + timedelta(minutes=3), T0 + timedelta(minutes=10)),
            OrderPath("b", T0, T0 + timedelta(seconds=2)),
            OrderPath("c", T0),
        ]
    )
    assert found.available == Times(3, 1, 4, math.inf)
    assert found.acknowledged == Times(2, 1, 176, math.inf)
    assert found.answered == Times(1, 0, 420, 420)


def test_points_are_days_of_the_reader() -> None:
    late = DueOrder("late", T0, T0 + timedelta(minutes=1))
    good = DueOrder("good", T0 + timedelta(hours=3), T0 + timedelta(hours=2))
    found = orders_over_time(
        [(T0, late), (T0 + timedelta(hours=2), good)],
        first=date(2026, 11, 20), last=date(2026, 11, 22), zone="Asia/Shanghai", as_of=T0 + timedelta(days=9),
    )  # fmt: skip
    assert [(point.day.day, point.issued, point.final) for point in found] == [
        (20, 1, Ratio(0, 1)), (21, 1, Ratio(1, 1)), (22, 0, Ratio(0, 0)),
    ]  # fmt: skip


def test_many_days_become_weeks_from_the_first_order_on() -> None:
    orders = [(T0 + timedelta(days=n), DueOrder(str(n), T0)) for n in (0, 3, 30)]
    found = orders_over_time(orders, first=date(2000, 1, 1), last=date(2026, 12, 31), zone="UTC", as_of=T0)
    assert found[0].day == date(2026, 11, 16)
    assert [point.issued for point in found] == [1, 1, 0, 0, 1, 0, 0]
    assert sum(point.issued for point in found) == 3


@pytest.mark.parametrize(
    ("minor", "english", "chinese"),
    [
        (99_900, "999", "999"), (123_400, "1.23k", "1,234"), (1_050_000, "10.5k", "1.05万"), (422_150_000, "4.22M", "422.1万"),
        (123_456_789_000, "1,235M", "12.3亿"),
    ],
)  # fmt: skip
def test_short_amounts_have_the_units_of_the_language(minor: int, english: str, chinese: str) -> None:
    with translation.override("en"):
        assert short_amount(minor, "CNY") == english
    with translation.override("zh-hans"):
        assert short_amount(minor, "CNY") == chinese


def test_a_share_is_never_rounded_up_to_all() -> None:
    assert [percent(value) for value in (None, 0.0, 0.29, 0.999, 1.0)] == [None, 0, 29, 99, 100]


def test_what_never_ended_is_said_in_words() -> None:
    with translation.override("en"):
        assert [str(seconds_text(value)) for value in (None, 61.4, math.inf)] == ["—", "01:01", "never"]
