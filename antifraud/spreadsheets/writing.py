"""Writing rows as an XLSX file whose cells can never run (R40); it chooses no rows and formats no money."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from antifraud.lazily import lazily
from antifraud.plain_text import invisible

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.cell.cell import Cell
    from openpyxl.worksheet.worksheet import Worksheet

openpyxl = lazily("openpyxl")
styles = lazily("openpyxl.styles")
utils = lazily("openpyxl.utils")
datavalidation = lazily("openpyxl.worksheet.datavalidation")

OutCell = str | int | Decimal | date | None

_TRIGGERS = frozenset("=+-@\t\r\n\0＝＋－＠")
_GUARD = "'"
_MAX_CELL = 32_767  # what Excel can hold
_MAX_EXACT = 10**15  # beyond 15 digits a spreadsheet program rounds
_HEADING_COLOUR = "FFE8EEF7"
_SPOILT_DIGITS = re.compile(
    r"0[0-9]+|[0-9]{12,}"
)  # zeros in front are lost; from 12 digits on 6.2E+18 is shown and saved
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # what XML 1.0 cannot hold


def safe_text(text: str) -> str:
    """Text that no spreadsheet program takes for a formula, also after saving it as CSV; characters that XML
    cannot hold are dropped, and what Excel cannot hold is cut with "…"."""
    clean = _ILLEGAL.sub("", text)
    guarded = _GUARD + clean if _starts_like_formula(clean) else clean
    return guarded if len(guarded) <= _MAX_CELL else guarded[: _MAX_CELL - 1] + "…"


def csv_text(text: str) -> str:
    """The same for a CSV file, whose cells have no types: digits of an account number get the apostrophe too, so that a
    spreadsheet program keeps them as text instead of rounding them to 15 digits."""
    return _GUARD + text if _SPOILT_DIGITS.fullmatch(text) else safe_text(text)


def unguarded(text: str) -> str:
    """The text as it was before `safe_text` put its apostrophe in front."""
    return text[1:] if text.startswith(_GUARD) and _starts_like_formula(text[1:]) else text


def write_rows(
    headings: Sequence[str],
    rows: Iterable[Sequence[OutCell]],
    *,
    notes: Sequence[str] = (),
    choices: Mapping[int, Sequence[str]] | None = None,
    title: str = "Rows",
    footer: str = "",
) -> bytes:
    """An XLSX file: the first sheet `title` holds headings and rows, a second one the `notes`, a line each. `footer` stands
    at the bottom of every printed page.

    Texts are typed as text (account numbers keep all digits); int and Decimal become numbers while they
    are exact, else text. Times are passed as text in the reader's zone. `choices` offers a list of
    words in a column (0-based) for 1,000 rows beyond the given ones.
    """
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = title
    _fill_row(sheet, 1, headings)
    last = 1
    for last, row in enumerate(rows, start=2):
        _fill_row(sheet, last, row)
    _dress(sheet, headings)
    if footer:
        sheet.oddFooter.center.text = footer.replace("&", "&&")
    if notes:
        page = workbook.create_sheet("Notes")
        page.column_dimensions["A"].width = 100
        for at, note in enumerate(notes, start=1):
            _fill(page.cell(at, 1), note)
            page.cell(at, 1).alignment = styles.Alignment(wrap_text=True, vertical="top")
    if choices:
        _offer(workbook, sheet, choices, last + 1_000)
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def _starts_like_formula(text: str) -> bool:
    first_inked = next((c for c in text if not c.isspace() and not invisible(c)), "")
    return bool(text) and (text[0] in _TRIGGERS or first_inked in _TRIGGERS)


def _fill_row(sheet: Worksheet, at: int, values: Sequence[OutCell]) -> None:
    for column, value in enumerate(values, start=1):
        if value is not None:
            _fill(sheet.cell(at, column), value)


def _fill(cell: Cell, value: OutCell) -> None:
    if isinstance(value, bool | datetime | float):
        raise TypeError("write flags and times as text, amounts as int or Decimal")
    if isinstance(value, int | Decimal) and -_MAX_EXACT < value < _MAX_EXACT:
        places = _places(value)
        cell.value = value
        cell.number_format = "#,##0" + ("." + "0" * places if places else "")
    elif isinstance(value, date):
        cell.value = value
        cell.number_format = "yyyy-mm-dd"
    else:
        cell.value = safe_text(str(value))
        cell.data_type = "s"
        cell.number_format = "@"


def _places(value: int | Decimal) -> int:
    power = Decimal(value).as_tuple().exponent
    return max(0, -power) if isinstance(power, int) else 0


def _dress(sheet: Worksheet, headings: Sequence[str]) -> None:
    """Headings that stay in sight, columns wide enough to read; empty columns typed as text for long
    numbers.
    """
    sheet.freeze_panes = "A2"
    fill = styles.PatternFill("solid", fgColor=_HEADING_COLOUR)
    for column, heading in enumerate(headings, start=1):
        cell = sheet.cell(1, column)
        cell.font = styles.Font(bold=True)
        cell.fill = fill
        dimension = sheet.column_dimensions[utils.get_column_letter(column)]
        dimension.width = max(14, min(40, 2 * len(heading) + 2))
        dimension.number_format = "@"


def _offer(workbook: Workbook, sheet: Worksheet, choices: Mapping[int, Sequence[str]], last: int) -> None:
    """Drop-down lists. Their words stand in a hidden sheet: Excel takes no more than 255 characters in
    the rule.
    """
    lists = workbook.create_sheet("Lists")
    lists.sheet_state = "hidden"
    for at, (column, words) in enumerate(sorted(choices.items()), start=1):
        for row, word in enumerate(words, start=1):
            _fill(lists.cell(row, at), word)
        letter, target = utils.get_column_letter(at), utils.get_column_letter(column + 1)
        rule = datavalidation.DataValidation(
            "list", formula1=f"Lists!${letter}$1:${letter}${len(words)}", allow_blank=True
        )
        rule.add(f"{target}2:{target}{last}")
        sheet.add_data_validation(rule)
