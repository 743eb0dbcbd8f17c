"""oversight.rules.measures: A, B, E, F and H on small lists with known results."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oversight.rules.measures import (
    SMALL_NUMBER,
    DueOrder,
    EndedStop,
    HeldAccount,
    MoneyRatio,
    ReleasePath,
    StopPath,
    effective_hold,
    final_on_time,
    ratio,
    release_time,
    report_to_stop,
    stop_follow_through,
    times,
)

T0 = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def after(minutes: float) -> datetime:
    return T0 + timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("durations", "p50", "p90"),
    [
        ([], None, None),
        ([5], 5, 5),
        ([1, 2], 1, 2),
        ([3, 1, 2], 2, 3),
        (list(range(1, 11)), 5, 9),
        (list(range(1, 101)), 50, 90),
        ([1, math.inf], 1, math.inf),
        ([math.inf, math.inf, 1], math.inf, math.inf),
    ],
)
def test_percentiles_by_nearest_rank(durations: list[float], p50: float | None, p90: float | None) -> None:
    found = times(durations)
    assert (found.p50, found.p90, found.count) == (p50, p90, len(durations))
    assert found.never == durations.count(math.inf)


@given(st.lists(st.floats(0, 1e9) | st.just(math.inf), min_size=1, max_size=60))
def test_a_percentile_is_a_value_that_enough_do_not_exceed(durations: list[float]) -> None:
    found = times(durations)
    for percent, value in ((50, found.p50), (90, found.p90)):
        assert value in durations
        assert sum(d <= value for d in durations) * 100 >= percent * len(durations)
        assert sum(d < value for d in durations) * 100 < percent * len(durations)


def test_small_numbers_are_flagged() -> None:
    assert SMALL_NUMBER == 20
    assert times([1.0] * 19).small
    assert not times([1.0] * 20).small
    assert ratio([True] * 19).small
    assert not ratio([True] * 20).small
    assert MoneyRatio("CNY", 1, 2, 19).small
    assert not MoneyRatio("CNY", 1, 2, 20).small


def test_nothing_to_judge_is_no_figure() -> None:
    assert ratio([]).value is None
    assert MoneyRatio("CNY", 0, 0, 0).value is None
    assert ratio([True, False, True, True]).value == 0.75


def test_a_counts_from_the_logged_report_to_the_first_hold() -> None:
    found = report_to_stop(
        [
            StopPath("a", T0, T0, after(10), after(11), after(20)),
            StopPath("b", T0, T0 - timedelta(hours=1), after(5), after(5), None),
            StopPath("c", T0, T0 - timedelta(minutes=5)),
            StopPath("d", T0, T0, None, None, T0 - timedelta(minutes=3)),
        ]
    )
    assert (found.total.count, found.total.never, found.total.p50) == (4, 2, 1200)
    assert (found.police.count, found.police.never, found.police.p50) == (4, 1, 300)
    assert (found.platform.count, found.platform.p50, found.platform.p90) == (2, 0, 60)
    assert (found.bank.count, found.bank.never, found.bank.p50, found.bank.p90) == (2, 1, 540, math.inf)
    assert found.backdated == 1


def test_b_open_and_overturned_orders_are_late() -> None:
    found = final_on_time(
        [
            DueOrder("in time", after(15), after(15)),
            DueOrder("late", after(15), after(15.1)),
            DueOrder("open", after(15)),
            DueOrder("overturned", after(15), after(1), overturned=True),
            DueOrder("not due", after(90), after(2)),
            DueOrder("due now", after(60), after(2)),
            DueOrder("on paper", after(15), after(2), excluded=True),
        ],
        as_of=after(60),
    )
    assert (found.part, found.whole, found.pending, found.excluded) == (2, 5, 1, 1)
    assert found.value == 0.4


def test_f_silent_expiry_fails() -> None:
    end = after(60)
    found = stop_follow_through(
        [
            EndedStop("frozen", end, after(30), "converted"),
            EndedStop("frozen at the end", end, end, "converted"),
            EndedStop("released", end, after(30), "released", has_reason=True),
            EndedStop("released silently", end, after(30), "released"),
            EndedStop("expired", end, end, "expired"),
            EndedStop("expired unseen", end),
            EndedStop("runs", after(600)),
            EndedStop("frozen early", after(600), after(10), "converted"),
        ],
        as_of=after(120),
    )
    assert (found.part, found.whole, found.pending) == (3, 7, 1)


def test_h_counts_from_the_trigger_to_the_confirmed_lift() -> None:
    found = release_time(
        [
            ReleasePath("a", T0, available_at=after(30), confirmed_at=after(50)),
            ReleasePath("b", T0, available_at=after(10)),
            ReleasePath("c", T0),
            ReleasePath("d", T0, by_expiry=True, confirmed_at=after(5)),
            ReleasePath("e", T0, by_expiry=True),
        ]
    )
    assert (found.total.count, found.total.never, found.total.p50) == (5, 3, math.inf)
    assert (found.police.count, found.police.never, found.police.p50) == (3, 1, 1800)
    assert (found.bank.count, found.bank.never, found.bank.p50) == (4, 2, 1200)


def held(account: str, case: str, asked: int | None, got: int, **more: object) -> HeldAccount:
    values: dict[str, object] = {"currency": "CNY", "available_at": T0, **more}
    return HeldAccount(account, case, asked_minor=asked, held_minor=got, **values)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "part", "whole"),
    [
        ([], None, None),
        ([held("x", "1", 100, 60)], 60, 100),
        ([held("x", "1", 100, 60, balance_minor=60)], 60, 60),
        ([held("x", "1", 100, 100, traced_minor=40)], 40, 40),
        ([held("x", "1", None, 500, traced_minor=400, balance_minor=900)], 400, 400),
        ([held("x", "1", 100, 0)], 0, 100),
        # a stop and the freeze that takes its place
        ([held("x", "1", 100, 80), held("x", "1", 100, 100, available_at=after(9))], 100, 100),
        # two units on one account: no more than its balance
        ([held("x", "1", 60, 60, balance_minor=100), held("x", "2", 60, 60, balance_minor=100)], 100, 100),
        ([held("x", "1", 30, 30, balance_minor=100), held("x", "2", 40, 20, balance_minor=100)], 50, 70),
        # the balance is unknown: only the highest counts
        ([held("x", "1", 60, 60), held("x", "2", 80, 40)], 60, 80),
        # one after the other: both count
        (
            [
                held("x", "1", 60, 60, balance_minor=60, ended_at=after(10)),
                held("x", "2", 60, 60, balance_minor=60, available_at=after(20)),
            ],
            120,
            120,
        ),
        # two accounts
        ([held("x", "1", 60, 60), held("y", "1", 40, 10)], 70, 100),
    ],
)
def test_e_counts_overlapping_holds_once(rows: list[HeldAccount], part: int | None, whole: int | None) -> None:
    found = effective_hold(rows)
    assert [(r.part_minor, r.whole_minor) for r in found] == ([] if part is None else [(part, whole)])


def test_e_keeps_currencies_apart_and_shows_what_it_cannot_judge() -> None:
    found = effective_hold([held("x", "1", 100, 50), held("y", "1", 10, 5, currency="USD"), held("z", "1", None, 9)])
    assert found == [MoneyRatio("CNY", 50, 100, 1, 1), MoneyRatio("USD", 5, 10, 1, 0)]
    assert found[0].value == 0.5
    assert effective_hold([held("z", "1", None, 9)]) == [MoneyRatio("CNY", 0, 0, 0, 1)]


HELD = st.builds(
    lambda account, case, asked, part, traced, balance, start, length: held(
        account,
        case,
        asked,
        asked * part // 100,
        traced_minor=traced,
        balance_minor=balance,
        available_at=after(start),
        ended_at=None if length is None else after(start + length),
    ),
    st.sampled_from("xyz"),
    st.sampled_from("123"),
    st.integers(1, 1000),
    st.integers(0, 100),
    st.none() | st.integers(0, 1000),
    st.none() | st.integers(0, 1000),
    st.integers(0, 100),
    st.none() | st.integers(0, 50),
)


@given(st.lists(HELD, max_size=20))
def test_e_is_a_share_and_never_exceeds_what_was_held(rows: list[HeldAccount]) -> None:
    for figure in effective_hold(rows):
        assert 0 <= figure.part_minor <= figure.whole_minor
        assert figure.part_minor <= sum(row.held_minor for row in rows)
        assert figure.value is None or 0 <= figure.value <= 1


@given(st.lists(HELD, max_size=12), st.randoms(use_true_random=False))
def test_e_does_not_depend_on_the_order_of_rows(rows: list[HeldAccount], random: object) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert effective_hold(shuffled) == effective_hold(rows)


@given(st.lists(HELD, min_size=1, max_size=10), st.integers(0, 9))
def test_e_a_repeated_row_changes_nothing(rows: list[HeldAccount], at: int) -> None:
    again = [*rows, rows[at % len(rows)]]
    assert effective_hold(again) == effective_hold(rows)
