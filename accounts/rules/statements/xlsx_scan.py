"""Rows of the usual shapes straight from the bytes of a sheet, a stretch and its columns at a time; the others are `xlsx_sheet`'s."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import compress
from typing import TYPE_CHECKING

from accounts.rules.statements.cells import Cells, gathered
from accounts.rules.statements.fields import MAX_COLUMNS
from accounts.rules.statements.xlsx_numbers import number_text
from accounts.rules.statements.xlsx_parts import Book, plain
from accounts.rules.statements.xlsx_tags import Rows, rows_of
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Shapes = tuple[NDArray[np.int64], list[tuple[str | None, str]]]  # of each cell its shape; shapes as style and kind
else:
    np = lazily("numpy")

_SHAPE = re.compile(r'(?: s="([0-9]{1,9})")?(?: t="(s|n|str|inlineStr|b|e)")?(/?)')
_ENTITY = re.compile(r"&(amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NO_CHARACTER = re.compile("[\ufffe\uffff]")  # in the eyes of XML

_MOST_LAID_OUT = (
    2_000_000  # rows times columns; a stretch of 2 MB holds 190,000 cells, a thin one may be wide all the same
)


@dataclasses.dataclass(frozen=True, slots=True)
class Stretch:
    """Some rows with text: their numbers and their columns, of which the last may be missing; `last` row that was read."""

    numbers: list[int]
    columns: list[Sequence[str]]
    last: int = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def cut(self, first: int, end: int) -> Stretch:
        """The rows from `first` to before `end`."""
        columns = [c.cut(first, end) if isinstance(c, Cells) else c[first:end] for c in self.columns]
        return Stretch(self.numbers[first:end], columns)

    def rows(self) -> list[Sequence[str]]:
        """Row by row."""
        return list(zip(*self.columns, strict=True))


class Scanner:
    """Reads stretches of one sheet."""

    def __init__(self, book: Book, strings: Sequence[str], *, most_rows: int) -> None:
        self._book, self._strings = book, strings
        self._most_rows = most_rows

    def read(self, body: bytes, before: int, *, has_descent: bool) -> Stretch | None:
        """The rows of `body`, of which `before` was the last before; None where anything is not as usual."""
        rows = rows_of(body, has_descent=has_descent) if _is_plain(body) else None
        if rows is None or not _are_in_order(rows, before, self._most_rows):
            return None
        width = int(rows.column.max()) + 1
        shapes = self._shapes(rows)
        if shapes is None or len(rows.numbers) * width > _MOST_LAID_OUT:
            return None
        data = np.frombuffer(body, dtype=np.uint8)
        columns: list[Sequence[str]] = []
        for at in range(width):
            column = self._column(data, rows, np.flatnonzero(rows.column == at), shapes)
            if column is None:
                return None
            columns.append(column)
        numbers = rows.numbers.tolist()
        return _with_text(Stretch(numbers, columns, numbers[-1]), _surely_filled(data, rows, shapes))

    def _shapes(self, rows: Rows) -> Shapes | None:
        """(number of its shape for each cell, the shapes as style and kind); kinds that do not go with the cell are None."""
        if rows.shapes.few is None:
            return None
        codes, texts = rows.shapes.few
        found = []
        for code, text in enumerate(texts):
            match = _SHAPE.fullmatch(text)
            if not match:
                return None
            mine = codes == code
            is_inline = match[2] == "inlineStr"
            if bool(((rows.length[mine] > 0) & (rows.is_inline[mine] != is_inline)).any()):
                return None
            if match[3] and bool((rows.length[mine] > 0).any()):
                return None
            found.append((match[1], match[2] or "n"))
        return codes, found

    def _column(
        self, data: NDArray[np.uint8], rows: Rows, chosen: NDArray[np.int64],
        shapes: Shapes,
    ) -> Sequence[str] | None:  # fmt: skip
        """One column of the stretch, "" where a row has no such cell; None where a text cannot be read here."""
        count = len(rows.numbers)
        start, length = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
        start[rows.row[chosen]], length[rows.row[chosen]] = rows.start[chosen], rows.length[chosen]
        raw = gathered(data, start, length)
        codes, kinds = shapes
        used = np.unique(codes[chosen]).tolist()
        if all(kinds[code][1] in {"inlineStr", "str"} for code in used) and not bool(_marks()[raw.data].any()):
            return raw
        if len(used) == 1:
            texts = raw.each(self._reader(*kinds[used[0]]))
        else:
            readers = [self._reader(*kind) for kind in kinds]
            of_row = np.full(count, used[0] if used else 0, dtype=np.int64)
            of_row[rows.row[chosen]] = codes[chosen]
            texts = [readers[code](text) for code, text in zip(of_row.tolist(), raw.texts, strict=True)]
        return None if None in texts else Cells.of(texts) or texts  # type: ignore[arg-type, return-value]

    def _reader(self, style: str | None, kind: str) -> Callable[[str], str | None]:
        if kind == "s":
            return self._shared
        if kind == "n":
            return partial(self._number, style=style)
        return {"b": _truth, "e": _nothing}.get(kind, _text)

    def _shared(self, text: str) -> str | None:
        if not text:
            return ""
        if text.isdigit() and text.isascii() and int(text) < len(self._strings):
            return self._strings[int(text)]
        return None

    def _number(self, text: str, style: str | None) -> str | None:
        if "&" in text:
            return None
        return number_text(text.strip(), style, self._book) if text else ""


def _text(text: str) -> str | None:
    if "&" not in text:
        return plain(text)
    if text.count("&") != len(_ENTITY.findall(text)):
        return None
    try:
        return plain(_ENTITY.sub(_character, text))
    except (ValueError, OverflowError):
        return None


def _character(match: re.Match[str]) -> str:
    """Raises ValueError, OverflowError for a number that XML forbids."""
    name = match[1]
    if not name.startswith("#"):
        return _NAMED[name]
    character = chr(int(name[2:], 16) if name[1] == "x" else int(name[1:]))
    if _FORBIDDEN.match(character):
        raise ValueError(name)
    return character


def _truth(text: str) -> str | None:
    if "&" in text:
        return None
    return ("TRUE" if text == "1" else "FALSE") if text else ""


def _nothing(text: str) -> str | None:
    return None if "&" in text else ""


@cache
def _marks() -> NDArray[np.bool_]:
    """The bytes with which entities and Excel's own escapes begin."""
    table = np.zeros(256, dtype=bool)
    table[[ord("&"), ord("_")]] = True
    return table


def _is_plain(body: bytes) -> bool:
    """UTF-8 that XML allows, without line breaks."""
    data = np.frombuffer(body, dtype=np.uint8)
    if int(data.min()) < ord(" ") and int(np.count_nonzero(data < ord(" "))) != body.count(b"\t"):
        return False
    if body.isascii():
        return True
    try:
        return _NO_CHARACTER.search(body.decode()) is None
    except UnicodeDecodeError:
        return False


def _are_in_order(rows: Rows, before: int, most_rows: int) -> bool:
    numbers = rows.numbers
    if int(numbers[0]) <= before or int(numbers[-1]) > most_rows or not bool((numbers[1:] > numbers[:-1]).all()):
        return False
    return int(rows.column.max()) < MAX_COLUMNS


def _surely_filled(data: NDArray[np.uint8], rows: Rows, shapes: Shapes) -> NDArray[np.bool_]:
    """Rows with a text or number that begins with a visible ASCII character."""
    codes, kinds = shapes
    is_own = np.array([kind in {"inlineStr", "str", "n"} for _, kind in kinds])[codes]
    first = data[rows.start]
    filled = np.zeros(len(rows.numbers), dtype=bool)
    is_visible = (first > ord(" ")) & (first < 0x7F) & ~_marks()[first]
    filled[rows.row[is_own & (rows.length > 0) & is_visible]] = True
    return filled


def _with_text(stretch: Stretch, is_sure: NDArray[np.bool_]) -> Stretch:
    """Without the rows that hold blanks only."""
    if bool(is_sure.all()):
        return stretch
    kept = [bool("".join(row).strip()) for row in stretch.rows()]
    if all(kept):
        return stretch
    columns: list[Sequence[str]] = [list(compress(column, kept)) for column in stretch.columns]
    return Stretch(list(compress(stretch.numbers, kept)), columns, stretch.last)
