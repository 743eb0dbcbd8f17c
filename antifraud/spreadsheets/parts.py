"""The walk through a workbook's XML parts before any reader sees them; it changes nothing, it only refuses.

Refused are formulas, document types (entity bombs, outside entities) and what the cell reader cannot
bear: calamine lays a sheet out densely, so one cell at XFD1048576 would ask for terabytes; and a long
shared string is copied into each cell that names it.
"""

from __future__ import annotations

import re
from xml.parsers import expat

from antifraud.spreadsheets.messages import SheetError

MAX_COLUMNS = 200
MAX_TEXT = 20_000_000  # characters over all cells
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_STRINGS = "xl/sharedstrings.xml"


def check_parts(parts: dict[str, bytes], *, max_rows: int) -> None:
    """Walk all parts, shared strings first. Raises SheetError; `max_rows` counts the heading row too."""
    lengths: list[int] = []
    for name in sorted(parts, key=lambda n: n.lower() != _STRINGS):
        walk = _Walk(lengths, name.lower(), max_rows)
        whole = True
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = walk.start
        parser.EndElementHandler = walk.end
        parser.CharacterDataHandler = walk.text
        parser.StartDoctypeDeclHandler = walk.doctype
        try:
            parser.Parse(parts[name], whole)
        except expat.ExpatError as e:
            raise SheetError("file_damaged") from e


class _Walk:
    """The state of one part's walk: where we are, and how much text its cells will hold."""

    def __init__(self, lengths: list[int], part: str, max_rows: int) -> None:
        self.lengths = lengths
        self.in_strings = part == _STRINGS
        self.in_sheet = part.startswith("xl/worksheets/")
        self.max_rows = max_rows
        self.row = self.column = self.total = 0
        self.shared = False
        self.index = ""

    def doctype(self, *_: object) -> None:
        raise SheetError("file_damaged")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(" ")[2]
        if tag == "si" and self.in_strings:
            self.lengths.append(0)
        elif tag in {"row", "c", "f"}:
            self._sheet_element(tag, attributes)

    def _sheet_element(self, tag: str, attributes: dict[str, str]) -> None:
        if not self.in_sheet:
            raise SheetError("file_damaged")
        if tag == "f":
            raise SheetError("file_has_formulas", cell=f"{_letters(self.column)}{self.row}")
        if tag == "row":
            self._move(attributes.get("r", str(self.row + 1)), 0)
            return
        reference = attributes.get("r")
        if reference is None:
            self._move(str(self.row), self.column + 1)
        elif match := _REFERENCE.fullmatch(reference):
            self._move(match[2], _number(match[1]))
        else:
            raise SheetError("file_damaged")
        self.shared, self.index = attributes.get("t") == "s", ""

    def _move(self, row: str, column: int) -> None:
        if not (row.isascii() and row.isdigit() and len(row) <= 7):
            raise SheetError("file_damaged")
        self.row, self.column = int(row), column
        if self.row > self.max_rows:
            raise SheetError("sheet_too_long", limit=self.max_rows)
        if column > MAX_COLUMNS:
            raise SheetError("sheet_too_wide", limit=MAX_COLUMNS)

    def text(self, data: str) -> None:
        if self.in_strings and self.lengths:
            self.lengths[-1] += len(data)
        elif self.in_sheet:
            self.index += data if self.shared and len(self.index) < 10 else ""
            self._count(len(data))

    def end(self, name: str) -> None:
        if self.shared and name.rpartition(" ")[2] == "c":
            index = self.index.strip()
            if index.isascii() and index.isdigit() and int(index) < len(self.lengths):
                self._count(self.lengths[int(index)])
            self.shared = False

    def _count(self, characters: int) -> None:
        self.total += characters
        if self.total > MAX_TEXT:
            raise SheetError("sheet_too_much_text")


def _number(letters: str) -> int:
    """ "A" -> 1, "Z" -> 26, "AA" -> 27."""
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - 64
    return value


def _letters(column: int) -> str:
    """1 -> "A", 27 -> "AA"."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
