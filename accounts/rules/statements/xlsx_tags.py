"""The tags of a stretch of rows found all at once in its bytes, where all are of the usual shapes; texts are not looked at.

Whatever is not exactly of these shapes gives None, and the XML parser reads the stretch: nothing is guessed here.
"""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from accounts.rules.statements.cell_numbers import eight_digits
from accounts.rules.statements.cells import Cells, gathered
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Places = NDArray[np.int64]
    Words = NDArray[np.uint64]
else:
    np = lazily("numpy")

_ROW, _CELL, _INLINE, _TEXT, _VALUE, _ROW_END, _CELL_END, _INLINE_END, _TEXT_END, _VALUE_END = range(1, 11)
_OPENING = {"r": _ROW, "c": _CELL, "i": _INLINE, "t": _TEXT, "v": _VALUE}
_CLOSING = {"r": _ROW_END, "c": _CELL_END, "i": _INLINE_END, "t": _TEXT_END, "v": _VALUE_END}
_LENGTHS = {_INLINE: 4, _VALUE: 3, _ROW_END: 6, _CELL_END: 4, _INLINE_END: 5, _TEXT_END: 4, _VALUE_END: 4}
# What sign and length leave open.
_BEGINS = {_ROW: '<row r="', _CELL: '<c r="', _INLINE: "<is", _ROW_END: "</row", _INLINE_END: "</is"}
_KEEPING_BLANKS = b'<t xml:space="preserve">'
_INLINE_CELL = (_INLINE, _TEXT, _TEXT_END, _INLINE_END, _CELL_END)
_VALUE_CELL = (_VALUE, _VALUE_END, _CELL_END)
_MOST_SHAPES = 100  # of row tags; a sheet has a few
_ROW_NAMES = frozenset(
    {"spans", "s", "customFormat", "ht", "hidden", "customHeight", "outlineLevel", "collapsed", "thickTop", "thickBot"}
)
_DESCENT = "x14ac:dyDescent"
_ATTRIBUTES = re.compile(r'(?: [A-Za-z0-9:]+="[^"<&\t]*")*')
_NAME = re.compile(r' ([A-Za-z0-9:]+)="')


class Rows(NamedTuple):
    """`numbers` of the rows, which row each cell is in, its column, what its tag says beside its place, and where its
    text stands in the stretch (length 0: nowhere); `is_inline`: it holds text and no value."""

    numbers: Places
    row: Places
    column: Places
    shapes: Cells
    start: Places
    length: Places
    is_inline: NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, slots=True)
class _Tags:
    data: Bytes
    first: Places  # where each tag begins
    last: Places  # its ">"
    code: Bytes
    words: Words  # eight bytes from any place on


def rows_of(body: bytes, *, has_descent: bool) -> Rows | None:
    """The rows and cells of `body`; None unless it is whole rows of the usual shapes and nothing else.

    `has_descent`: whether the sheet declares the prefix of Excel's row attribute.
    """
    tags = _tags(body)
    if tags is None:
        return None
    opened, closed = np.flatnonzero(tags.code == _ROW), np.flatnonzero(tags.code == _ROW_END)
    count = len(tags.code)
    if not len(opened) or len(opened) != len(closed) or opened[0] != 0 or closed[-1] != count - 1:
        return None
    if not bool((closed[:-1] + 1 == opened[1:]).all()):
        return None
    cells = np.flatnonzero(tags.code == _CELL)
    texts = _texts(tags, cells, count - 2 * len(opened))
    numbers = _row_numbers(tags, opened, has_descent=has_descent)
    if texts is None or numbers is None or not len(cells):
        return None
    row = np.repeat(np.arange(len(opened)), np.searchsorted(cells, closed) - np.searchsorted(cells, opened))
    places = _places(tags, cells, row, numbers)
    if places is None:
        return None
    column, after = places
    shapes = gathered(tags.data, after, tags.last[cells] - after)
    return Rows(numbers[0], row, column, shapes, *texts)


def _tags(body: bytes) -> _Tags | None:
    """Every tag with its code; None where a tag is none of ours or text stands where none may."""
    data = np.frombuffer(body, dtype=np.uint8)
    first, last = np.flatnonzero(data == ord("<")), np.flatnonzero(data == ord(">"))
    if len(first) != len(last) or not len(first) or first[0] != 0 or last[-1] != len(data) - 1:
        return None
    if not bool((first < last).all() and (last[:-1] < first[1:]).all()):
        return None
    padded = np.concatenate([data, np.zeros(24, dtype=np.uint8)])
    words: Words = np.ndarray((len(padded) - 7,), dtype="<u8", buffer=padded.data, strides=(1,))
    known = _known()
    sign = padded[first + 1]
    code = np.where(sign == ord("/"), known.closing[padded[first + 2]], known.opening[sign])
    lengths, exact = last - first + 1, known.lengths[code]
    if not bool(((exact == lengths) | (exact == 0)).all() and code.all()):
        return None
    tags = _Tags(padded, first, last, code, words)
    return (
        tags
        if all(_begins(tags, first[code == each], text) for each, text in _BEGINS.items()) and _keep(tags)
        else None
    )


def _begins(tags: _Tags, places: Places, text: str) -> bool:
    """Whether the tags at these places begin so."""
    wanted, kept = np.uint64(int.from_bytes(text.encode(), "little")), np.uint64((1 << 8 * len(text)) - 1)
    return bool((tags.words[places] & kept == wanted).all())


def _keep(tags: _Tags) -> bool:
    """Whether every `<t` goes on as one of the two usual ones."""
    spaced = tags.first[(tags.code == _TEXT) & (tags.last - tags.first != 2)]
    wanted = np.frombuffer(_KEEPING_BLANKS, dtype="<u8")
    return all(bool((tags.words[spaced + 8 * at] == wanted[at]).all()) for at in range(len(wanted)))


class _Known(NamedTuple):
    """Tables: code by the sign after "<", after "</"; length by code, 0 where it differs."""

    opening: Bytes
    closing: Bytes
    lengths: Places


@cache
def _known() -> _Known:
    opening, closing = np.zeros(256, dtype=np.uint8), np.zeros(256, dtype=np.uint8)
    for table, signs in ((opening, _OPENING), (closing, _CLOSING)):
        for sign, code in signs.items():
            table[ord(sign)] = code
    lengths = np.zeros(11, dtype=np.int64)
    for code, length in _LENGTHS.items():
        lengths[code] = length
    return _Known(opening, closing, lengths)


def _texts(tags: _Tags, cells: Places, within: int) -> tuple[Places, Places, NDArray[np.bool_]] | None:
    """(start, length, whether inline) of each cell's text, where the cells make up exactly `within` tags."""
    code = np.concatenate([tags.code, np.zeros(6, dtype=np.uint8)])
    follows = code[cells + 1]
    is_closed = tags.data[tags.last[cells] - 1] == ord("/")
    is_inline, has_value = ~is_closed & (follows == _INLINE), ~is_closed & (follows == _VALUE)
    is_empty = ~is_closed & (follows == _CELL_END)
    for chosen, pattern in ((cells[is_inline], _INLINE_CELL), (cells[has_value], _VALUE_CELL)):
        for at, wanted in enumerate(pattern[1:], start=2):
            if not bool((code[chosen + at] == wanted).all()):
                return None
    counts = [int(np.count_nonzero(each)) for each in (is_inline, has_value, is_empty, is_closed)]
    if sum(counts) != len(cells) or sum(n * size for n, size in zip(counts, (6, 4, 2, 1), strict=True)) != within:
        return None
    gaps = np.append(tags.first[1:] - tags.last[:-1] - 1, 0)
    holder = np.where(is_inline, cells + 2, cells + 1)
    holds = is_inline | has_value
    length = np.where(holds, gaps[np.minimum(holder, len(gaps) - 1)], 0)
    if int(np.count_nonzero(gaps)) != int(np.count_nonzero(length)) or not bool(length[has_value].all()):
        return None
    start = np.where(holds, tags.last[np.minimum(holder, len(gaps) - 1)] + 1, 0)
    return start, length, is_inline


def _row_numbers(tags: _Tags, opened: Places, *, has_descent: bool) -> tuple[Places, Words, Places] | None:
    """(numbers, their digits and the quote behind them as words, how many bytes these are) of the row tags."""
    starts = tags.first[opened] + len('<row r="')
    digits = np.zeros(len(opened), dtype=np.int64)
    for count in range(7, 0, -1):
        digits[tags.data[starts + count] == ord('"')] = count
    words = tags.words[starts]
    for at in range(7):
        sign = tags.data[starts + at]
        if bool(((at < digits) & ((sign < ord("0")) | (sign > ord("9")))).any()):
            return None
    if not bool(digits.all()):
        return None
    numbers = eight_digits(words << ((8 - digits) * 8).astype(np.uint64)).astype(np.int64)
    after = starts + digits + 1
    rests = set(gathered(tags.data, after, tags.last[opened] - after))
    if len(rests) > _MOST_SHAPES or not all(_is_usual(rest, has_descent=has_descent) for rest in rests):
        return None
    sizes = digits + 1
    return numbers, words & _kept()[sizes], sizes


@cache
def _kept() -> Words:
    return np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)


def _is_usual(rest: str, *, has_descent: bool) -> bool:
    """Whether a row tag's other attributes are known ones, each once: an XML parser would take them."""
    if not _ATTRIBUTES.fullmatch(rest):
        return False
    names = _NAME.findall(rest)
    allowed = _ROW_NAMES | {_DESCENT} if has_descent else _ROW_NAMES
    return len(set(names)) == len(names) and set(names) <= allowed


def _places(
    tags: _Tags, cells: Places, row: Places, numbers: tuple[Places, Words, Places]
) -> tuple[Places, Places] | None:
    """(column from 0, where the tag goes on behind the reference) of each cell; None unless all name their row."""
    starts = tags.first[cells] + len('<c r="')
    letters = [tags.data[starts + at].astype(np.int64) - ord("A") for at in range(3)]
    is_letter = [(letter >= 0) & (letter < 26) for letter in letters]
    has_two, has_three = is_letter[1], is_letter[1] & is_letter[2]
    column = np.where(has_two, (letters[0] + 1) * 26 + letters[1], letters[0])
    column = np.where(has_three, (column + 1) * 26 + letters[2], column)
    size = 1 + has_two + has_three
    _, words, sizes = numbers
    if not bool(is_letter[0].all() and (tags.words[starts + size] & _kept()[sizes[row]] == words[row]).all()):
        return None
    if bool(((row[1:] == row[:-1]) & (column[1:] <= column[:-1])).any()):
        return None
    return column, starts + size + sizes[row]
