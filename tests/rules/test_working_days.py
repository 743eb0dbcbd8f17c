"""banks.rules.working_days: holidays, make-up days, ends of local days."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from banks.rules.working_days import MAX_DAYS, Calendar, due_at, end_of_day

# National Day 2026: 1 to 7 October off, Sunday 20 September and Saturday 10 October worked.
CN_2026 = Calendar(
    overrides={date(2026, 10, day): False for day in range(1, 8)} | {date(2026, 9, 20): True, date(2026, 10, 10): True}
)
PLAIN = Calendar()
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 9, 30), True),
        (date(2026, 10, 1), False),
        (date(2026, 10, 7), False),
        (date(2026, 10, 10), True),
        (date(2026, 10, 11), False),
        (date(2026, 9, 20), True),
    ],
)
def test_overrides_come_before_the_weekend(day: date, worked: bool) -> None:
    assert CN_2026.is_working_day(day) is worked


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        (date(2026, 9, 30), 0, date(2026, 9, 30)),
        (date(2026, 10, 1), 0, date(2026, 10, 8)),
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 9, 30), 3, date(2026, 10, 10)),
        (date(2026, 9, 30), 4, date(2026, 10, 12)),
        (date(2026, 10, 3), 1, date(2026, 10, 8)),
        (date(2026, 9, 18), 1, date(2026, 9, 20)),
    ],
)
def test_working_days_are_added(start: date, days: int, end: date) -> None:
    assert CN_2026.add_working_days(start, days) == end


def test_an_empty_weekend_works_every_day() -> None:
    assert Calendar(weekend=frozenset()).add_working_days(date(2026, 1, 1), 10) == date(2026, 1, 11)


@pytest.mark.parametrize("weekend", [frozenset(range(7)), frozenset({7}), frozenset({-1})])
def test_an_impossible_week_is_refused(weekend: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="week"):
        Calendar(weekend=weekend)


@pytest.mark.parametrize("days", [-1, MAX_DAYS + 1])
def test_absurd_terms_are_refused(days: int) -> None:
    with pytest.raises(ValueError, match="days"):
        PLAIN.add_working_days(date(2026, 1, 1), days)


@given(
    st.frozensets(st.integers(0, 6), max_size=6),
    st.dictionaries(DAYS, st.booleans(), max_size=60),
    DAYS,
    st.integers(1, 60),
)
def test_adding_and_counting_agree(
    weekend: frozenset[int], overrides: dict[date, bool], start: date, days: int
) -> None:
    calendar = Calendar(weekend, overrides)
    end = calendar.add_working_days(start, days)
    assert end > start
    assert calendar.is_working_day(end)
    assert calendar.working_days_between(start, end) == days
    assert calendar.working_days_between(start, end - timedelta(days=1)) == days - 1
    assert calendar.add_working_days(start, days + 1) > end


def test_nothing_lies_between_a_day_and_an_earlier_one() -> None:
    assert PLAIN.working_days_between(date(2026, 1, 9), date(2026, 1, 1)) == 0


@pytest.mark.parametrize(
    ("day", "zone", "end"),
    [
        (date(2026, 11, 20), "Asia/Shanghai", datetime(2026, 11, 20, 16, tzinfo=UTC)),
        (date(2026, 11, 20), "UTC", datetime(2026, 11, 21, tzinfo=UTC)),
        (date(2026, 3, 28), "Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC)),
        (date(2026, 3, 29), "Europe/Berlin", datetime(2026, 3, 29, 22, tzinfo=UTC)),
        # Midnight of 4 November 2018 did not exist in Sao Paulo: the clock went from 23:59:59 to 01:00.
        (date(2018, 11, 3), "America/Sao_Paulo", datetime(2018, 11, 4, 3, tzinfo=UTC)),
    ],
)
def test_a_day_ends_where_its_people_live(day: date, zone: str, end: datetime) -> None:
    assert end_of_day(day, zone) == end


def test_a_term_in_working_days_ends_with_a_local_day() -> None:
    evening = datetime(2026, 9, 30, 17, tzinfo=UTC)  # 1 October, 01:00 in Shanghai
    assert due_at(CN_2026, evening, 1, "Asia/Shanghai") == datetime(2026, 10, 8, 16, tzinfo=UTC)
    assert due_at(CN_2026, evening - timedelta(hours=2), 1, "Asia/Shanghai") == datetime(2026, 10, 8, 16, tzinfo=UTC)


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        due_at(PLAIN, datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), 1, "UTC")
