"""`read_rows` for what somebody sent: in a child process with limits on memory and computing time (R39)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import isfinite
from typing import Any, BinaryIO, Self

from antifraud import border, confined
from antifraud.border import Pieces
from antifraud.spreadsheets.messages import SheetError
from antifraud.spreadsheets.parts import MAX_COLUMNS, MAX_TEXT
from antifraud.spreadsheets.reading import Cell, SheetRow, read_rows

CPU_SECONDS = 10
WAIT_SECONDS = 20.0
_ROWS = 100  # that cross at once, fewer where they hold much text
_CHARACTERS = 1_000_000
# How cells cross that JSON has no form for, as one pair [name, text or number].
_MADE: dict[str, Callable[[Any], Cell]] = {
    "datetime": lambda value: _naive(datetime.fromisoformat(value)),
    "date": date.fromisoformat,
    "time": lambda value: _naive(time.fromisoformat(value)),
    "timedelta": lambda value: timedelta(microseconds=border.number(value)),
}
_JSON = (str, int, float, bool)


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows on their way out of the child."""

    rows: tuple[SheetRow, ...]

    def to_border(self, _pieces: list[bytes]) -> Any:
        """[[number, [cell, …]], …]."""
        return [[row.row_no, list(map(_told, row.cells))] for row in self.rows]

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        """The rows that were told (antifraud.border)."""
        if len(told) > _ROWS:
            raise ValueError("too many rows")
        return cls(tuple(_row(row_no, cells) for row_no, cells in told))


_CLASSES = (Rows, SheetError)


def read_rows_apart(file: BinaryIO, *, max_bytes: int, max_rows: int) -> list[SheetRow]:
    """As `read_rows`. What makes the reader exhaust its limits or break off is a damaged file."""
    with os.fdopen(os.memfd_create("sheet"), "w+b") as kept:
        kept.write(file.read(max_bytes + 1))
        kept.flush()
        try:
            found = confined.run(
                _rows, kept, classes=_CLASSES, cpu_seconds=CPU_SECONDS, wait_seconds=WAIT_SECONDS,
                max_bytes=max_bytes, max_rows=max_rows,
            )  # fmt: skip
            return _at_most(found, max_rows)
        except confined.ConfinedError as ended:
            raise SheetError("file_damaged") from ended


def _at_most(found: Iterator[Rows], most: int) -> list[SheetRow]:
    """All the rows; the child is not believed beyond what `read_rows` lets through."""
    rows: list[SheetRow] = []
    characters = 0
    for piece in found:
        rows += piece.rows
        characters += sum(map(_characters, piece.rows))
        if len(rows) > most or characters > MAX_TEXT or not piece.rows:
            raise confined.ConfinedError("crashed")
    return rows


def _rows(file: BinaryIO, *, max_bytes: int, max_rows: int) -> Iterator[Rows]:
    """What the child runs."""
    together: list[SheetRow] = []
    characters = 0
    for row in read_rows(file, max_bytes=max_bytes, max_rows=max_rows):
        if len(together) == _ROWS or (together and characters > _CHARACTERS):
            yield Rows(tuple(together))
            together, characters = [], 0
        together.append(row)
        characters += _characters(row)
    if together:
        yield Rows(tuple(together))


def _characters(row: SheetRow) -> int:
    return sum(len(cell) for cell in row.cells if isinstance(cell, str))


def _told(cell: Cell) -> Any:
    if isinstance(cell, _JSON):
        return cell
    if isinstance(cell, timedelta):
        return ["timedelta", cell // timedelta(microseconds=1)]
    return [type(cell).__name__, cell.isoformat()]


def _row(row_no: Any, cells: Any) -> SheetRow:
    """Raises KeyError, TypeError, ValueError, OverflowError."""
    if type(cells) is not list or len(cells) > MAX_COLUMNS:
        raise ValueError("no row")
    return SheetRow(border.number(row_no, least=1), tuple(map(_cell, cells)))


def _cell(told: Any) -> Cell:
    if type(told) is list:
        name, value = told
        return _MADE[name](value)
    if type(told) is str:
        return border.text(told)
    if type(told) is float and isfinite(told):
        return told
    return told if type(told) is bool else border.number(told)


def _naive(moment: datetime | time) -> datetime | time:
    """A workbook knows no zones. Raises ValueError."""
    if moment.tzinfo is not None:
        raise ValueError("a zone")
    return moment
