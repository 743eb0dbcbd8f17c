"""A column of a table as one stretch of bytes: texts are made when they are asked for, numbers read without them."""

from __future__ import annotations

import string
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, overload

from antifraud.lazily import lazily

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
else:
    np = lazily("numpy")

T = TypeVar("T")

_FEW = 24  # so many different texts are told apart by comparing with each
_LONGEST = 32  # bytes of a text that is compared as numbers
_SAMPLE = 256
_WORD = 8


class Cells(Sequence[str]):
    """`data`: UTF-8 of the cells, a line break after each and none inside; `lengths`: bytes of each without it."""

    def __init__(self, data: NDArray[np.uint8], lengths: NDArray[np.int64]) -> None:
        self.data, self.lengths = data, lengths

    @classmethod
    def of(cls, texts: Sequence[str]) -> Cells | None:
        """Texts as such a column; None where one has a line break or a zero inside."""
        try:
            encoded = list(map(str.encode, texts))
        except UnicodeEncodeError:  # half a character, out of an escape
            return None
        whole = b"\n".join([*encoded, b""])
        if whole.count(b"\n") != len(texts) or b"\0" in whole:
            return None
        data = np.frombuffer(whole, dtype=np.uint8)
        return cls(data, np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded)))

    @classmethod
    def joined(cls, parts: Sequence[Cells]) -> Cells:
        """One column after the other."""
        if len(parts) == 1:
            return parts[0]
        return cls(np.concatenate([part.data for part in parts]), np.concatenate([part.lengths for part in parts]))

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[str]:
        return iter(self.texts)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        return self.texts[at]

    def cut(self, first: int, end: int) -> Cells:
        """The cells from `first` to before `end`."""
        at = int(self.starts[first]) if first < len(self) else len(self.data)
        to = int(self.starts[end]) if end < len(self) else len(self.data)
        return Cells(self.data[at:to], self.lengths[first:end])

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """Where each cell begins."""
        starts = np.zeros(len(self.lengths), dtype=np.int64)
        np.cumsum(self.lengths[:-1] + 1, out=starts[1:])
        return starts

    @cached_property
    def longest(self) -> int:
        """Bytes of the longest cell."""
        return int(self.lengths.max())

    @cached_property
    def is_filled(self) -> bool:
        """Whether any cell has text."""
        return self.longest > 0

    @cached_property
    def is_ascii(self) -> bool:
        """Whether no cell has another character."""
        return int(self.data.max()) < 0x80

    @cached_property
    def texts(self) -> list[str]:
        """The cells one by one; those that say the same are one object where few are different."""
        if self.few is not None:
            return self.each(str)
        texts = self.data.tobytes().decode().split("\n")
        texts.pop()
        return texts

    def each(self, function: Callable[[str], T]) -> list[T]:
        """What the function says of each cell; asked once for each different text where these are few."""
        if self.few is None:
            return list(map(function, self.texts))
        return self.spread([function(text) for text in self.few[1]])

    def spread(self, values: Sequence[T]) -> list[T]:
        """Values beside the different texts of `few` as values beside the cells."""
        if self.few is None:
            raise ValueError("the texts are many")
        if len(values) == 1:
            return [values[0]] * len(self)
        held: NDArray[Any] = np.empty(len(values), dtype=object)
        held[:] = values
        found: list[T] = held[self.few[0]].tolist()
        return found

    @cached_property
    def few(self) -> tuple[NDArray[np.int64], list[str]] | None:
        """(number of its text for each cell, the different texts), where cells repeat; None where they do not."""
        if self.longest > _LONGEST:
            return None
        words = self._words()
        changes = np.zeros(len(self), dtype=bool)
        changes[0] = True
        for word in words:
            changes[1:] |= word[1:] != word[:-1]
        heads = np.flatnonzero(changes)
        if len(heads) * 4 <= len(self):  # in runs
            texts = [self._text(at) for at in heads.tolist()]
            numbers = {text: number for number, text in enumerate(dict.fromkeys(texts))}
            codes = np.fromiter(map(numbers.__getitem__, texts), dtype=np.int64, count=len(texts))
            return np.repeat(codes, np.diff(heads, append=len(self))), list(numbers)
        return self._compared(words)

    def _compared(self, words: list[NDArray[np.uint64]]) -> tuple[NDArray[np.int64], list[str]] | None:
        if words and len(np.unique(words[0][:_SAMPLE])) > _FEW:
            return None
        codes = np.full(len(self), -1, dtype=np.int64)
        texts: list[str] = []
        while len(texts) < _FEW:
            at = int(np.argmin(codes))
            if codes[at] >= 0:
                return codes, texts
            same = words[0] == words[0][at]
            for word in words[1:]:
                same &= word == word[at]
            codes[same] = len(texts)
            texts.append(self._text(at))
        return (codes, texts) if int(codes.min()) >= 0 else None

    def _text(self, at: int) -> str:
        start = int(self.starts[at])
        return self.data[start : start + int(self.lengths[at])].tobytes().decode()

    def _words(self) -> list[NDArray[np.uint64]]:
        """The cells as numbers of eight bytes each, zeros behind the text, which never holds any."""
        count = max(1, -(-self.longest // _WORD))
        padded = np.concatenate([self.data, np.zeros(count * _WORD, dtype=np.uint8)])
        every: NDArray[np.uint64] = np.ndarray(
            (len(padded) - _WORD + 1,), dtype="<u8", buffer=padded.data, strides=(1,)
        )
        kept = np.array([(1 << 8 * n) - 1 for n in range(_WORD + 1)], dtype=np.uint64)
        return [
            every[self.starts + at] & kept[np.clip(self.lengths - at, 0, _WORD)]
            for at in range(0, count * _WORD, _WORD)
        ]

    def has_lengths(self, least: int, most: int) -> bool:
        """Whether every cell is empty or has `least` to `most` bytes."""
        return self.longest <= most and not bool(((self.lengths > 0) & (self.lengths < least)).any())


def are_numbers(cells: Cells) -> bool:
    """Whether every cell is empty or 4 to 34 digits that do not begin with zero: words.counter_number leaves it as it is."""
    is_digits = cells.has_lengths(4, 34) and bool(_tables().digit[cells.data].all())
    return is_digits and not bool((cells.data[cells.starts] == ord("0")).any())


def are_clean(cells: Cells) -> bool:
    """Whether every cell is empty or printable ASCII without blanks, long enough: words.clean leaves it as it is."""
    if not cells.has_lengths(5, 64):
        return False
    return bool(_tables().text[cells.data].all() and _tables().letter[cells.data[cells.starts]].all())


@cache
def _tables() -> _Tables:
    letters = string.digits + string.ascii_letters
    return _Tables(_allowing(string.digits), _allowing(letters), _allowing(letters + "./:_-"))


class _Tables(NamedTuple):
    """Which bytes may stand in a cell or behind it."""

    digit: NDArray[np.bool_]
    letter: NDArray[np.bool_]
    text: NDArray[np.bool_]


def _allowing(signs: str) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[list((signs + "\n").encode())] = True
    return table


def gathered(data: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Cells:
    """Pieces of `data` as a column; after each piece stands one byte at least, which becomes the line break."""
    sizes = lengths + 1
    if bool((lengths == lengths[0]).all()):
        size = int(sizes[0])
        every = np.lib.stride_tricks.sliding_window_view(data, size)
        made = every[starts].copy()
        made[:, -1] = ord("\n")
        return Cells(made.reshape(-1), lengths)
    ends = np.cumsum(sizes)
    places = np.repeat((starts - (ends - sizes)).astype(np.int32), sizes)
    places += np.arange(int(ends[-1]), dtype=np.int32)
    column = data[places]
    column[ends - 1] = ord("\n")
    return Cells(column, lengths)


def each(texts: Iterable[str], function: Callable[[str], T]) -> list[T]:
    """What the function says of each text."""
    return texts.each(function) if isinstance(texts, Cells) else list(map(function, texts))


def different(texts: Iterable[str]) -> Collection[str]:
    """The texts without repeats."""
    return texts.few[1] if isinstance(texts, Cells) and texts.few is not None else set(texts)
