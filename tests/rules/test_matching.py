"""accounts.rules.matching: the four things and the normal form of names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.matching import FOUR_THINGS, FourThings, match_for, match_four, normalise_name, same_name

AT = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)
ORDER = FourThings("6222021234567890123", "张三", 123_456, "CNY", AT)


@pytest.mark.parametrize(
    ("bank", "differing"),
    [
        (ORDER, []),
        (replace(ORDER, number="6222 0212 3456 7890 123"), []),
        (replace(ORDER, at=AT + timedelta(minutes=10)), []),
        (replace(ORDER, at=AT - timedelta(minutes=10)), []),
        (replace(ORDER, at=(AT + timedelta(minutes=5)).astimezone(timezone(timedelta(hours=8)))), []),
        (replace(ORDER, at=AT + timedelta(minutes=10, seconds=1)), ["time"]),
        (replace(ORDER, amount_minor=123_457), ["amount"]),
        (replace(ORDER, currency="USD"), ["amount"]),
        (replace(ORDER, name="李四"), ["name"]),
        (replace(ORDER, number="6222021234567890124"), ["number"]),
        (FourThings(), ["number", "name", "amount", "time"]),
        (FourThings("1234", "王五", 1, "CNY", AT + timedelta(days=1)), ["number", "name", "amount", "time"]),
    ],
)
def test_what_differs_is_named(bank: FourThings, differing: list[str]) -> None:
    assert match_four(ORDER, bank, tolerance_minutes=10) == differing
    assert match_four(bank, ORDER, tolerance_minutes=10) == differing


def test_what_neither_side_knows_does_not_match() -> None:
    assert match_four(FourThings(), FourThings(), tolerance_minutes=10) == list(FOUR_THINGS)
    zero = FourThings("1234", "A", 0, "CNY", AT)
    assert match_four(zero, zero, tolerance_minutes=0) == []


@pytest.mark.parametrize(
    ("kind", "differing"),
    [("stop", ["name", "amount", "time"]), ("freeze", ["name"]), ("query_holder", []), ("stop_release", [])],
)
def test_each_kind_is_matched_by_its_own_fields(kind: str, differing: list[str]) -> None:
    bank = FourThings(ORDER.number, "李四", 5, "CNY", AT + timedelta(hours=5))
    assert match_for(kind, ORDER, bank, tolerance_minutes=10) == differing


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        match_four(ORDER, replace(ORDER, at=AT.replace(tzinfo=None)), tolerance_minutes=10)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张三", " 张　三 "),
        ("ZHANG SAN", "Zhangsan"),
        ("阿布都·热合曼", "阿布都•热合曼"),
        ("阿布都·热合曼", "阿布都．热合曼"),
        ("阿布都·热合曼", "阿布都.热合曼"),
        ("阿布都·热合曼", "阿布都・热合曼"),
        ("某某（北京）有限公司", "某某(北京)有限公司"),
        ("张\u200b三", "张三"),
        ("ＡＢＣ Ltd.", "abc ltd."),
        ("葛\U000e0100", "葛"),
    ],
)
def test_the_same_name_written_differently(one: str, other: str) -> None:
    assert same_name(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("张三", "张叁"),
        ("張三", "张三"),
        ("阿布都·热合曼", "阿布都热合曼"),
        ("张三", "张三丰"),
        ("", ""),
        (" ", "\u200b"),
        ("A.B", "A·B"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert not same_name(one, other)


def test_exact_matching_keeps_case_and_inner_blanks() -> None:
    assert same_name("Zhang San ", "Ｚhang San", name_match="exact")
    assert not same_name("Zhang San", "ZHANG SAN", name_match="exact")
    assert not same_name("", "", name_match="exact")
    with pytest.raises(ValueError, match="unknown"):
        same_name("a", "a", name_match="fuzzy")


@given(st.text(max_size=60))
def test_normalising_a_name_twice_changes_nothing_more(name: str) -> None:
    assert normalise_name(normalise_name(name)) == normalise_name(name)


@given(st.text(alphabet="张三李四·ABCabc .．・", max_size=20))
def test_blanks_and_case_never_matter(name: str) -> None:
    assert normalise_name(" ".join(name.upper())) == normalise_name(name)


@given(
    st.integers(-(10**6), 10**6),
    st.integers(0, 10**4),
)
def test_the_tolerance_counts_both_ways(seconds: int, tolerance: int) -> None:
    bank = replace(ORDER, at=AT + timedelta(seconds=seconds))
    assert match_four(ORDER, bank, tolerance_minutes=tolerance) == ([] if abs(seconds) <= tolerance * 60 else ["time"])
