"""What the confined child runs in the tests of `antifraud.confined`: top-level generators without Django."""

from __future__ import annotations

import dataclasses
import os
import signal
import time
from collections.abc import Iterator
from typing import BinaryIO


@dataclasses.dataclass(frozen=True)
class Item:
    """What may come back."""

    number: int


@dataclasses.dataclass(frozen=True)
class Stranger:
    """What may not come back."""

    number: int


class RefusedError(ValueError):
    """What may be raised across the border."""


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


def surroundings(file: BinaryIO) -> Iterator[tuple[list[str], int]]:
    yield sorted(os.environ), os.getpid()


def writes(file: BinaryIO) -> Iterator[Item]:
    with open(f"/proc/self/fd/{file.fileno()}", "r+b") as same:
        same.write(b"changed")
    yield Item(1)


def endless(file: BinaryIO) -> Iterator[int]:
    yield os.getpid()
    number = 0
    while True:
        number += 1
        yield number
