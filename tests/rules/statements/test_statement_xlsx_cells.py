"""The cells of a row read from its text are those that its elements give, or the text is not read at all."""

from __future__ import annotations

import io
import zipfile

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from accounts.rules.statements.batch import StatementError
from accounts.rules.statements.xlsx_parts import Book
from accounts.rules.statements.xlsx_sheet import _cells, _column, _quick_cells

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:x="urn:other"'
STRINGS = ["零", "6222020200112233445", "a & b", "", "_x0009_"]
BOOK = Book(zipfile.ZipFile(io.BytesIO(), "w"), (), frozenset({3}), 0)
INSIDE = (
    "/>", "></c>", "><v>5</v></c>", "><v> 5.50 </v></c>", "><v>45000.5</v></c>", "><v/></c>", "><v> </v></c>", "><v>1E-3</v></c>",
    ' t="n"><v>123456789012345678</v></c>', ' t="s"><v>1</v></c>', ' t="s"><v>2</v></c>', ' t="s"><v>99</v></c>',
    ' t="s"><v>-1</v></c>', ' t="s"><v>٣</v></c>', ' t="s"><is><t>x</t></is></c>', ' t="b"><v>1</v></c>', ' t="e"><v>#N/A</v></c>',
    ' t="str"><v>_x0041_文</v></c>', ' t="str"><v>a&amp;b</v></c>', ' t="inlineStr"><is><t>转账</t></is></c>',
    ' t="inlineStr"><is><t xml:space="preserve"> a\n</t></is></c>', ' t="inlineStr"><is><t/></is></c>', ' t="inlineStr"><is/></c>',
    ' t="inlineStr"><is><t>&lt;v&gt;</t></is></c>', ' t="inlineStr"><is><r><t>a</t></r><rPh><t>b</t></rPh></is></c>',
    "><f>A1</f><v>3</v></c>", ' x:t="s"><v>1</v></c>', "><x:v>7</x:v></c>", "><v>1</v><v>2</v></c>", ">stray<v>1</v></c>",
)  # fmt: skip
CELL = st.tuples(st.sampled_from(("", ' s="1"', ' s="3"')), st.sampled_from(INSIDE))


def outcome(row: etree._Element) -> list[str] | str:
    try:
        return _cells(row, BOOK, STRINGS)
    except StatementError as error:
        return error.code


@given(
    st.lists(CELL, max_size=6),
    st.sampled_from(("ABCDEF", "ABDEFG", "AABCDE")),
    st.sampled_from(("", ' spans="1:6" x:ht="a&gt;b"')),
)
def test_a_row_read_from_its_text_is_the_row_read_by_elements(
    cells: list[tuple[str, str]], letters: str, more: str
) -> None:
    for letter in "ABCDEFG":
        _column(f"{letter}1")
    inside = "".join(f'<c r="{letter}7"{style}{rest}' for letter, (style, rest) in zip(letters, cells, strict=False))
    row = etree.fromstring(f'<sheet {NAMESPACE}><row r="7"{more}>{inside}</row> tail</sheet>')[0]
    found = _quick_cells(row, BOOK, STRINGS)
    assert found is None or found == outcome(row)


def test_usual_rows_are_read_from_their_text() -> None:
    for letter in "ABCDE":
        _column(f"{letter}1")
    inside = (
        '<c r="A7" t="inlineStr"><is><t>转账</t></is></c><c r="B7" s="3"><v>45000.5</v></c><c r="C7" t="s"><v>1</v></c>'
        '<c r="D7"/><c r="E7" t="n"><v>1.50</v></c>'
    )
    row = etree.fromstring(f'<sheet {NAMESPACE}><row r="7">{inside}</row></sheet>')[0]
    wanted = ["转账", "2023-03-15 12:00:00", "6222020200112233445", "", "1.5"]
    assert _quick_cells(row, BOOK, STRINGS) == wanted == _cells(row, BOOK, STRINGS)
