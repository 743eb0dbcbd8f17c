"""Reads which institution a pasted name means; the names themselves are the caller's."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Generic, TypeVar

from antifraud.plain_text import fold

K = TypeVar("K")
SHORTEST_PART = 2  # shorter texts are compared as a whole only
SHORTEST_LATIN_PART = 6  # so that a code ("BOC") is not found inside another name
_NOISE = re.compile(r"[\s·・.,,。、'\"()()\[\]【】_-]+")
_TAILS = ("股份有限公司", "有限责任公司", "有限公司", "股份公司", "coltd", "limited", "ltd", "plc")


def normal_name(text: str) -> str:
    """Lower case, one width, without blanks, punctuation and the tail of a firm's name."""
    name = _NOISE.sub("", fold(text).casefold())
    for tail in _TAILS:
        if name.endswith(tail) and len(name) > len(tail):
            name = name.removesuffix(tail)
    return name


class NameReader(Generic[K]):
    """Names of institutions with their keys; several names may share a key."""

    def __init__(self, names: Iterable[tuple[str, K]]) -> None:
        self._keys: dict[str, set[K]] = {}
        for text, key in names:
            if name := normal_name(text):
                self._keys.setdefault(name, set()).add(key)

    def find(self, text: str) -> K | None:
        """The one institution that `text` means, or None where it is nobody's name or could be several.

        The whole text first; else the longest known name inside it ("工商银行北京分行"); else the only
        institution whose name holds the text ("建设银行" in "中国建设银行").
        """
        wanted = normal_name(text)
        if not wanted:
            return None
        if wanted in self._keys:
            return _only(self._keys[wanted])
        if len(wanted) < SHORTEST_PART:
            return None
        inside = [name for name in self._keys if _can_be_part(name) and name in wanted]
        if inside:
            longest = max(map(len, inside))
            return _only({key for name in inside if len(name) == longest for key in self._keys[name]})
        return _only({key for name, keys in self._keys.items() if wanted in name for key in keys})


def _can_be_part(name: str) -> bool:
    return len(name) >= (SHORTEST_LATIN_PART if name.isascii() else SHORTEST_PART)


def _only(keys: set[K]) -> K | None:
    return next(iter(keys)) if len(keys) == 1 else None
