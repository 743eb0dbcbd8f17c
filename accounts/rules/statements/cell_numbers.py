"""Amounts and times of whole columns, eight digits in one step; only the plainest forms, None for every other column."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.rules.statements.cells import Cells
from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

_MOST_DIGITS = 15  # in all, as in `amounts`
_WORD = 8
# (place of each part of "2026-08-01 10:00:01" and its signs); "20260801100001" without signs.
_SHAPES: tuple[tuple[int, tuple[tuple[int, ...], dict[int, str]]], ...] = (
    (19, ((0, 2, 5, 8, 11, 14, 17), {4: "-", 7: "-", 10: " ", 13: ":", 16: ":"})),
    (19, ((0, 2, 5, 8, 11, 14, 17), {4: "/", 7: "/", 10: " ", 13: ":", 16: ":"})),
    (14, ((0, 2, 4, 6, 8, 10, 12), {})),
)


def minor_units(cells: Cells, places: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]] | None:
    """(minor units, which cells are filled) where every cell is empty or digits with exactly `places` decimals."""
    data, starts, lengths = cells.data, cells.starts, cells.lengths
    if cells.longest > 1 + _MOST_DIGITS + 1:
        return None
    filled = lengths > 0
    minus = data[starts] == ord("-")
    count = int(np.count_nonzero(filled))
    whole = lengths - minus - (places + 1 if places else 0)
    if bool((filled & ((whole < 1) | (whole > _MOST_DIGITS - places))).any()):
        return None
    is_digit = (data >= ord("0")) & (data <= ord("9"))
    signs = int(np.count_nonzero(minus))
    if places:
        points = (starts + lengths - 1 - places)[filled]
        if not bool((data[points] == ord(".")).all()):
            return None
        signs += count
    if int(np.count_nonzero(is_digit)) != len(data) - len(cells) - signs:
        return None
    digits = np.where(filled, whole + places, 0)
    values = _values(data[is_digit], np.cumsum(digits), digits)
    return np.where(minus, -values, values), filled


def _values(digits: NDArray[np.uint8], ends: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of at most 24 digits that end before `ends`; those of more than 18 are not asked for."""
    padded = np.concatenate([np.zeros(3 * _WORD, dtype=np.uint8), digits])
    every: NDArray[np.uint64] = np.ndarray((len(padded) - _WORD + 1,), dtype="<u8", buffer=padded.data, strides=(1,))
    kept = np.array([(1 << 64) - (1 << 8 * (_WORD - n)) for n in range(_WORD + 1)], dtype=np.uint64)
    values = np.zeros(len(ends), dtype=np.uint64)
    for group in reversed(range(-(-int(counts.max(initial=0)) // _WORD))):
        words = every[ends + 3 * _WORD - _WORD * (group + 1)] & kept[np.clip(counts - _WORD * group, 0, _WORD)]
        values = values * np.uint64(10**_WORD) + eight_digits(words)
    return values.astype(np.int64)


def eight_digits(words: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The number that eight digits say, the first in the lowest byte; zero bytes count as zeros."""
    pairs = (words & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    fours = (pairs & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    return (fours & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)


def day_and_second(cells: Cells) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """(the date as the number 20260801, seconds past midnight) where all cells have one shape and a time of the clock."""
    length = int(cells.lengths[0])
    if not bool((cells.lengths == length).all()):
        return None
    rows = cells.data.reshape(len(cells), length + 1)
    for size, (places, signs) in _SHAPES:
        if size == length and all(bool((rows[:, at] == ord(sign)).all()) for at, sign in signs.items()):
            return _parts(rows, places)
    return None


def _parts(rows: NDArray[np.uint8], places: tuple[int, ...]) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    parts = []
    for at in places:
        tens, ones = rows[:, at] - np.uint8(ord("0")), rows[:, at + 1] - np.uint8(ord("0"))
        if int(tens.max()) > 9 or int(ones.max()) > 9:
            return None
        parts.append(tens * np.uint8(10) + ones)
    century, year, month, day, hour, minute, second = parts
    if int(hour.max()) > 23 or int(minute.max()) > 59 or int(second.max()) > 59:
        return None
    days = ((century.astype(np.int64) * 100 + year) * 100 + month) * 100 + day
    return days, (hour.astype(np.int64) * 60 + minute) * 60 + second
