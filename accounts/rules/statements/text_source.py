"""A byte stream as decoded text that does not close it, by lines or many lines at once; which encoding is found in `decoding`."""

from __future__ import annotations

import io
from codecs import BOM_UTF8, getincrementaldecoder
from typing import BinaryIO

_PIECE = 1 << 17
_MOST_CHARACTERS = 24_000_000  # of a stretch: with its cells, less than a third of what the child's memory holds


def text_of(stream: BinaryIO, encoding: str, *, newline: str | None) -> io.TextIOWrapper:
    """The stream from its start, decoded; damaged characters become U+FFFD. What the caller opened, the caller closes.

    A mark of UTF-8 before another encoding is no text.
    """
    _to_text(stream, encoding)
    return io.TextIOWrapper(_Unclosed(stream), encoding=encoding, errors="replace", newline=newline)


def _to_text(stream: BinaryIO, encoding: str) -> None:
    stream.seek(0)
    if encoding == "utf-8-sig" or stream.read(len(BOM_UTF8)) != BOM_UTF8:
        stream.seek(0)


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


class TextLines:
    """The text of `text_of` with newline="", for who can use thousands of lines as one text and may have to give them back."""

    def __init__(self, stream: BinaryIO, encoding: str, longest: int) -> None:
        _to_text(stream, encoding)
        self._stream, self._encoding, self._longest = stream, encoding.removesuffix("-sig"), longest
        self._decoder = getincrementaldecoder(encoding)(errors="replace")
        self._is_over = False
        self._lay("")

    def line(self) -> str:
        """The next line, of which longer ones are given in pieces of `longest` characters; "" at the end."""
        while True:
            line = self._ahead.readline(self._longest)
            if len(line) == self._longest or line.endswith("\n"):
                return line
            # A lone \r ends a line, but the first half of \r\n does not.
            if self._is_over or (line.endswith("\r") and self._ahead.tell() < self._size):
                return line
            self._lay(line + self._more())

    def stretch(self, count: int) -> tuple[str, int, bool]:
        """(the text up to the `count`th line feed from here, how many lines these are, whether they are the last of the file).

        No lines where they are too long to be held at once: nothing is taken then.
        """
        parts = [self._ahead.read()]
        found, size = parts[0].count("\n"), len(parts[0])
        while found < count and not self._is_over and size <= _MOST_CHARACTERS:
            parts.append(self._more())
            found, size = found + parts[-1].count("\n"), size + len(parts[-1])
        text = "".join(parts)
        if size > _MOST_CHARACTERS:
            self._lay(text)
            return "", 0, False
        if found < count:
            self._lay("")
            return text, found + (text[-1:] not in {"", "\n"}), True
        end = len(text)
        for _ in range(found - count + 1):
            end = text.rfind("\n", 0, end)
        self._lay(text[end + 1 :])
        return text[: end + 1], count, False

    def give_back(self, text: str) -> None:
        """Read what `stretch` gave once more, before what follows it."""
        self._lay(text + self._ahead.read())

    def position(self) -> int:
        """About how many bytes were taken; at the end all."""
        at = self._ahead.tell()
        waiting = self._ahead.read()
        self._ahead.seek(at)
        return (
            self._stream.tell() - len(waiting.encode(self._encoding, errors="replace"))
            if waiting
            else self._stream.tell()
        )

    def _more(self) -> str:
        piece = self._stream.read(_PIECE)
        self._is_over = not piece
        return self._decoder.decode(piece, final=self._is_over)

    def _lay(self, text: str) -> None:
        self._ahead, self._size = io.StringIO(text, newline=""), len(text)
