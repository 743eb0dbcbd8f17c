"""A byte stream as decoded text that does not close it; which encoding is found in `decoding`."""

from __future__ import annotations

import io
from codecs import BOM_UTF8
from typing import BinaryIO


def text_of(stream: BinaryIO, encoding: str, *, newline: str | None) -> io.TextIOWrapper:
    """The stream from its start, decoded; damaged characters become U+FFFD. What the caller opened, the caller closes.

    A mark of UTF-8 before another encoding is no text.
    """
    stream.seek(0)
    if encoding == "utf-8-sig" or stream.read(len(BOM_UTF8)) != BOM_UTF8:
        stream.seek(0)
    return io.TextIOWrapper(_Unclosed(stream), encoding=encoding, errors="replace", newline=newline)


class _Unclosed(io.BufferedIOBase):
    """The stream without its close()."""

    name = ""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__()
        self._stream = stream

    def readable(self) -> bool:
        """Always."""
        return True

    def read1(self, size: int = -1) -> bytes:
        """At most `size` bytes."""
        return self._stream.read(size)

    def read(self, size: int | None = -1) -> bytes:
        """At most `size` bytes."""
        return self._stream.read(-1 if size is None else size)
