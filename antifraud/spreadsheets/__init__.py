"""XLSX files in and out, safely (rules R39, R40): cells only; what a column means is decided by the
floors.
"""

from __future__ import annotations

from antifraud.spreadsheets.apart import read_rows_apart
from antifraud.spreadsheets.messages import MESSAGES, SheetError
from antifraud.spreadsheets.reading import Cell, SheetRow, read_rows
from antifraud.spreadsheets.writing import OutCell, csv_text, safe_text, unguarded, write_rows

__all__ = [
    "MESSAGES",
    "Cell",
    "OutCell",
    "SheetError",
    "SheetRow",
    "csv_text",
    "read_rows",
    "read_rows_apart",
    "safe_text",
    "unguarded",
    "write_rows",
]
