"""The rows of one worksheet as texts, streamed: a sheet is never laid out as a whole, whatever it declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from accounts.rules.statements.batch import StatementError
from accounts.rules.statements.fields import MAX_COLUMNS
from accounts.rules.statements.safe_xml import elements, local
from accounts.rules.statements.xlsx_parts import Book, Sheet, inline_text, part, plain, reading
from antifraud.lazily import lazily

if TYPE_CHECKING:
    from lxml import etree
else:
    etree = lazily("lxml.etree")

MAX_ROWS = 1_048_576
_MAX_ROW_BYTES = 4 * 2**20
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_NUMBER = re.compile(r"-?[0-9]{1,40}(?:\.[0-9]{1,40})?(?:E[+-]?[0-9]{1,3})?")
_EXACT_DIGITS = 15  # what a spreadsheet program keeps of a number
_DAY_ZERO = date(1899, 12, 30)
_MOST_COLUMNS = MAX_COLUMNS + 50  # formatted but empty cells may stand a little beyond
_NUMBERS: dict[str, int] = {}  # column letters -> number from 0, at most _MOST_COLUMNS of them
_DIGITS = "0123456789"
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]{1,7}"(?: s="([0-9]{1,9})")?(?:/>|(?: t="(s|n|str)")?><v>([^<]+)</v></c>'
    r'|(?: t="inlineStr")><is><t(?: xml:space="preserve")?(?:/>|>([^<]*)</t>)</is></c>)'
)
_CELL_PARTS = _CELL.groups + 1  # of each cell what stands before it, then its column, style, kind, value, inline text

Row = tuple[int, Sequence[str]]


class SheetRows:
    """Rows with any text as (row number, cells), a stretch at a time. Raises StatementError while reading."""

    def __init__(self, book: Book, sheet: Sheet, strings: Sequence[str]) -> None:
        self._rows = _rows(book, sheet, strings)

    def __call__(self, count: int) -> tuple[list[int], list[Sequence[str]]]:
        numbers: list[int] = []
        rows: list[Sequence[str]] = []
        while len(rows) < count:
            row = next(self._rows, None)
            if row is None:
                break
            numbers.append(row[0])
            rows.append(row[1])
        return numbers, rows


def _rows(book: Book, sheet: Sheet, strings: Sequence[str]) -> Iterator[Row]:
    number = 0
    with reading(), part(book.archive, sheet.path) as stream:
        for element in elements(stream, ("row",), max_bytes=_MAX_ROW_BYTES):
            number = _row_number(element.get("r"), number)
            cells = _quick_cells(element, book, strings)
            if cells is None:
                cells = _cells(element, book, strings)
            if any(cells) and not "".join(cells).isspace():
                yield number, cells


def _row_number(stated: str | None, before: int) -> int:
    if stated is None:
        number = before + 1
    elif stated.isascii() and stated.isdigit() and len(stated) <= 7:
        number = int(stated)
    else:
        raise StatementError("file_damaged")
    if number <= before:
        raise StatementError("file_damaged")
    if number > MAX_ROWS:
        raise StatementError("sheet_too_long")
    return number


def _quick_cells(row: Any, book: Book, strings: Sequence[str]) -> list[str] | None:
    """What `_cells` gives, of a row that lxml writes back as cells of the usual shapes alone; None of every other.

    To walk through the elements takes far longer, since lxml makes an object of each.
    """
    text = etree.tostring(row, encoding="unicode", with_tail=False)
    pieces = [] if "&" in text else _CELL.split(text[text.find(">") + 1 :].removesuffix("</row>"))
    if not pieces or any(pieces[::_CELL_PARTS]):
        return None
    cells: list[str] = []
    parts = (pieces[at::_CELL_PARTS] for at in range(1, _CELL_PARTS))
    for letters, style, kind, value, inline in zip(*parts, strict=True):
        if _NUMBERS.get(letters) != len(cells):
            return None
        if value is None:
            cells.append(plain(inline) if inline else "")
        elif kind == "str":
            cells.append(plain(value))
        elif kind != "s":
            cells.append(_number(value.strip(), style, book))
        elif value.isdigit() and value.isascii() and int(value) < len(strings):
            cells.append(strings[int(value)])
        else:
            return None
    return cells


def _cells(row: Any, book: Book, strings: Sequence[str]) -> list[str]:
    cells: list[str] = []
    for cell in row:
        reference = cell.get("r")
        column = len(cells)
        if reference is not None and _NUMBERS.get(reference.rstrip(_DIGITS)) != column:
            column = _column(reference)
        kind = cell.get("t")
        text = _shared(cell, strings) if kind == "s" else _value(cell, kind, book)
        if column == len(cells):
            cells.append(text)
        elif text:
            if column < len(cells):
                raise StatementError("file_damaged")
            cells.extend([""] * (column - len(cells)))
            cells.append(text)
    return cells


def _column(reference: str) -> int:
    """Column from 0 of "AB12". Empty cells may stand anywhere, so only the form is judged here."""
    match = _REFERENCE.fullmatch(reference)
    if not match:
        raise StatementError("file_damaged")
    value = 0
    for letter in match[1]:
        value = value * 26 + ord(letter) - 64
    if value > _MOST_COLUMNS:
        raise StatementError("sheet_too_wide")
    _NUMBERS[match[1]] = value - 1
    return value - 1


def _shared(cell: Any, strings: Sequence[str]) -> str:
    try:
        return strings[int(cell[0].text)]
    except (IndexError, TypeError, ValueError):
        return _formula(cell)


def _formula(cell: Any) -> str:
    """Refuse a formula; "" for a cell without any."""
    if len(cell) and local(cell[0]) == "f":
        reference = cell.get("r") or ""
        raise StatementError("file_has_formulas", cell=reference if _REFERENCE.fullmatch(reference) else "?")
    return ""


def _value(cell: Any, kind: str | None, book: Book) -> str:
    if not len(cell):
        return ""
    first = cell[0]
    name = local(first)
    if name == "is":
        return inline_text(first)
    if name != "v":
        return _formula(cell)
    text = first.text or ""
    if kind is None or kind == "n":
        return _number(text.strip(), cell.get("s"), book) if text else ""
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    return "" if kind == "e" else plain(text)


def _number(text: str, style: str | None, book: Book) -> str:
    """A number as text: dates by their style, what was kept with 15 digits exactly, the rest as it was written.

    Digits written out in full are exact, since the program that wrote them never made a floating number of them.
    """
    if style is not None and style.isdigit() and int(style) in book.dates:
        return _date(text, book.shift) or text
    if text.isdigit():
        return text
    upper = text.upper()
    if not _NUMBER.fullmatch(upper):
        return text
    value = Decimal(upper)
    if value.adjusted() >= _EXACT_DIGITS or value.adjusted() < -_EXACT_DIGITS:
        return upper
    short = value.quantize(Decimal(1).scaleb(max(value.adjusted() - _EXACT_DIGITS + 1, -_EXACT_DIGITS)))
    shown = f"{short:f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def _date(text: str, shift: int) -> str:
    """Days since 1899-12-30 as 2026-11-20 13:05:09, a time of day alone as 13:05:09; "" for what is neither."""
    if not _NUMBER.fullmatch(text.upper()):
        return ""
    value = Decimal(text.upper())
    if not 0 <= value < 2_958_466:
        return ""
    seconds = int((value * 86_400).quantize(Decimal(1)))
    days, seconds = divmod(seconds, 86_400)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if value < 1:
        return clock
    day = _DAY_ZERO + timedelta(days=days + shift)
    return f"{day.isoformat()} {clock}"
