"""antifraud.spreadsheets: what is written can never run."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.rules.numbers import read_number
from antifraud.spreadsheets import SheetRow, csv_text, read_rows, safe_text, unguarded, write_rows

LIMITS = {"max_bytes": 5_000_000, "max_rows": 5_000}
TRIGGERS = "=+-@\t\r\n\0＝＋－＠"
FORMULAS = [
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\0=1",
    "＝1",
    "＋1",
    "－1",
    "＠1",
    " =1",
    "\u200b=1",
    "\x01=1",
]


def test_what_is_written_is_read_back() -> None:
    content = write_rows(
        ["账号", "Amount", "Day", "Note"],
        [
            ["6222021234567890123", Decimal("1234.50"), date(2026, 11, 20), "=1+1"],
            ["0012", 7, None, "plain"],
            ["x", 10**15, None, "y"],
        ],
        notes=["Fill in the rows.", "=1"],
    )
    assert read_rows(content, **LIMITS) == [
        SheetRow(1, ("账号", "Amount", "Day", "Note")),
        SheetRow(2, ("6222021234567890123", 1234.5, date(2026, 11, 20), "=1+1")),
        SheetRow(3, ("0012", 7.0, "", "plain")),
        SheetRow(4, ("x", "1000000000000000", "", "y")),
    ]


def test_texts_are_typed_as_text_and_numbers_keep_their_decimals() -> None:
    content = write_rows(["a", "b"], [["0012", Decimal("1.50")]], title="Orders")
    sheet = openpyxl.load_workbook(io.BytesIO(content))["Orders"]
    assert (sheet["A2"].value, sheet["A2"].data_type, sheet["A2"].number_format) == ("0012", "s", "@")
    assert (sheet["B2"].data_type, sheet["B2"].number_format) == ("n", "#,##0.00")
    assert sheet.freeze_panes == "A2"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_can_become_a_formula(text: str) -> None:
    written = safe_text(text)
    assert written.startswith("'")
    content = write_rows([text], [[text]], notes=[text])
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row] == ["s", "s", "s"]
    assert all(cell.value.startswith("'") for sheet in book for row in sheet.iter_rows() for cell in row)


@given(st.text(max_size=40))
def test_guarding_is_safe_and_undone_on_reading(text: str) -> None:
    written = safe_text(text)
    assert not written or written[0] not in TRIGGERS
    assert not written.lstrip() or written.lstrip()[0] not in TRIGGERS
    assert unguarded(written) == safe_text(text).removeprefix("'") or unguarded(written) == written
    if all(c.isprintable() for c in text):
        assert unguarded(written) == text or text.startswith("'")


def test_an_apostrophe_of_the_text_itself_stays() -> None:
    assert safe_text("'quoted'") == "'quoted'"
    assert unguarded("'quoted'") == "'quoted'"


def test_a_text_longer_than_a_cell_is_cut_visibly() -> None:
    assert len(safe_text("x" * 40_000)) == 32_767
    assert safe_text("x" * 40_000).endswith("x…")


@pytest.mark.parametrize("value", [True, 1.5, datetime(2026, 11, 20, tzinfo=UTC)])
def test_values_without_one_meaning_are_refused(value: object) -> None:
    with pytest.raises(TypeError):
        write_rows(["a"], [[value]])  # type: ignore[list-item]


def test_a_column_can_offer_words_beyond_the_limit_of_excel() -> None:
    words = [f"reason number {n}" for n in range(60)]
    content = write_rows(["a", "b"], [["x", "y"]], choices={1: words})
    book = openpyxl.load_workbook(io.BytesIO(content))
    rule = book["Rows"].data_validations.dataValidation[0]
    assert (rule.formula1, str(rule.sqref)) == ("Lists!$A$1:$A$60", "B2:B1002")
    assert book["Lists"].sheet_state == "hidden"
    assert [row.cells for row in read_rows(content, **LIMITS)] == [("a", "b"), ("x", "y")]


@settings(max_examples=25)
@given(
    st.lists(
        st.lists(
            st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8),
            min_size=2,
            max_size=2,
        ),
        max_size=5,
    )
)
def test_any_rows_survive_the_round_trip(rows: list[list[str]]) -> None:
    found = read_rows(write_rows(["a", "b"], rows), **LIMITS)
    expected = {at: tuple(map(_read_back, row)) for at, row in enumerate(rows, start=2) if any(row)}
    assert {row.row_no: (*row.cells, "", "")[:2] for row in found[1:]} == expected


def _read_back(text: str) -> str:
    return unguarded(safe_text(text))


@pytest.mark.parametrize("digits", ["6222021234567890123", "123456789012", "0012"])
def test_digits_that_a_program_would_spoil_stay_text_in_a_csv_file(digits: str) -> None:
    assert csv_text(digits) == f"'{digits}"
    assert read_number(csv_text("6222021234567890123")).number == "6222021234567890123", "our own boxes take it back"


@pytest.mark.parametrize("text", ["12345678901", "0", "", "500.00", "6222 **** 0123", "GB82WEST12345698765432", "=1+1"])
def test_other_text_is_as_it_was(text: str) -> None:
    assert csv_text(text) == safe_text(text)
