"""Reading the first visible sheet of an uploaded workbook as rows of typed cells; no heading is known
here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, BinaryIO

from antifraud.lazily import lazily
from antifraud.spreadsheets.archive import pack, unpack
from antifraud.spreadsheets.messages import SheetError
from antifraud.spreadsheets.parts import check_parts
from antifraud.spreadsheets.writing import unguarded

if TYPE_CHECKING:
    import python_calamine
else:
    python_calamine = lazily("python_calamine")

Cell = str | int | float | bool | date | datetime | time | timedelta

# What calamine raises on a damaged workbook besides its own: a missing part comes as OSError, a bad number as ValueError.
_READER_ERRORS = (OSError, ValueError, KeyError, IndexError)


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row as the user's program counts it (the first row is 1). Empty cells are ""."""

    row_no: int
    cells: tuple[Cell, ...]


def read_rows(file: BinaryIO | bytes, *, max_bytes: int, max_rows: int) -> list[SheetRow]:
    """All rows of the first visible sheet that hold anything. Raises SheetError with a code and its
    next step.

    `max_rows` counts every row of the sheet, headings included. Formulas, macros, links to other files
    and archives that unpack beyond the limits of R39 are refused. Numbers arrive as float: a long
    number that the spreadsheet program stored as a number has lost its digits already, which only the
    caller can know for a column.
    """
    content = file if isinstance(file, bytes) else file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise SheetError("file_too_large", limit_kb=max_bytes // 1024)
    parts = unpack(content)
    check_parts(parts, max_rows=max_rows)
    try:
        with python_calamine.load_workbook(pack(parts)) as workbook:
            rows = workbook.get_sheet_by_name(_first_visible(workbook)).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, *_READER_ERRORS) as e:
        if isinstance(e, SheetError):
            raise
        raise SheetError("file_damaged") from e
    found = (SheetRow(at, tuple(map(_plain, cells))) for at, cells in enumerate(rows, start=1))
    return [row for row in found if any(cell != "" for cell in row.cells)]


def _first_visible(workbook: python_calamine.CalamineWorkbook) -> str:
    for sheet in workbook.sheets_metadata:
        if (
            sheet.visible == python_calamine.SheetVisibleEnum.Visible
            and sheet.typ == python_calamine.SheetTypeEnum.WorkSheet
        ):
            return sheet.name
    raise SheetError("sheet_missing")


def _plain(cell: Cell) -> Cell:
    return unguarded(cell) if isinstance(cell, str) else cell
