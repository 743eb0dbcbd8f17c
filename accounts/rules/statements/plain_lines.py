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
    text: str, count: int, delimiter: str, width: int, *, longest: int, at_end: bool
) -> list[Sequence[str]] | None:
    """What csv.reader would give for these lines, turned; None unless each line is one row of `width` cells, the first filled.

    `text` holds `count` lines with their ends. A line of `longest` characters may be a piece of one; only the last of the file
    (`at_end`) may lack its end.
    """
    if '"' in text or "\0" in text or text.endswith("\r"):
        return None
    if not text.endswith("\n"):
        if not at_end:
            return None
        text += "\n"
    if count >= MANY and len(text) <= _MOST_CHARACTERS:
        return _columns_of_bytes(text.encode(), count, delimiter, width, longest)
    lines = text.replace("\r\n", "\n").split("\n")
    lines.pop()
    if len(lines) != count or max(map(len, lines)) + 1 >= longest or any("\r" in line for line in lines):
        return None
    if set(map(str.count, lines, repeat(delimiter))) != {width - 1}:
        return None
    cells = delimiter.join(lines).split(delimiter)
    first = cells[::width]
    if not all(map(str.strip, first)):
        return None
    return [first, *(cells[at::width] for at in range(1, width))]


def _columns_of_bytes(body: bytes, count: int, delimiter: str, width: int, longest: int) -> list[Sequence[str]] | None:
    """The same of lines that hold no quotes and no zeros."""
    data = np.frombuffer(body, dtype=np.uint8)
    is_break = data == ord("\n")
    ends = np.flatnonzero(is_break | (data == ord(delimiter)))
    if len(ends) != count * width or not is_break[ends[width - 1 :: width]].all():
        return None
    starts = np.zeros(len(ends), dtype=np.int64)
    starts[1:] = ends[:-1] + 1
    lengths = ends - starts
    breaks = ends[width - 1 :: width]
    returns = data[breaks - 1] == ord("\r")
    if int(np.count_nonzero(data == ord("\r"))) != int(np.count_nonzero(returns)):
        return None
    if int(np.diff(breaks, prepend=-1).max()) >= longest:
        return None
    lengths[width - 1 :: width] -= returns
    columns = [gathered(data, starts[at::width], lengths[at::width]) for at in range(width)]
    first = data[starts[::width]]
    is_seen = (lengths[::width] > 0) & (first > ord(" ")) & (first < 0x7F)
    return list(columns) if is_seen.all() or all(map(str.strip, columns[0])) else None


def column_text(texts: Sequence[str]) -> str:
    """The cells, each with a line break after it, to be held against a shape; NUL, which no shape fits, if one has a break inside."""
    text = texts.data.tobytes().decode() if isinstance(texts, Cells) else "\n".join(texts) + "\n"
    return text if text.count("\n") == len(texts) else "\0"
