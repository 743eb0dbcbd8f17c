"""How things cross from a confined child: JSON for what they say, byte strings beside it, made again by named classes alone.

No pickle on this way: the child may have been taken over by the file it reads, and a pickle runs what it names. What a class
accepts is its own `from_border`; this module bounds sizes before anything is laid out. No process is started here.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Protocol, Self

from antifraud.problems import Param

MAX_MESSAGE = 64 * 2**20  # three times a batch of 20,000 rows with all 34 columns filled
MAX_TOLD = 8 * 2**20  # of that, JSON; a value made of it takes up to 30 times its text
MAX_PIECE = 32 * 2**20  # text of one column: 20,000 rows of 500 Chinese characters
_MOST_PIECES = 1_000
_MOST_BRACKETS = 200_000  # each is a list or dictionary of 80 bytes and more
_COUNT, _SIZE = struct.Struct(">H"), struct.Struct(">Q")
# What wrong parts make JSON, the classes and their constructors raise.
WRONG = (
    ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, MemoryError, RecursionError, struct.error,
)  # fmt: skip


class Pieces:
    """The byte strings of one message, to be taken in the order in which they were put in."""

    def __init__(self, views: Sequence[memoryview]) -> None:
        self._views = iter(views)

    def take(self, size: int | None = None) -> bytes:
        """The next; of exactly `size` bytes where the caller knows. Raises ValueError."""
        view = next(self._views, None)
        if view is None or len(view) > MAX_PIECE or (size is not None and len(view) != size):
            raise ValueError("not the piece that was told")
        return bytes(view)

    def end(self) -> None:
        """Raises ValueError where some are left."""
        if next(self._views, None) is not None:
            raise ValueError("more than was told")


class Crossing(Protocol):
    """What may come out of a child."""

    def to_border(self, pieces: list[bytes]) -> Any:
        """What it says, as JSON can write it; long columns go to `pieces`."""

    @classmethod
    def from_border(cls, told: Any, pieces: Pieces) -> Self:
        """The equal thing; raises one of WRONG for everything that `to_border` does not tell."""


def written(thing: Crossing) -> list[bytes]:
    """The parts of one message. Raises MemoryError where it would be larger than the other side takes."""
    pieces: list[bytes] = []
    told = json.dumps([type(thing).__qualname__, thing.to_border(pieces)], ensure_ascii=False, separators=(",", ":"))
    parts = [told.encode(errors="replace"), *pieces]
    sizes = list(map(len, parts))
    if sizes[0] > MAX_TOLD or max(sizes) > MAX_PIECE or sum(sizes) > MAX_MESSAGE - _SIZE.size * _MOST_PIECES:
        raise MemoryError("more than may cross at once")
    return [_COUNT.pack(len(parts)), *map(_SIZE.pack, sizes), *parts]


def understood(body: bytes | bytearray, classes: Sequence[type[Any]]) -> Any:
    """The thing of one of the classes that a message tells. Raises one of WRONG."""
    first, *others = _parts(memoryview(body))
    told = bytes(first)
    if len(told) > MAX_TOLD or told.count(b"[") + told.count(b"{") > _MOST_BRACKETS:
        raise ValueError("too much is told")
    name, said = json.loads(told.decode())
    kind = {each.__qualname__: each for each in classes}[name]
    pieces = Pieces(others)
    thing = kind.from_border(said, pieces)
    pieces.end()
    return thing


def _parts(body: memoryview) -> Iterator[memoryview]:
    """The parts as they lie in the message, which they fill to its last byte."""
    (count,) = _COUNT.unpack_from(body)
    if not 1 <= count <= _MOST_PIECES:
        raise ValueError("too many parts")
    at = _COUNT.size + count * _SIZE.size
    sizes = [_SIZE.unpack_from(body, _COUNT.size + number * _SIZE.size)[0] for number in range(count)]
    if at + sum(sizes) != len(body):
        raise ValueError("uneven parts")
    for size in sizes:
        yield body[at : at + size]
        at += size


def text(value: Any) -> str:
    """The value, which must be a text that UTF-8 can write. Raises ValueError, TypeError."""
    if type(value) is not str:
        raise TypeError("no text")
    value.encode()
    return value


def texts(values: Any) -> tuple[str, ...]:
    """A list of texts. Raises ValueError, TypeError."""
    if type(values) is not list:
        raise TypeError("no list")
    return tuple(map(text, values))


def number(value: Any, *, least: int = -(2**63), most: int = 2**63 - 1) -> int:
    """The value, which must be a whole number between these. Raises ValueError, TypeError."""
    if type(value) is not int:
        raise TypeError("no number")
    if not least <= value <= most:
        raise ValueError("out of range")
    return value


def named(values: Any) -> dict[str, str]:
    """Texts by texts. Raises ValueError, TypeError."""
    if type(values) is not dict:
        raise TypeError("no texts by name")
    return {text(key): text(value) for key, value in values.items()}


def params(values: Any) -> dict[str, str | int]:
    """What fills the placeholders of a message: texts and numbers by name. Raises ValueError, TypeError."""
    if type(values) is not dict:
        raise TypeError("no parameters")
    return {text(key): number(value) if type(value) is int else text(value) for key, value in values.items()}


class Refusal(ValueError):
    """A file that is refused as a whole; `code` is a key of the kind's `messages`, `params` fill its placeholders."""

    messages: ClassVar[Mapping[str, str]]

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(self.messages[code].format(**params))
        self.code = code
        self.params = params

    def to_border(self, _pieces: list[bytes]) -> Any:
        """Keyword arguments survive the way out of a child process."""
        return [self.code, self.params]

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        """The refusal that was told."""
        code, given = told
        return cls(text(code), **params(given))
