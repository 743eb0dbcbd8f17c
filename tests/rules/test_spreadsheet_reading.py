"""antifraud.spreadsheets: what is read cannot hurt."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antifraud.spreadsheets import MESSAGES, SheetError, SheetRow, read_rows, write_rows

REAL_FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "statements" / "cn34" / "reply_1605.xlsx"
LIMITS = {"max_bytes": 5_000_000, "max_rows": 5_000}


def refused(content: bytes, **limits: int) -> str:
    with pytest.raises(SheetError) as caught:
        read_rows(content, **{**LIMITS, **limits})
    assert str(caught.value) == MESSAGES[caught.value.code].format(**caught.value.params)
    return caught.value.code


def workbook(change: Callable[[openpyxl.Workbook], object] = lambda book: None) -> bytes:
    book = openpyxl.Workbook()
    book.active["A1"] = "number"
    change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(content: bytes, parts: dict[str, bytes | str], *, drop: tuple[str, ...] = ()) -> bytes:
    """The workbook with parts replaced or added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts and name not in drop:
                new.writestr(name, old.read(name))
        for name, body in parts.items():
            new.writestr(name, body)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def with_cells(cells: str) -> bytes:
    return repacked(workbook(), {SHEET: f"<worksheet {NS}><sheetData>{cells}</sheetData></worksheet>"})


def test_cells_keep_their_types_and_rows_their_numbers() -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.active
        sheet["B3"] = datetime(2026, 11, 20, 13, 5, tzinfo=UTC).replace(tzinfo=None)
        sheet["C3"] = 1.5
        sheet["D5"] = True
        sheet["E5"] = time(13, 5)

    assert read_rows(workbook(fill), **LIMITS) == [
        SheetRow(1, ("number", "", "", "", "")),
        SheetRow(3, ("", datetime(2026, 11, 20, 13, 5, tzinfo=UTC).replace(tzinfo=None), 1.5, "", "")),
        SheetRow(5, ("", "", "", True, time(13, 5))),
    ]


def test_files_are_read_as_bytes_and_as_streams() -> None:
    content = workbook()
    assert read_rows(io.BytesIO(content), **LIMITS) == read_rows(content, **LIMITS) == [SheetRow(1, ("number",))]


def test_the_first_visible_sheet_counts() -> None:
    def hide(book: openpyxl.Workbook) -> None:
        book.active.sheet_state = "hidden"
        book.create_sheet("Second")["A1"] = "second"

    assert read_rows(workbook(hide), **LIMITS) == [SheetRow(1, ("second",))]


def test_limits_count_to_the_row_and_the_byte() -> None:
    content = write_rows(["a"], [["x"]] * 9)
    assert len(read_rows(content, max_bytes=len(content), max_rows=10)) == 10
    assert refused(content, max_rows=9) == "sheet_too_long"
    assert refused(content, max_bytes=len(content) - 1) == "file_too_large"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"number,name\n1,2\n", "file_not_xlsx"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "file_locked_or_old"),
        (b"PK\x03\x04" + b"\0" * 600, "file_damaged"),
        (b"PK\x05\x06" + b"\0" * 18, "file_not_xlsx"),
    ],
)
def test_what_is_no_workbook_says_so(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_an_archive_of_something_else_is_no_workbook() -> None:
    assert refused(repacked(workbook(), {}, drop=("xl/workbook.xml",))) == "file_not_xlsx"


def test_a_cut_file_is_damaged() -> None:
    assert refused(workbook()[:-100]) == "file_damaged"


@pytest.mark.parametrize(
    "cell",
    ['<c r="B2"><f>1+1</f><v>2</v></c>', '<c r="B2"><f/></c>', '<c r="B2" t="str"><f t="shared" si="0"/><v>x</v></c>'],
)
def test_formulas_are_refused_and_located(cell: str) -> None:
    content = with_cells(f'<row r="2">{cell}</row>')
    with pytest.raises(SheetError) as caught:
        read_rows(content, **LIMITS)
    assert (caught.value.code, caught.value.params) == ("file_has_formulas", {"cell": "B2"})


def test_a_formula_under_another_prefix_is_a_formula() -> None:
    prefixed = f'<x:worksheet xmlns:x="{NS[7:-1]}"><x:sheetData><x:row><x:c><x:f>1</x:f></x:c></x:row></x:sheetData></x:worksheet>'
    assert refused(repacked(workbook(), {SHEET: prefixed})) == "file_has_formulas"


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ("xl/vbaProject.bin", "file_has_macros"),
        ("xl/macrosheets/sheet1.xml", "file_has_macros"),
        ("xl/activeX/activeX1.xml", "file_has_macros"),
        ("xl/externalLinks/externalLink1.xml", "file_has_links"),
        ("xl/embeddings/oleObject1.bin", "file_has_links"),
        ("xl/connections.xml", "file_has_links"),
        ("../evil.xml", "file_damaged"),
        ("/etc/passwd", "file_damaged"),
        ("xl\\worksheets\\x.xml", "file_damaged"),
        ("XL/WORKBOOK.XML", "file_damaged"),
    ],
)
def test_dangerous_parts_are_refused(part: str, code: str) -> None:
    assert refused(repacked(workbook(), {part: b"x"})) == code


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><worksheet>&b;</worksheet>',
        '<!DOCTYPE x SYSTEM "http://example.invalid/x"><worksheet/>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><worksheet>&a;</worksheet>',
        "<worksheet>",
        "no xml at all",
        '<worksheet><sheetData><row r="x"/></sheetData></worksheet>',
        '<worksheet><sheetData><row r="1"><c r="1A"/></row></sheetData></worksheet>',
        '<worksheet><sheetData><row r="1"><c r="A٣"/></row></sheetData></worksheet>',
    ],
)
def test_damaged_and_hostile_xml_is_refused(text: str) -> None:
    assert refused(repacked(workbook(), {SHEET: text})) == "file_damaged"


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("XFD1048576", "sheet_too_long"),
        ("XFD1", "sheet_too_wide"),
        ("GS1", "sheet_too_wide"),
        ("A5001", "sheet_too_long"),
        ("ZZZZ1", "file_damaged"),
    ],
)
def test_a_far_cell_never_asks_for_memory(cell: str, code: str) -> None:
    assert refused(with_cells(f'<row><c r="{cell}"><v>1</v></c></row>')) == code


def test_the_last_allowed_cell_is_read() -> None:
    rows = read_rows(with_cells('<row r="5000"><c r="GR5000"><v>1</v></c></row>'), **LIMITS)
    assert [(row.row_no, len(row.cells), row.cells[-1]) for row in rows] == [(5000, 200, 1.0)]


def test_cells_without_references_are_counted() -> None:
    cells = "<c><v>1</v></c>" * 201
    assert refused(with_cells(f"<row>{cells}</row>")) == "sheet_too_wide"
    assert refused(with_cells("<row/>" * 5_001)) == "sheet_too_long"
    rows = read_rows(with_cells("<row><c><v>1</v></c><c><v>2</v></c></row>" * 3), max_bytes=10_000, max_rows=3)
    assert rows == [SheetRow(at, (1.0, 2.0)) for at in (1, 2, 3)]


def test_a_long_shared_string_is_not_copied_without_end() -> None:
    strings = f"<sst {NS}><si><t>{'x' * 1_000_000}</t></si></sst>"
    few = with_cells("".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 22)))
    assert refused(repacked(few, {"xl/sharedStrings.xml": strings})) == "sheet_too_much_text"


def test_cells_outside_a_sheet_are_refused() -> None:
    assert refused(repacked(workbook(), {"xl/styles.xml": "<styleSheet><row/></styleSheet>"})) == "file_damaged"


def test_a_bomb_is_refused_by_its_directory() -> None:
    assert refused(repacked(workbook(), {"xl/media/a.bin": b"\0" * 12_000_000})) == "file_suspicious"
    assert refused(repacked(workbook(), {f"x/{n}": b"" for n in range(1_001)})) == "file_suspicious"


def test_a_part_that_grows_beyond_its_directory_is_stopped() -> None:
    content = bytearray(repacked(workbook(), {SHEET: f"<worksheet {NS}>{' ' * 9_000}</worksheet>"}))
    at = content.rfind(SHEET.encode()) - 46  # the central directory's entry
    assert content[at : at + 4] == b"PK\x01\x02"
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    assert refused(bytes(content)) in {"file_suspicious", "file_damaged"}


def test_an_encrypted_part_is_refused() -> None:
    content = bytearray(workbook())
    at = content.rfind(SHEET.encode()) - 46
    content[at + 8] |= 1
    assert refused(bytes(content)) == "file_locked_or_old"


def test_without_a_visible_sheet_there_is_nothing_to_read() -> None:
    content = workbook()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        book = archive.read("xl/workbook.xml").decode().replace("<sheet ", '<sheet state="hidden" ', 1)
    book = book.replace('state="visible"', "")
    assert refused(repacked(content, {"xl/workbook.xml": book})) == "sheet_missing"


@settings(max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 4_000), st.integers(1, 60))
def test_random_damage_is_a_clear_refusal_or_harmless(noise: bytes, at: int, length: int) -> None:
    content = bytearray(workbook())
    content[at : at + length] = noise
    assert verdict(bytes(content)) in {"read", *MESSAGES}


def verdict(content: bytes) -> str:
    """ "read", or the code of the refusal."""
    try:
        read_rows(content, **LIMITS)
    except SheetError as e:
        return e.code
    return "read"


@pytest.mark.skipif(not REAL_FILE.exists(), reason="the real statement is not on this machine")
def test_a_real_statement_is_read_whole() -> None:
    rows = read_rows(REAL_FILE.read_bytes(), **LIMITS)
    assert (len(rows), len(rows[0].cells), rows[0].cells[0]) == (1606, 34, "交易卡号")
