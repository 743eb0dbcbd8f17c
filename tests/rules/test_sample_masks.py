"""Sample cells on the mapping page: what a column means can be told, who somebody is cannot."""

from __future__ import annotations

import pytest

from accounts.rules.sample_masks import sample_shown


@pytest.mark.parametrize(
    "cell",
    [
        "100.00", "-1,234.50", "+12", "1234567", "1234567890.12", "20261101100000", "2026-11-01 10:00:00", "2026/11/1", "2026年11月1日",
        "10:05", "CNY", "D", "进", "支出", "成功", "",
    ],
)  # fmt: skip
def test_amounts_times_codes_and_words_stay(cell: str) -> None:
    assert sample_shown(cell) == cell


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("6222020000000000017\t", "6222 **** 0017"),
        ("6222 0200 0000 0000 017", "6222 **** 0017"),
        ("13800138000", "**** 8000"),
        ("99010219580101123X", "9901 **** 123X"),
        ("20269901100000", "**** 0000"),
        ("19000101", "**** 01"),
        ("王小明", "王**"),
        ("李四", "李*"),
        ("John Smith", "J*** S***"),
        ("YF12345678901234", "YF12 **** 1234"),
    ],
)
def test_numbers_and_names_are_masked(cell: str, shown: str) -> None:
    assert sample_shown(cell) == shown


def test_a_long_cell_is_cut_before_it_is_looked_at() -> None:
    assert len(sample_shown("x" * 100_000)) < 100
