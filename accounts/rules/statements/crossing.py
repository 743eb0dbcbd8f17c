"""Columns of a batch on their way out of the child process: what repeats is told once, numbers as bytes; no file is read here.

The child may tell anything (antifraud.border), so each column is taken as what it must be - texts, numbers, flags,
dictionaries of texts - and its parts are measured before they are laid out.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, compress, pairwise
from typing import Any, TypeVar

from antifraud.border import Pieces, text

T = TypeVar("T")
Told = list[Any]  # the form, and what is short; the rest are pieces

MOST_ROWS = 40_000  # twice BATCH_ROWS: one entry of camt may bring 8,000 rows at once
MOST_FINDINGS = 400_000  # of one batch
_MOST_DETAILS = 1_000_000  # texts in the dictionaries of one batch
_CODES = 256  # what one byte tells apart
_SAMPLE = 512
_MOST_DIGITS = 40
_MOST_BYTES = 2_000  # of a text, on the average: words.MAX_TEXT characters of four bytes
_SPARE = 32  # rows more, where few rows have long texts
_BLOCK = 256  # rows whose dictionaries the processor keeps at hand while they are filled
_FLAGS = (False, True)
_STATED = (["none"], ["integers", False], ["digits", False])  # forms of numbers without None


def packed(column: Sequence[Any], pieces: list[bytes]) -> Told:
    """What is told of a column, from which the function of its kind below makes the equal list."""
    if not column:
        return ["none"]
    first = column[0]
    kind = type(first)
    if kind is dict:
        return _packed_dictionaries(column, pieces)
    if (kind is str or first is None or kind is bool) and column.count(first) == len(column):
        return ["same", first]
    if kind is str:
        return _packed_texts(column, pieces)
    if kind is bool:
        pieces.append(bytes(column))
        return ["flags"]
    return _packed_integers(column, pieces)


def _packed_texts(column: Sequence[str], pieces: list[bytes]) -> Told:
    if len(set(column[:_SAMPLE])) <= _SAMPLE // 4:
        numbers = {text: number for number, text in enumerate(dict.fromkeys(column))}
        if len(numbers) <= _CODES and len(numbers) < len(column):
            pieces.append(bytes(map(numbers.__getitem__, column)))
            return ["few", len(numbers), _packed_texts(list(numbers), pieces)]
    joined = "\n".join(column)
    if joined.count("\n") == len(column) - 1:
        pieces.append(joined.encode(errors="replace"))
        return ["lines"]
    pieces += ["".join(column).encode(errors="replace"), array("q", map(len, column)).tobytes()]
    return ["sized"]


def _packed_integers(column: Sequence[int | None], pieces: list[bytes]) -> Told:
    """`None` among them as a second piece that says where numbers stand."""
    values: Iterable[int] = column  # type: ignore[assignment]  # looked through below
    is_lacking = None in column
    if is_lacking:
        values = [0 if value is None else value for value in column]
    try:
        body = ["integers", array("q", values).tobytes()]
    except OverflowError:
        body = ["digits", "\n".join(map(str, values)).encode()]
    pieces.append(body[1])  # type: ignore[arg-type]  # the second is the bytes
    if is_lacking:
        pieces.append(bytes(value is not None for value in column))
    return [body[0], is_lacking]


def _packed_dictionaries(column: Sequence[dict[str, str]], pieces: list[bytes]) -> Told:
    """By identity: rows that share a dictionary share it on the other side too."""
    places = list(map(id, column))
    numbers = {place: number for number, place in enumerate(dict.fromkeys(places))}
    if len(numbers) == len(column):
        return ["dictionaries", *_packed_fields(column, pieces)]
    pieces.append(array("H", map(numbers.__getitem__, places)).tobytes())
    held = dict(zip(places, column, strict=True))
    return ["shared", len(numbers), ["dictionaries", *_packed_fields([held[place] for place in numbers], pieces)]]


def _packed_fields(rows: Sequence[dict[str, str]], pieces: list[bytes]) -> list[Told]:
    """[name, in how many rows or None for all, column of the values] of each name in the dictionaries."""
    fields: list[Told] = []
    for name in dict.fromkeys(name for row in dict.fromkeys(map(tuple, rows)) for name in row):
        values = [row.get(name) for row in rows]
        count = None
        if None in values:
            pieces.append(bytes(value is not None for value in values))
            values = [value for value in values if value is not None]
            count = len(values)
        fields.append([name, count, packed(values, pieces)])
    return fields


def _rows(count: Any, most: int = MOST_ROWS) -> int:
    if type(count) is not int or not 0 <= count <= most:
        raise ValueError("too many rows")
    return count


def _even(column: list[T], count: int) -> list[T]:
    if len(column) != count:
        raise ValueError("uneven")
    return column


def texts(told: Told, count: int, pieces: Pieces, most: int = MOST_ROWS) -> list[str]:
    """`count` texts. Raises ValueError, TypeError, IndexError where the parts are not what `packed` makes; so do the others."""
    _rows(count, most)
    match told:
        case ["none"]:
            return _even([], count)
        case ["same", value]:
            return [text(value)] * count
        case ["few", different, more]:
            codes = pieces.take(count)
            few = texts(more, _rows(different, _CODES), pieces)
            return list(map(few.__getitem__, codes))
        case ["lines"]:
            body = _measured(pieces.take(), count)
            if body.count(b"\n") != count - 1:
                raise ValueError("uneven")
            return body.decode().split("\n")
        case ["sized"]:
            return _sized(_measured(pieces.take(), count).decode(), _integers(pieces.take(8 * count)))
    raise ValueError("no such form")


def _measured(body: bytes, count: int) -> bytes:
    if len(body) > _MOST_BYTES * (count + _SPARE):
        raise ValueError("too much text")
    return body


def _sized(whole: str, lengths: list[int]) -> list[str]:
    if min(lengths) < 0 or sum(lengths) != len(whole):
        raise ValueError("uneven")
    return [whole[start:end] for start, end in pairwise(accumulate(lengths, initial=0))]


def flags(told: Told, count: int, pieces: Pieces, most: int = MOST_ROWS) -> list[bool]:
    """`count` times yes or no."""
    _rows(count, most)
    match told:
        case ["none"]:
            return _even([], count)
        case ["same", bool() as value]:
            return [value] * count
        case ["flags"]:
            return list(map(_FLAGS.__getitem__, pieces.take(count)))
    raise ValueError("no such form")


def integers(told: Told, count: int, pieces: Pieces, most: int = MOST_ROWS) -> list[int]:
    """`count` whole numbers."""
    if told not in _STATED:
        raise ValueError("a number lacks")
    return integers_or_none(told, count, pieces, most)  # type: ignore[return-value]  # None lacks in these forms


def integers_or_none(told: Told, count: int, pieces: Pieces, most: int = MOST_ROWS) -> list[int | None]:
    """`count` whole numbers, some of which may not be stated."""
    _rows(count, most)
    match told:
        case ["none"]:
            return _even([], count)
        case ["same", None]:
            return [None] * count
        case ["integers", bool() as is_lacking]:
            values = _integers(pieces.take(8 * count))
        case ["digits", bool() as is_lacking]:
            values = list(map(int, _short(texts(["lines"], count, pieces, most))))
        case _:
            raise ValueError("no such form")
    if not is_lacking:
        return values  # type: ignore[return-value]  # no None among them
    return [value if is_stated else None for value, is_stated in zip(values, pieces.take(count), strict=True)]


def _integers(body: bytes) -> list[int]:
    values = array("q")
    values.frombytes(body)
    return values.tolist()


def _short(digits: list[str]) -> list[str]:
    if max(map(len, digits)) > _MOST_DIGITS:
        raise ValueError("too long a number")
    return digits


def dictionaries(told: Told, count: int, pieces: Pieces) -> list[dict[str, str]]:
    """`count` dictionaries of texts by text."""
    _rows(count)
    match told:
        case ["none"]:
            return _even([], count)
        case ["shared", different, ["dictionaries", *fields]]:
            codes = array("H")
            codes.frombytes(pieces.take(2 * count))
            held = _dictionaries(fields, _rows(different), pieces)
            return list(map(held.__getitem__, codes))
        case ["dictionaries", *fields]:
            return _dictionaries(fields, count, pieces)
    raise ValueError("no such form")


def _dictionaries(fields: Sequence[Told], count: int, pieces: Pieces) -> list[dict[str, str]]:
    if sum(count if stated is None else _rows(stated, count) for _, stated, _ in fields) > _MOST_DETAILS:
        raise ValueError("too many texts")
    columns = [(text(name), *_field(stated, told, count, pieces)) for name, stated, told in fields]
    whole = {name: "" for name, marks, _ in columns if marks is None}  # room for what all rows have, made once
    made: list[dict[str, str]] = []
    for at in range(0, count, _BLOCK):
        block = [whole.copy() for _ in range(min(_BLOCK, count - at))]
        for name, marks, values in columns:
            chosen = block if marks is None else compress(block, marks[at : at + _BLOCK])
            for row, value in zip(chosen, values, strict=False):  # the values go on with the next block
                row[name] = value
        made += block
    return made


def _field(stated: int | None, told: Told, count: int, pieces: Pieces) -> tuple[bytes | None, Iterator[str]]:
    """(which rows have it or None for all, its texts)."""
    if stated is None:
        return None, iter(texts(told, count, pieces))
    marks = pieces.take(count)
    if count - marks.count(0) != stated:
        raise ValueError("uneven")
    return marks, iter(texts(told, stated, pieces))


def findings(told: Told, pieces: Pieces, make: Callable[..., T], *readers: Callable[..., list[Any]]) -> list[T]:
    """Small things that were told column by column: [how many, column, column, …]."""
    count, *columns = told
    _rows(count, MOST_FINDINGS)
    read = [reader(column, count, pieces, MOST_FINDINGS) for reader, column in zip(readers, columns, strict=True)]
    return list(map(make, *read))
