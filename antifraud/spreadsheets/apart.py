"""`read_rows` for what somebody sent: in a child process with limits on memory and computing time (R39)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import BinaryIO

from antifraud import confined
from antifraud.spreadsheets.messages import SheetError
from antifraud.spreadsheets.reading import SheetRow, read_rows

CPU_SECONDS = 10
WAIT_SECONDS = 20.0
_CLASSES = (SheetRow, SheetError, date, datetime, time, timedelta)


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
            return [row for rows in found for row in rows]
        except confined.ConfinedError as ended:
            raise SheetError("file_damaged") from ended


def _rows(file: BinaryIO, *, max_bytes: int, max_rows: int) -> Iterator[list[SheetRow]]:
    """What the child runs."""
    yield read_rows(file, max_bytes=max_bytes, max_rows=max_rows)
