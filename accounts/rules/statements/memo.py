"""Dictionaries that compute what they do not hold: columns of a statement repeat, so each value is read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")

_ROOM: Final = 200_000


class Fault(str):
    """A code of messages.py in the place of a value that could not be read."""

    __slots__ = ()


class Memo(dict[str, T], Generic[T]):
    """`memo[text]` reads the text once. Holds at most 200,000 values and then begins anew, so memory is bounded.

    `has_faults` turns true with the first Fault read, so that clean columns are not searched for them.
    """

    def __init__(self, read: Callable[[str], T]) -> None:
        super().__init__()
        self._read = read
        self.has_faults = False

    def __missing__(self, text: str) -> T:
        if len(self) >= _ROOM:
            self.clear()
        value = self[text] = self._read(text)
        if value.__class__ is Fault:
            self.has_faults = True
        return value
