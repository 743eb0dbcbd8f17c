"""Each feature against figures worked out by hand, and what must hold for any ledger."""

from __future__ import annotations

import random
import statistics
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.features import (
    FEATURE_LABELS,
    FEATURES,
    FORMULA_LABELS,
    MEANING_LABELS,
    Covers,
    Entries,
    points,
)
from accounts.rules.features.meanings import BY_CODE
from tests.accounts.flow.feature_values import accounts, score

MULE, A, B, C, D, E = range(1, 7)
MINUTE, HOUR, DAY = 60, 3600, 86_400
EMPTY = {MULE: Covers(is_empty_before=True)}


def entries(rows: list[tuple[int, int, int, int]], opening: int = 0, *, day: bool = False) -> Entries:
    """(src, dst, seconds, amount) in order of time; `ci` and `co` summed for every node, the mule with an opening balance."""
    received: dict[int, int] = {MULE: opening}
    paid: dict[int, int] = {}
    columns: list[list[int]] = [[] for _ in range(7)]
    for src, dst, at, amount in rows:
        values = (src, dst, at, at, amount, paid.get(src, 0), received.get(dst, 0))
        paid[src], received[dst] = paid.get(src, 0) + amount, received.get(dst, 0) + amount
        for column, value in zip(columns, values, strict=True):
            column.append(value)
    days = np.full(len(rows), day)
    payers, payees, out_at, in_at, sums, co, ci = (np.array(column, dtype=np.int64) for column in columns)
    return Entries(payers, payees, out_at, in_at, sums, co, ci, out_day=days, in_day=days)


def hour_of(at: Any) -> Any:
    return at // HOUR % 24


def mule(rows: list[tuple[int, int, int, int]], covered: Any = EMPTY, **options: Any) -> Any:
    opening, day = options.pop("opening", 0), options.pop("day", False)
    found = accounts(entries(rows, opening, day=day), covered, local_hour=hour_of, **options)
    return next(row for row in found if row.node == MULE)


# Three payers within the hour 00:00-01:00, two payees; 1,000.00 of 1,200.00 went on.
WORKED = [
    (A, MULE, 0, 5_00),  # 5.00: a test payment
    (A, MULE, 10 * MINUTE, 1_000_00),
    (B, MULE, 20 * MINUTE, 100_00),
    (MULE, D, 30 * MINUTE, 600_00),
    (C, MULE, 70 * MINUTE, 95_00),
    (MULE, E, 130 * MINUTE, 400_00),
]


def test_the_worked_example_of_the_documents() -> None:
    row = mule(WORKED)
    assert (row.entries_in, row.entries_out, row.in_minor, row.out_minor) == (4, 2, 1_200_00, 1_000_00)
    assert row.values["fan_in"] == 3
    assert row.values["fan_out"] == 2
    # 00:10-01:10 holds A (00:10), B (00:20); C comes at 01:10, when A's 00:10 is just out: never three within an hour.
    assert row.values["fan_in_hour"] == 2
    assert row.values["fan_out_hour"] == 1
    assert row.values["pass_through"] == 8_333  # 1,000.00 of 1,200.00
    # FIFO: 600.00 at 00:30 are A's 5.00 (30 min) and 595.00 of A's 1,000.00 (20 min);
    # 400.00 at 02:10 are A's next 400.00 (120 min). Half of 1,000.00 had left after 20 minutes.
    assert row.values["dwell"] == 20 * MINUTE
    assert row.basis["dwell"] == 3
    # Turnover 2,200.00; 5 + 1,000 = 1,005 at 00:10, + 100 = 1,105 at 00:20: half (1,100) is reached there.
    assert row.values["burst"] == 20 * MINUTE
    assert row.values["night"] == 10_000
    assert row.values["round_amounts"] == 1_666  # one of six: 1,000.00
    assert row.values["test_payments"] == 1
    assert row.values["shared_device"] is None


def test_without_the_accounts_own_statement_only_lower_bounds_are_told() -> None:
    row = mule(WORKED, covered={})
    told = {code for code, value in row.values.items() if value is not None}
    assert told == {"fan_in", "fan_out", "test_payments"}
    assert not row.is_covered
    assert {feature.code for feature in FEATURES if feature.needs == ""} == told


def test_too_few_rows_say_nothing_about_habits() -> None:
    row = mule(WORKED[:3])
    assert row.values["night"] is None
    assert row.values["round_amounts"] is None
    assert row.values["burst"] is None
    assert row.basis["night"] == 3
    assert row.values["pass_through"] == 0
    assert row.values["dwell"] is None


def test_what_lay_there_before_is_spent_first() -> None:
    row = mule([(A, MULE, 0, 100_00), (MULE, D, HOUR, 300_00)], opening=250_00)
    # 250.00 of the 300.00 are the opening balance; 50.00 are A's, an hour later.
    assert row.values["dwell"] == HOUR
    assert row.basis["dwell"] == 1
    untouched = mule([(A, MULE, 0, 100_00), (MULE, D, HOUR, 200_00)], opening=250_00)
    assert untouched.values["dwell"] is None


def test_the_median_is_weighted_by_amount() -> None:
    rows = [(A, MULE, 0, 100), (B, MULE, 0, 900), (MULE, D, MINUTE, 100), (MULE, E, DAY, 900)]
    assert mule(rows).values["dwell"] == DAY


def test_days_without_a_time_tell_nothing_of_minutes() -> None:
    row = mule(WORKED, day=True)
    assert row.values["dwell"] is None
    assert row.values["night"] is None
    assert row.values["fan_in_hour"] is None
    assert row.values["fan_in"] == 3


def test_an_account_in_use_before_has_no_sudden_use() -> None:
    assert mule(WORKED, {MULE: Covers(is_empty_before=False)}).values["burst"] is None
    assert mule(WORKED).values["burst"] is not None


def test_who_is_not_named_is_nobody() -> None:
    rows = [(-1, MULE, 0, 100), (A, MULE, 1, 100), (B, MULE, 2, 100)]
    assert mule(rows).values["fan_in"] == 2
    assert mule(rows, unnamed={B}).values["fan_in"] == 1
    assert mule(rows, unnamed={B}).values["fan_in_hour"] == 1
    assert {row.node for row in accounts(entries(rows), {}, unnamed={B}, local_hour=hour_of)} == {MULE, A}


@pytest.mark.parametrize(
    ("small", "gap", "large", "expected"),
    [
        (10_00, DAY, 1_000_00, 1),
        (10_01, DAY, 2_000_00, 0),  # not small
        (10_00, DAY + 1, 1_000_00, 0),  # too late
        (10_00, DAY, 999_99, 0),  # not large
        (1, DAY, 999_99, 0),
        (1, DAY, 1_000_00, 1),
    ],
)
def test_a_test_payment_has_three_bounds(small: int, gap: int, large: int, expected: int) -> None:
    assert mule([(A, MULE, 0, small), (A, MULE, gap, large)], {}).values["test_payments"] == expected
    assert mule([(A, MULE, 0, small), (B, MULE, gap, large)], {}).values["test_payments"] == 0


def test_devices_are_counted_where_rows_name_one() -> None:
    row = mule(WORKED, devices={MULE: (2, 6)})
    assert row.values["shared_device"] == 2
    assert row.basis["shared_device"] == 6


# -- for any ledger ----------------------------------------------------------------------------------

ROWS = st.lists(
    st.tuples(st.sampled_from([A, B, C]), st.booleans(), st.integers(0, 3 * DAY), st.integers(1, 500_000)), max_size=40
)


def ledger(drawn: Any) -> list[tuple[int, int, int, int]]:
    """Rows in order of time; a payment out exceeds nothing that is there."""
    rows, balance = [], 0
    for other, out, at, amount in sorted(drawn, key=lambda row: row[2]):
        if out and amount <= balance:
            rows.append((MULE, other, at, amount))
            balance -= amount
        else:
            rows.append((other, MULE, at, amount))
            balance += amount
    return rows


@given(ROWS)
def test_values_are_within_their_bounds(drawn: Any) -> None:
    rows = ledger(drawn)
    if not rows:
        return
    values = mule(rows).values
    assert 0 <= values["fan_in_hour"] <= values["fan_in"] <= 3
    assert 0 <= values["fan_out_hour"] <= values["fan_out"] <= 3
    for code in ("pass_through", "night", "round_amounts"):
        assert values[code] is None or 0 <= values[code] <= 10_000
    assert values["dwell"] is None or 0 <= values["dwell"] <= 3 * DAY


@given(ROWS)
def test_dwell_is_that_of_money_followed_unit_by_unit(drawn: Any) -> None:
    rows = [(src, dst, at, amount % 50 + 1) for src, dst, at, amount in ledger(drawn)]
    queue: list[int] = []
    stays: list[int] = []
    kept = []
    for row in rows:
        if row[0] == MULE and row[3] > len(queue):
            continue
        kept.append(row)
        if row[0] == MULE:
            stays += [row[2] - came for came in queue[: row[3]]]
            queue = queue[row[3] :]
        else:
            queue += [row[2]] * row[3]
    if stays:
        assert mule(kept).values["dwell"] == statistics.median_low(stays)


@given(ROWS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(drawn: Any, shuffler: random.Random) -> None:
    rows = ledger(drawn)
    if not rows:
        return
    columns = entries(rows)
    order = list(range(len(rows)))
    shuffler.shuffle(order)
    mixed = Entries(*(getattr(columns, name)[order] for name in Entries.__dataclass_fields__))
    assert accounts(mixed, EMPTY, local_hour=hour_of) == accounts(columns, EMPTY, local_hour=hour_of)


@given(ROWS)
def test_the_busiest_hour_is_that_of_trying_every_window(drawn: Any) -> None:
    rows = ledger(drawn)
    if not rows:
        return
    paid_in = [(at, src) for src, dst, at, _ in rows if dst == MULE]
    tried = max((len({s for t, s in paid_in if at <= t < at + HOUR}) for at, _ in paid_in), default=0)
    assert mule(rows).values["fan_in_hour"] == tried


# -- the formula -------------------------------------------------------------------------------------


def test_the_weights_add_up_and_every_feature_has_its_words() -> None:
    assert sum(feature.weight for feature in FEATURES) == 100
    codes = [feature.code for feature in FEATURES]
    assert list(FEATURE_LABELS) == list(MEANING_LABELS) == list(FORMULA_LABELS) == codes
    assert not any("%" in text for text in [*MEANING_LABELS.values(), *FORMULA_LABELS.values()])


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ("pass_through", 5_000, 0),
        ("pass_through", 7_250, 500),
        ("pass_through", 9_500, 1_000),
        ("pass_through", 10_000, 1_000),
        ("dwell", 4 * HOUR, 0),
        ("dwell", 600, 1_000),
        ("dwell", 7_500, 500),
        ("dwell", 30 * DAY, 0),
        ("fan_in", None, None),
    ],
)
def test_points_lie_on_a_line_between_calm_and_grave(code: str, value: int | None, expected: int | None) -> None:
    assert points(BY_CODE[code], value) == expected


def test_the_score_of_the_worked_example() -> None:
    values = mule(WORKED).values
    # pass_through (8333-5000)*1000/4500 = 740, dwell 1200 s: 956, burst 1000, night 1000, test_payments 500
    assert {code: points(BY_CODE[code], value) for code, value in values.items() if points(BY_CODE[code], value)} == {
        "pass_through": 740, "dwell": 956, "burst": 1_000, "night": 1_000, "test_payments": 500,
    }  # fmt: skip
    # (740*18 + 956*16 + 1000*10 + 1000*6 + 500*4) / 100 = 466.16
    assert score(values) == (466, 10)


@given(st.dictionaries(st.sampled_from([f.code for f in FEATURES]), st.integers(0, 10**6)))
def test_more_data_never_lowers_a_score(values: Any) -> None:
    whole, known = score(values)
    assert 0 <= whole <= 1_000
    assert known == len(values)
    for code in values:
        less, fewer = score({**values, code: None})
        assert less <= whole
        assert fewer == known - 1
