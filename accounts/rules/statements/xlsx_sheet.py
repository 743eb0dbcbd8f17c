"""The rows of one worksheet as texts, streamed: a sheet is never laid out as a whole, whatever it declares."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING, Any

from accounts.rules.statements.batch import StatementError
from accounts.rules.statements.cells import Cells
from accounts.rules.statements.fields import MAX_COLUMNS
from accounts.rules.statements.safe_xml import Feed, elements, local
from accounts.rules.statements.xlsx_numbers import number_text
from accounts.rules.statements.xlsx_parts import Book, Sheet, inline_text, part, plain, reading
from accounts.rules.statements.xlsx_pieces import Pieces
from accounts.rules.statements.xlsx_scan import Scanner, Stretch
from antifraud.lazily import lazily

if TYPE_CHECKING:
    from lxml import etree
else:
    etree = lazily("lxml.etree")

MAX_ROWS = 1_048_576
SCANNED_FROM = 1 << 17  # bytes of a sheet; below, numpy is not worth its loading
_MAX_ROW_BYTES = 4 * 2**20
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
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
    """Rows with any text below the row `after` as (row number, cells), a stretch at a time; rows of the usual shapes turned.

    Raises StatementError while reading.
    """

    def __init__(self, book: Book, sheet: Sheet, strings: Sequence[str], *, after: int | None = None) -> None:
        self._items = _items(book, sheet, strings) if after is not None else _rows(book, sheet, strings)
        self._after = after or 0
        self._ahead: deque[Row | Stretch] = deque()

    def __call__(self, count: int) -> tuple[list[int], list[Sequence[str]]]:
        numbers: list[int] = []
        rows: list[Sequence[str]] = []
        for item in self._taken(count):
            if isinstance(item, Stretch):
                numbers += item.numbers
                rows += item.rows()
            else:
                numbers.append(item[0])
                rows.append(item[1])
        return numbers, rows

    def columns(self, count: int, width: int) -> tuple[list[int], list[Sequence[str]]] | None:
        """The next rows turned, all `width` wide; None where they are few, or one has text beyond: nothing is taken then."""
        items = list(self._taken(count))
        if any(isinstance(item, Stretch) for item in items) and not any(_is_wide(item, width) for item in items):
            stretches = [_even(_turned(group), width) for group in _grouped(items)]
            numbers = [number for stretch in stretches for number in stretch.numbers]
            return numbers, [_one([stretch.columns[at] for stretch in stretches]) for at in range(width)]
        self._ahead.extendleft(reversed(items))
        return None

    def _taken(self, count: int) -> Iterator[Row | Stretch]:
        """The next `count` rows or what is left."""
        while count > 0 and (item := self._ahead.popleft() if self._ahead else next(self._items, None)) is not None:
            if isinstance(item, Stretch):
                first = bisect_right(item.numbers, self._after)
                if first + count < len(item):
                    self._ahead.appendleft(item.cut(first + count, len(item)))
                if first < len(item):
                    part = item.cut(first, min(first + count, len(item)))
                    count -= len(part)
                    yield part
            elif item[0] > self._after:
                count -= 1
                yield item


def _grouped(items: Sequence[Row | Stretch]) -> Iterator[Stretch | list[Row]]:
    for is_stretch, group in groupby(items, key=lambda item: isinstance(item, Stretch)):
        if is_stretch:
            yield from group  # type: ignore[misc]  # stretches alone
        else:
            yield list(group)  # type: ignore[arg-type]  # rows alone


def _turned(group: Stretch | list[Row]) -> Stretch:
    if isinstance(group, Stretch):
        return group
    return Stretch([number for number, _ in group], list(zip_longest(*(cells for _, cells in group), fillvalue="")))


def _is_wide(item: Row | Stretch, width: int) -> bool:
    """Whether there is text beyond the column `width`."""
    if isinstance(item, Stretch):
        return any("".join(column).strip() for column in item.columns[width:])
    return any(cell.strip() for cell in item[1][width:])


def _even(stretch: Stretch, width: int) -> Stretch:
    missing = width - len(stretch.columns)
    return Stretch(stretch.numbers, [*stretch.columns[:width], *([("",) * len(stretch)] * missing)])


def _one(parts: list[Sequence[str]]) -> Sequence[str]:
    """The parts of a column as one, as bytes where all can be."""
    cells = [part if isinstance(part, Cells) else Cells.of(part) for part in parts]
    whole = [each for each in cells if each is not None]
    return Cells.joined(whole) if len(whole) == len(parts) else [text for part in parts for text in part]


def _items(book: Book, sheet: Sheet, strings: Sequence[str]) -> Iterator[Row | Stretch]:
    """Stretches where the rows are as usual, the XML parser's rows elsewhere: it sees every byte but these stretches."""
    if book.archive.getinfo(sheet.path).file_size < SCANNED_FROM:
        yield from _rows(book, sheet, strings)
        return
    number = 0
    feed = Feed(("row",), max_bytes=_MAX_ROW_BYTES)
    with reading(), part(book.archive, sheet.path) as stream:
        pieces = Pieces(stream)
        scanner = Scanner(book, strings, most_rows=MAX_ROWS)
        for may_be_plain, body in pieces:
            found = scanner.read(body, number, has_descent=pieces.has_descent) if may_be_plain else None
            if found is not None:
                number = found.last
                yield found
                continue
            if may_be_plain:
                pieces.parsed(body)
            for element in feed.take(body):
                number = _row_number(element.get("r"), number)
                yield from _row(element, number, book, strings)
        for element in feed.end():
            number = _row_number(element.get("r"), number)
            yield from _row(element, number, book, strings)


def _rows(book: Book, sheet: Sheet, strings: Sequence[str]) -> Iterator[Row]:
    number = 0
    with reading(), part(book.archive, sheet.path) as stream:
        for element in elements(stream, ("row",), max_bytes=_MAX_ROW_BYTES):
            number = _row_number(element.get("r"), number)
            yield from _row(element, number, book, strings)


def _row(element: Any, number: int, book: Book, strings: Sequence[str]) -> Iterator[Row]:
    """The row, unless it holds blanks only."""
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
            cells.append(number_text(value.strip(), style, book))
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
        return number_text(text.strip(), cell.get("s"), book) if text else ""
    if kind == "b":
        return "TRUE" if text == "1" else "FALSE"
    return "" if kind == "e" else plain(text)
