"""Tables in text files: delimiter, physical line numbers, rows in stretches; what the columns mean is in `tables`."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import compress, islice
from typing import BinaryIO

from accounts.rules.statements.batch import BATCH_ROWS, Batch, Header, StatementError
from accounts.rules.statements.decoding import text_encoding
from accounts.rules.statements.entries import Entries, Setting
from accounts.rules.statements.plain_lines import plain_columns
from accounts.rules.statements.tables import HEADING_LINES, Row, chunks, find_headings, heading_score, plan
from accounts.rules.statements.text_source import TextLines, text_of

_DELIMITERS = ",\t;|"
_MAX_LINE = 131_072
_BREAK = re.compile(r"\r\n|\r|\n")


def read_csv(
    stream: BinaryIO, *, mapping: Mapping[str, str] | None, zone: str, owner: tuple[str, str] | None, size: int
) -> Iterator[Header | Batch]:
    """Header, then batches of a CSV file. Raises StatementError, NeedsMapping."""
    encoding = text_encoding(stream)
    delimiter = _delimiter(_lines(stream, encoding), mapping)
    source = _Source(stream, encoding, delimiter)
    numbers, cells = source(HEADING_LINES)
    first: list[Row] = list(zip(numbers, cells, strict=True))
    at = find_headings(first, mapping)
    if at is None:
        raise StatementError("headings_missing" if first else "file_empty")
    table = plan(first, at, mapping, has_owner=owner is not None)
    yield Header(
        layout="table", encoding=encoding, headings=table.headings, mapping=table.mapping, unused=table.unused,
        heading_row=table.heading_row, account=table.account, account_name=table.account_name,
        assumed=table.assumed, size=size,
    )  # fmt: skip
    own = (table.account, table.account_name) if table.account else None
    entries = Entries(Setting(zone, owner or own, table.currency))
    for chunk in chunks(table, first[at + 1 :], source, BATCH_ROWS, columns=source.columns):
        chunk.done_bytes = source.position()
        yield entries.take(chunk)


def _lines(stream: BinaryIO, encoding: str) -> list[str]:
    """The first lines, to look for headings."""
    text = text_of(stream, encoding, newline="")
    lines = [text.readline(_MAX_LINE) for _ in range(HEADING_LINES)]
    return [line for line in lines if line.strip()]


def _delimiter(lines: Sequence[str], mapping: Mapping[str, str] | None) -> str:
    """The sign by which some line shows most known headings; without any, the sign that stands in most lines."""

    def worth(sign: str) -> tuple[int, int]:
        rows = [_split(line, sign) for line in lines]
        return max((heading_score(row, mapping) for row in rows), default=0), sum(min(len(row), 40) - 1 for row in rows)

    return max(_DELIMITERS, key=worth)


def _split(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


class _Source:
    """Gives rows with the physical line on which each begins; lines without any text are left out."""

    def __init__(self, stream: BinaryIO, encoding: str, delimiter: str) -> None:
        self._text = TextLines(stream, encoding, _MAX_LINE)
        self._delimiter = delimiter
        self._passed = 0  # lines that the reader has not seen
        self._reader = csv.reader(iter(self._text.line, ""), delimiter=delimiter)

    def columns(self, count: int, width: int) -> tuple[list[int], list[Sequence[str]]] | None:
        """The next rows turned, with their lines, where all are plain and `width` wide; None: nothing is taken, read them one by one."""
        text, lines, at_end = self._text.stretch(count)
        found = lines and plain_columns(text, lines, self._delimiter, width, longest=_MAX_LINE, at_end=at_end)
        if not found:
            self._text.give_back(text)
            return None
        before = self._line_number()
        self._passed += lines
        return list(range(before + 1, before + 1 + lines)), found

    def _line_number(self) -> int:
        return self._reader.line_num + self._passed

    def __call__(self, count: int) -> tuple[list[int], list[Sequence[str]]]:
        while True:
            numbers, rows = self._stretch(count)
            if all(row and row[0].strip() for row in rows):
                return numbers, rows
            kept = [bool(row) and any(map(str.strip, row)) for row in rows]
            if any(kept):
                return list(compress(numbers, kept)), list(compress(rows, kept))

    def _stretch(self, count: int) -> tuple[list[int], list[Sequence[str]]]:
        """The next records, empty lines among them, with the line on which each begins."""
        before = self._line_number()
        try:
            rows: list[Sequence[str]] = list(islice(self._reader, count))
        except csv.Error:
            raise StatementError("line_too_long", row=self._line_number()) from None
        if self._line_number() - before != len(rows):
            return _numbers(rows, before), rows
        return list(range(before + 1, before + 1 + len(rows))), rows

    def position(self) -> int:
        """Bytes taken from the file so far."""
        return self._text.position()


def _numbers(rows: Sequence[Sequence[str]], before: int) -> list[int]:
    """The line on which each record begins where some records have line breaks in their cells."""
    numbers: list[int] = []
    for row in rows:
        numbers.append(before + 1)
        before += 1 + sum(len(_BREAK.findall(cell)) for cell in row)
    return numbers
