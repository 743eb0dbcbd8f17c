"""accounts.rules.sheets: rows of the case import put together as cases."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.sheets import CASE_COLUMNS, SheetReading, group_cases, read_sheet
from tests.rules.sheet_cells import AT, CARD, CELLS, NAIVE, SETTING, codes, sheet

CASE_NAMES = (
    "incident_number|fraud_type|reported_at|victim_name|victim_phone|loss|target_number|transfer_amount|transfer_at"
)
FULL = ("A1", "刷单返利", NAIVE, "赵某", "13800138000", "5万", CARD, "500", "2026-11-20 13:05")


def cases(*rows: tuple[Any, ...]) -> SheetReading:
    return read_sheet(CASE_COLUMNS, sheet(tuple(CASE_NAMES.split("|")), *rows), SETTING)


def test_rows_of_one_incident_are_one_case() -> None:
    more = ("A1", "", "", "", "", "", "62170012345678", "600", "")
    other = ("B2", "investment", "2026-11-20 13:05", "钱某", "", "", CARD, "", "")
    first, second = group_cases(cases(FULL, other, more).rows)
    assert (first.incident_number, [row.row_no for row in first.rows], first.ok) == ("A1", [2, 4], True)
    assert first.values == {
        "fraud_type": "rebate",
        "reported_at": AT,
        "victim_name": "赵某",
        "victim_phone": "+8613800138000",
        "loss": 5_000_000,
    }
    assert [row.values["target_number"] for row in first.rows] == [CARD, "62170012345678"]
    assert (second.incident_number, second.ok, second.values["fraud_type"]) == ("B2", True, "investment")


def test_a_case_that_contradicts_itself_is_named_in_the_later_row() -> None:
    (case,) = group_cases(cases(FULL, ("A1", "rebate", "", "孙某", "", "", CARD, "1", "")).rows)
    assert codes(case.rows[0]) == {}
    assert codes(case.rows[1]) == {"victim_name": ["case_field_differs"]}
    assert case.rows[1].problems["victim_name"][0].params == {"first": 2}
    assert not case.ok


def test_what_a_case_needs_is_asked_for_once() -> None:
    (case,) = group_cases(cases(("A1", "", "", "", "", "", CARD), ("A1", "", "", "", "", "", CARD, "5")).rows)
    assert codes(case.rows[0]) == {name: ["cell_required"] for name in ("fraud_type", "reported_at", "victim_name")}
    assert codes(case.rows[1]) == {}


def test_a_repeated_transfer_only_warns() -> None:
    (case,) = group_cases(cases(FULL, FULL).rows)
    assert codes(case.rows[1]) == {"target_number": ["row_repeated"]}
    assert case.ok


def test_a_row_without_incident_belongs_to_no_case() -> None:
    reading = cases(("", *FULL[1:]))
    assert group_cases(reading.rows) == []
    assert codes(reading.rows[0]) == {"incident_number": ["cell_required"]}


def test_a_wrong_cell_is_not_also_missing() -> None:
    (case,) = group_cases(cases(("A1", "magic", *FULL[2:])).rows)
    assert codes(case.rows[0]) == {"fraud_type": ["cell_not_word"]}


@given(st.lists(st.lists(CELLS, max_size=9).map(tuple), max_size=4))
def test_no_cells_break_the_case_reader(rows: list[tuple[Any, ...]]) -> None:
    reading = cases(*rows)
    assert len(reading.rows) + reading.untouched == len(rows)
    for case in group_cases(reading.rows):
        assert all(codes(row) is not None for row in case.rows)
