"""What the confined child runs in the tests of `antifraud.confined`: top-level generators without Django."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
import stat
import time
from collections.abc import Iterator
from typing import Any, BinaryIO, Self

from antifraud import border
from antifraud.border import Pieces


@dataclasses.dataclass(frozen=True)
class Item:
    """What may come back."""

    number: int

    def to_border(self, _pieces: list[bytes]) -> Any:
        return self.number

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        return cls(border.number(told))


@dataclasses.dataclass(frozen=True)
class Around:
    """Where the child finds itself."""

    names: tuple[str, ...]
    pid: int

    def to_border(self, _pieces: list[bytes]) -> Any:
        return [self.names, self.pid]

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        names, pid = told
        return cls(border.texts(names), border.number(pid))


@dataclasses.dataclass(frozen=True)
class Stranger:
    """What may not come back, though it could tell of itself."""

    number: int

    def to_border(self, _pieces: list[bytes]) -> Any:
        return self.number


@dataclasses.dataclass(frozen=True)
class Raw:
    """A message without an answer to it."""

    body: bytes

    def to_border(self, pieces: list[bytes]) -> Any:
        pieces.append(self.body)


class RefusedError(ValueError):
    """What may be raised across the border."""

    def to_border(self, _pieces: list[bytes]) -> Any:
        return str(self)

    @classmethod
    def from_border(cls, told: Any, _pieces: Pieces) -> Self:
        return cls(border.text(told))


def lines(file: BinaryIO, factor: int, *, add: int = 0) -> Iterator[Item]:
    for line in file:
        yield Item(int(line) * factor + add)


def refuses(file: BinaryIO) -> Iterator[Item]:
    yield Item(1)
    raise RefusedError("no")


def fails(file: BinaryIO) -> Iterator[Item]:
    yield Item(1)
    raise KeyError("a secret of the file")


def greedy(file: BinaryIO) -> Iterator[Item]:
    yield Item(1)
    kept = []
    while True:
        kept.append(bytearray(16 << 20))


def busy(file: BinaryIO) -> Iterator[Item]:
    yield Item(1)
    while True:
        pass


def sleepy(file: BinaryIO) -> Iterator[Item]:
    yield Item(1)
    time.sleep(60)


def dies(file: BinaryIO) -> Iterator[Item]:
    yield Item(1)
    os.kill(os.getpid(), signal.SIGSEGV)


def prints(file: BinaryIO) -> Iterator[Item]:
    os.write(1, b"noise that must not disturb the answer")
    yield Item(1)


def stranger(file: BinaryIO) -> Iterator[Stranger]:
    yield Stranger(1)


def surroundings(file: BinaryIO) -> Iterator[Around]:
    yield Around(tuple(sorted(os.environ)), os.getpid())


def writes(file: BinaryIO) -> Iterator[Item]:
    with open(f"/proc/self/fd/{file.fileno()}", "r+b") as same:
        same.write(b"changed")
    yield Item(1)


def endless(file: BinaryIO) -> Iterator[Item]:
    yield Item(os.getpid())
    number = 0
    while True:
        number += 1
        yield Item(number)


def taken_over(file: BinaryIO) -> Iterator[Item]:
    """Writes the file itself into the pipe, as a child does whose code is no longer ours."""
    body = file.read()
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                with open(descriptor, "wb", closefd=False) as pipe:
                    pipe.write(body)
    os.kill(os.getpid(), signal.SIGTERM)
    yield Item(1)


def too_large(file: BinaryIO) -> Iterator[Raw]:
    """More than crosses at once, told as it should be."""
    yield Raw(bytes(border.MAX_PIECE + 1))
