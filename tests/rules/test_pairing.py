"""Pairing rows of two statements: windows, references, ties, independence of the order, what was undone."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.pairing import DAY, SECOND, Row, is_possible, pair

MINUTE = 60 * SECOND


def row(key: str, at: int, *, day: bool = False, reference: bytes = b"", rank: int = 0) -> Row:
    return Row(key, at, (rank, key), day, reference)


def pairs(outs: list[Row], ins: list[Row], **extra: object) -> set[tuple[object, object]]:
    return {(outs[p.out].key, ins[p.into].key) for p in pair(outs, ins, **extra)}  # type: ignore[arg-type]


def test_ten_minutes_apart_is_one_transfer_and_more_is_not() -> None:
    assert pairs([row("o", 0)], [row("i", 10 * MINUTE)]) == {("o", "i")}
    assert pairs([row("o", 0)], [row("i", -10 * MINUTE)]) == {("o", "i")}
    assert pairs([row("o", 0)], [row("i", 10 * MINUTE + SECOND)]) == set()


def test_the_nearest_goes_first() -> None:
    outs, ins = [row("a", 0), row("b", 5 * MINUTE)], [row("x", 6 * MINUTE), row("y", 1 * MINUTE)]
    assert pairs(outs, ins) == {("a", "y"), ("b", "x")}


def test_the_same_reference_decides_against_the_clock() -> None:
    outs = [row("a", 0, reference=b"R1"), row("b", 1 * MINUTE, reference=b"R2")]
    ins = [row("x", 0, reference=b"R2"), row("y", 1 * MINUTE, reference=b"R1")]
    assert pairs(outs, ins) == {("a", "y"), ("b", "x")}
    assert all(each.same_reference for each in pair(outs, ins))


def test_each_row_is_in_one_pair_at_most() -> None:
    assert len(pair([row("a", 0), row("b", 0)], [row("x", 0)])) == 1


def test_what_was_undone_stays_apart() -> None:
    outs, ins = [row("a", 0)], [row("x", 0), row("y", MINUTE)]
    assert pairs(outs, ins, forbidden={("a", "x")}) == {("a", "y")}


def test_a_day_without_a_time_is_the_same_or_the_next_day() -> None:
    hour = 60 * MINUTE
    assert is_possible(row("o", 0, day=True), row("i", 23 * hour))
    assert is_possible(row("o", 0, day=True), row("i", 47 * hour))
    assert not is_possible(row("o", 0, day=True), row("i", 49 * hour))
    assert not is_possible(row("o", 0, day=True), row("i", -hour))
    assert is_possible(row("o", 9 * hour), row("i", 0, day=True))
    assert is_possible(row("o", 9 * hour), row("i", DAY, day=True))
    assert not is_possible(row("o", 9 * hour), row("i", 2 * DAY, day=True))
    assert is_possible(row("o", 0, day=True), row("i", DAY, day=True))
    assert not is_possible(row("o", DAY, day=True), row("i", 0, day=True))


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.integers(0, 40), max_size=12),
    st.lists(st.integers(0, 40), max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_does_not_matter(outs: list[int], ins: list[int], shuffle: random.Random) -> None:
    left = [row(f"o{n}", at * MINUTE, rank=n) for n, at in enumerate(outs)]
    right = [row(f"i{n}", at * MINUTE, rank=n) for n, at in enumerate(ins)]
    found = pairs(left, right)
    assert all(abs(outs[int(o[1:])] - ins[int(i[1:])]) <= 10 for o, i in found)  # type: ignore[index]
    shuffle.shuffle(left)
    shuffle.shuffle(right)
    assert pairs(left, right) == found


def test_very_many_equal_rows_are_paired_without_looking_at_all() -> None:
    outs = [row(f"o{n:05}", n % 500 * SECOND, rank=n) for n in range(5_000)]
    ins = [row(f"i{n:05}", n % 500 * SECOND + 1, rank=n) for n in range(5_000)]
    found = pair(outs, ins)
    assert len(found) > 4_900
    assert len({each.out for each in found}) == len(found) == len({each.into for each in found})
