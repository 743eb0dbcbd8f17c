"""Whole columns in one go: lines without quotes split column by column, and a column as one text; cells are judged elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import TYPE_CHECKING

from accounts.rules.statements.cells import Cells, gathered
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
else:
    np = lazily("numpy")

MANY = 1_000  # lines from which on it is worth to lay columns out as bytes
_MOST_CHARACTERS = 12_000_000  # more of them at once would need too much of the child's memory


def plain_columns(
    lines: Sequence[str], delimiter: str, width: int, *, longest: int, at_end: bool
) -> list[Sequence[str]] | None:
    """What csv.reader would give for these lines, turned; None unless each line is one row of `width` cells, the first filled.

    Lines keep their ends. A line of `longest` characters may be a piece of one; only the last of the file (`at_end`) may lack
    its end.
    """
    text = "".join(lines)
    if '"' in text or "\0" in text:
        return None
    if "\r" in text:
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            return None
    if not text.endswith("\n") and at_end:
        text += "\n"
    if text.count("\n") != len(lines) or not text.endswith("\n") or max(map(len, lines)) >= longest:
        return None
    if len(lines) >= MANY and len(text) <= _MOST_CHARACTERS:
        return _columns_of_bytes(text.encode(), len(lines), delimiter, width)
    if set(map(str.count, lines, repeat(delimiter))) != {width - 1}:
        return None
    cells = text.replace("\n", delimiter).split(delimiter)
    cells.pop()
    first = cells[::width]
    if not all(map(str.strip, first)):
        return None
    return [first, *(cells[at::width] for at in range(1, width))]


def _columns_of_bytes(body: bytes, count: int, delimiter: str, width: int) -> list[Sequence[str]] | None:
    """The same of lines that hold no quotes, no zeros and no other line breaks."""
    data = np.frombuffer(body, dtype=np.uint8)
    is_break = data == ord("\n")
    ends = np.flatnonzero(is_break | (data == ord(delimiter)))
    if len(ends) != count * width or not is_break[ends[width - 1 :: width]].all():
        return None
    starts = np.zeros(len(ends), dtype=np.int64)
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts
    columns = [gathered(data, starts[at::width], lengths[at::width]) for at in range(width)]
    first = data[starts[::width]]
    is_seen = (lengths[::width] > 0) & (first > ord(" ")) & (first < 0x7F)
    return list(columns) if is_seen.all() or all(map(str.strip, columns[0])) else None


def column_text(texts: Sequence[str]) -> str:
    """The cells, each with a line break after it, to be held against a shape; NUL, which no shape fits, if one has a break inside."""
    text = texts.data.tobytes().decode() if isinstance(texts, Cells) else "\n".join(texts) + "\n"
    return text if text.count("\n") == len(texts) else "\0"
