"""Whole columns in one go: lines without quotes split column by column, and a column as one text; cells are judged elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat


def plain_columns(
    lines: Sequence[str], delimiter: str, width: int, *, longest: int, at_end: bool
) -> list[list[str]] | None:
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
    if set(map(str.count, lines, repeat(delimiter))) != {width - 1}:
        return None
    cells = text.replace("\n", delimiter).split(delimiter)
    cells.pop()
    first = cells[::width]
    if not all(map(str.strip, first)):
        return None
    return [first, *(cells[at::width] for at in range(1, width))]


def column_text(texts: Sequence[str]) -> str:
    """The cells, each with a line break after it, to be held against a shape; NUL, which no shape fits, if one has a break inside."""
    text = "\n".join(texts) + "\n"
    return text if text.count("\n") == len(texts) else "\0"
