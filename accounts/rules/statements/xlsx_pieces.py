"""A sheet's bytes cut into stretches of whole rows, which may be read without an XML parser, and all the rest, which may not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

READ = 1 << 18
STRETCH = 1 << 21
_MOST_HEAD = 1 << 20
_BEGIN, _END = b"<sheetData>", b"</row>"
_DECLARATION = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:<\?xml version=[\"']1\.0[\"'](?: encoding=[\"'](?:UTF|utf)-8[\"'])?(?: standalone=[\"'](?:yes|no)[\"'])?\s*\?>)?"
)
_ROOT = re.compile(rb"\s*<worksheet [^<>]*>")
_OPENED = re.compile(rb"<(?:[^<>/\s]*:)?row(?=[\s/>])[^<>]*>?")
_USUAL = re.compile(rb"<row(?:\s+[^\s=<>\"'/:]+(?::[^\s=<>\"'/:]+)?=\"[^\"<>]*\")*\s*/?>")


class Pieces:
    """(whether the bytes are a stretch, the bytes), in the order of the file, every byte once.

    For each stretch that the XML parser was given instead, `parsed` is to be told.

    A stretch begins right behind `<sheetData>` or `</row>` and ends with `</row>`. From the first sign of anything that
    could hide rows from an XML parser (comments, CDATA, instructions, rows in rows, another encoding) there are no more.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._is_open = True
        self.has_descent = False

    def __iter__(self) -> Iterator[tuple[bool, bytes]]:
        ahead = bytearray()
        head = self._head(ahead)
        yield False, head
        while self._is_open and self._is_filled(ahead):
            end = ahead.rfind(_END)
            if end < 0:
                break
            stretch = bytes(ahead[: end + len(_END)])
            del ahead[: len(stretch)]
            yield True, stretch
        yield False, bytes(ahead)
        while piece := self._stream.read(READ):
            yield False, piece

    def parsed(self, stretch: bytes) -> None:
        """The XML parser was given the stretch: may another one follow? Only if all its rows are closed."""
        tags = _OPENED.findall(stretch)
        opened = [tag for tag in tags if not tag.endswith(b"/>")]
        self._look(stretch)
        if not all(map(_USUAL.fullmatch, tags)) or len(opened) != stretch.count(_END):
            self._is_open = False

    def _head(self, ahead: bytearray) -> bytes:
        """Everything up to and with the tag that rows follow; what was read beyond stays ahead."""
        while _BEGIN not in ahead and len(ahead) < _MOST_HEAD and (piece := self._stream.read(READ)):
            ahead += piece
        end = ahead.find(_BEGIN)
        if end < 0:
            self._is_open = False
            end = 0
        else:
            end += len(_BEGIN)
        head = bytes(ahead[:end])
        del ahead[:end]
        declared = _DECLARATION.match(head)
        rest = head[declared.end() :] if declared else head
        root = _ROOT.match(rest)
        self.has_descent = root is not None and b' xmlns:x14ac="' in root[0]
        if root is None or _OPENED.search(rest):
            self._is_open = False
        self._look(rest)
        return head

    def _is_filled(self, ahead: bytearray) -> bool:
        """Read ahead; whether there is anything."""
        while len(ahead) < STRETCH and (piece := self._stream.read(READ)):
            ahead += piece
        return bool(ahead)

    def _look(self, piece: bytes) -> None:
        if b"<!" in piece or b"<?" in piece:
            self._is_open = False
