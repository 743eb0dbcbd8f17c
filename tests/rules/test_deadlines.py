"""accounts.rules.deadlines: terms of answers, stops, freezes and duties."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules import deadlines
from banks.rules.legal_profile import PRESETS, parse_profile

CN, TH, SG, INDIA = (parse_profile(PRESETS[code]) for code in ("CN", "TH", "SG", "IN"))
SHANGHAI = "Asia/Shanghai"
AT = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)
NAIVE = AT.replace(tzinfo=None)
MOMENTS = st.datetimes(NAIVE.replace(year=2000), NAIVE.replace(year=2090), timezones=st.just(UTC))
ZONES = st.sampled_from([SHANGHAI, "UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Pacific/Apia"])


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


def test_an_answer_is_due_minutes_after_availability() -> None:
    assert deadlines.answer_due_at(AT, 15) == utc(2026, 11, 20, 5, 20)
    with pytest.raises(ValueError, match="minute"):
        deadlines.answer_due_at(AT, 0)


def test_times_come_out_in_utc() -> None:
    local = AT.astimezone(timezone(timedelta(hours=8)))
    assert deadlines.answer_due_at(local, 15).tzinfo is UTC
    assert deadlines.stop_expires_at(local, CN) == deadlines.stop_expires_at(AT, CN)


@pytest.mark.parametrize(
    "call",
    [
        lambda at: deadlines.answer_due_at(at, 15),
        lambda at: deadlines.stop_expires_at(at, CN),
        lambda at: deadlines.freeze_expires_at(at, CN, zone=SHANGHAI),
        lambda at: deadlines.freeze_expires_at(AT, CN, zone=SHANGHAI, asked=at),
        lambda at: deadlines.extend_expires_at("stop", at, CN, zone=SHANGHAI),
        lambda at: deadlines.may_extend(AT, at),
        lambda at: deadlines.may_extend(at, AT),
        lambda at: deadlines.lift_due_at(at, CN),
    ],
)
def test_a_time_without_zone_is_refused(call: Callable[[datetime], object]) -> None:
    with pytest.raises(ValueError, match="zone"):
        call(NAIVE)


def test_a_stop_lasts_48_hours_whatever_the_day() -> None:
    assert deadlines.stop_expires_at(AT, CN) == utc(2026, 11, 22, 5, 5)
    assert deadlines.stop_expires_at(AT, TH) == utc(2026, 11, 23, 5, 5)


@pytest.mark.parametrize(
    ("start", "major", "end"),
    [
        (utc(2026, 11, 20, 5, 5), False, utc(2027, 5, 20, 5, 5)),
        (utc(2026, 11, 20, 5, 5), True, utc(2027, 11, 20, 5, 5)),
        # 31 August in Shanghai -> 28 February
        (utc(2026, 8, 31, 1, 0), False, utc(2027, 2, 28, 1, 0)),
        # 31 August 2027 -> 29 February 2028
        (utc(2027, 8, 31, 1, 0), False, utc(2028, 2, 29, 1, 0)),
        # 30 August 17:00 UTC is 31 August 01:00 in Shanghai, so is the end: 28 February 01:00 there
        (utc(2026, 8, 30, 17, 0), False, utc(2027, 2, 27, 17, 0)),
        (utc(2028, 2, 29, 1, 0), True, utc(2029, 2, 28, 1, 0)),
    ],
)
def test_a_freeze_lasts_calendar_months(start: datetime, major: bool, end: datetime) -> None:
    assert deadlines.freeze_expires_at(start, CN, zone=SHANGHAI, major=major) == end


def test_months_keep_the_local_clock_over_a_clock_change() -> None:
    start = utc(2026, 1, 15, 11, 0)  # 12:00 in Berlin
    assert deadlines.freeze_expires_at(start, CN, zone="Europe/Berlin") == utc(2026, 7, 15, 10, 0)


def test_a_local_time_that_is_skipped_moves_on_by_the_length_of_the_gap() -> None:
    start = utc(2025, 9, 29, 0, 30)  # 02:30 in Berlin, six months later that time is skipped
    assert deadlines.freeze_expires_at(start, CN, zone="Europe/Berlin") == utc(2026, 3, 29, 1, 30)  # 03:30 there
    assert deadlines.add_months(utc(2026, 2, 28, 1, 30), 1, "Europe/Berlin") == utc(2026, 3, 28, 1, 30)


def test_a_local_time_that_occurs_twice_is_the_first() -> None:
    start = utc(2026, 4, 25, 0, 30)  # 02:30 in Berlin, half a year later that time comes twice
    assert deadlines.freeze_expires_at(start, CN, zone="Europe/Berlin") == utc(2026, 10, 25, 0, 30)


def test_a_profile_in_days_needs_no_months() -> None:
    assert deadlines.freeze_expires_at(AT, SG, zone="Asia/Singapore") == AT + timedelta(days=30)
    assert deadlines.freeze_expires_at(AT, SG, zone="Asia/Singapore", major=True) == AT + timedelta(days=30)


def test_an_earlier_end_can_be_asked_for_and_a_later_one_is_cut() -> None:
    early, late = AT + timedelta(days=30), AT + timedelta(days=400)
    assert deadlines.freeze_expires_at(AT, CN, zone=SHANGHAI, asked=early) == early
    assert deadlines.freeze_expires_at(AT, CN, zone=SHANGHAI, asked=late) == utc(2027, 5, 20, 5, 5)
    assert deadlines.extend_expires_at("stop", AT, CN, zone=SHANGHAI, asked=late) == utc(2026, 11, 22, 5, 5)
    with pytest.raises(ValueError, match="later"):
        deadlines.freeze_expires_at(AT, CN, zone=SHANGHAI, asked=AT)
    with pytest.raises(ValueError, match="later"):
        deadlines.extend_expires_at("freeze", AT, CN, zone=SHANGHAI, asked=AT)


def test_an_extension_counts_from_the_present_end() -> None:
    assert deadlines.extend_expires_at("stop", AT, CN, zone=SHANGHAI) == utc(2026, 11, 22, 5, 5)
    assert deadlines.extend_expires_at("stop", AT, TH, zone="Asia/Bangkok") == AT + timedelta(days=7)
    assert deadlines.extend_expires_at("freeze", utc(2027, 2, 28, 1), CN, zone=SHANGHAI) == utc(2027, 8, 28, 1)
    assert deadlines.extend_expires_at("freeze", AT, CN, zone=SHANGHAI, major=True) == utc(2027, 11, 20, 5, 5)


def test_a_hold_ends_at_its_moment_and_not_after() -> None:
    tick = timedelta(microseconds=1)
    assert deadlines.in_force(AT, AT - tick)
    assert deadlines.may_extend(AT, AT - tick)
    assert not deadlines.in_force(AT, AT)
    assert not deadlines.may_extend(AT, AT)
    assert not deadlines.may_extend(AT, AT + tick)


def test_two_stops_are_allowed_and_an_extension_is_one() -> None:
    assert [deadlines.stop_allowed(count, CN) for count in (-1, 0, 1, 2, 3)] == [False, True, True, False, False]
    assert deadlines.stop_allowed(5, SG)
    assert not deadlines.stop_allowed(6, SG)


def test_freeze_terms_may_be_limited() -> None:
    assert deadlines.freeze_allowed(100, CN)
    assert deadlines.freeze_allowed(5, SG)
    assert not deadlines.freeze_allowed(6, SG)


def test_ends_are_announced_ahead_earliest_first() -> None:
    end = deadlines.stop_expires_at(AT, CN)
    assert deadlines.announced_at("stop", AT, end, CN) == [end - timedelta(hours=h) for h in (24, 6, 2)]
    assert deadlines.announced_at("stop", end - timedelta(hours=6), end, CN) == [end - timedelta(hours=2)]
    freeze_end = deadlines.freeze_expires_at(AT, CN, zone=SHANGHAI)
    assert deadlines.announced_at("freeze", AT, freeze_end, CN) == [
        freeze_end - timedelta(days=d) for d in (30, 15, 7, 3)
    ]


def test_the_clocks_of_duties() -> None:
    assert deadlines.lift_due_at(AT, CN) == AT + timedelta(hours=2)
    assert deadlines.approval_expires_at(AT, CN) == AT + timedelta(minutes=30)
    assert deadlines.emergency_approval_due_at(AT, CN) == AT + timedelta(minutes=60)
    assert deadlines.first_account_due_at(AT, CN) == AT + timedelta(minutes=30)
    assert deadlines.release_due_at(AT, CN) == AT + timedelta(days=3)
    assert deadlines.release_due_at(AT, TH) == AT + timedelta(hours=12)
    assert deadlines.release_due_at(AT, CN, issued_in_error=True) == AT + timedelta(hours=1)
    assert deadlines.papers_due_at(AT, CN) == AT + timedelta(hours=CN.clocks.bank_first_hours)


@pytest.mark.parametrize(
    ("amount", "currency", "court", "lifted"),
    [
        (4_999_999, "INR", False, True),
        (5_000_000, "INR", False, False),
        (1, "INR", True, False),
        (1, "CNY", False, False),
    ],
)
def test_small_holds_end_by_themselves_where_the_profile_says_so(
    amount: int, currency: str, court: bool, lifted: bool
) -> None:
    found = deadlines.auto_lift_at(AT, INDIA, amount_minor=amount, currency=currency, court_order=court)
    assert found == (AT + timedelta(days=90) if lifted else None)
    assert deadlines.auto_lift_at(AT, CN, amount_minor=amount, currency=currency, court_order=court) is None


@given(MOMENTS, st.integers(0, 36), ZONES)
def test_months_move_the_local_calendar_by_exactly_that_many(at: datetime, months: int, zone: str) -> None:
    start, end = at.astimezone(ZoneInfo(zone)), deadlines.add_months(at, months, zone).astimezone(ZoneInfo(zone))
    skipped = end.hour != start.hour or end.minute != start.minute  # the local time fell into a gap of that zone
    assert skipped or end.year * 12 + end.month == start.year * 12 + start.month + months
    assert skipped or end.day == min(start.day, monthrange(end.year, end.month)[1])


@given(MOMENTS, ZONES, st.booleans())
def test_a_freeze_never_outlasts_its_term(at: datetime, zone: str, major: bool) -> None:
    for profile in (CN, SG):
        end = deadlines.freeze_expires_at(at, profile, zone=zone, major=major)
        most = timedelta(days=367) if major and profile is CN else timedelta(days=185)
        assert timedelta(days=27) < end - at <= most
        assert deadlines.extend_expires_at("freeze", end, profile, zone=zone) > end


@given(MOMENTS, MOMENTS, ZONES)
def test_an_asked_end_never_lengthens_a_freeze(at: datetime, asked: datetime, zone: str) -> None:
    whole = deadlines.freeze_expires_at(at, CN, zone=zone)
    if asked > at:
        assert deadlines.freeze_expires_at(at, CN, zone=zone, asked=asked) == min(whole, asked)
