"""Which characters a text file is written in, found from its bytes; Chinese first, since most replies are."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from accounts.rules.statements.batch import StatementError

_PIECE = 1 << 20
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_FOREIGN = re.compile("[^\x00-\x7f]")
_ODD = re.compile("[\x80-\x9f\ue000-\uf8ff]")
_SAMPLE = 1 << 17
_MAX_NULS = 64  # in the first 4,096 bytes; a few stray ones do no harm
_MAX_DAMAGED = 0.1  # of the characters beyond ASCII: more than that, and the guess is wrong


def text_encoding(stream: BinaryIO) -> str:
    """utf-8-sig, utf-8, utf-16 (with its byte order), gb18030 or cp1252; the stream is left at its start.

    A mark of UTF-8 is not believed: programs put it before GB18030 too (`text_of` leaves it out). UTF-8 is asked first,
    with the whole file; a text may be damaged in a few places (rows are cut by bytes at times).
    Raises StatementError(encoding_unknown) for what is no text.
    """
    stream.seek(0)
    head = stream.read(4096)
    stream.seek(0)
    is_marked = head.startswith(codecs.BOM_UTF8)
    if not is_marked and (wide := wide_encoding(head)):
        return wide
    if head.count(0) > _MAX_NULS:
        raise StatementError("encoding_unknown")
    sample = _beyond_ascii(stream)
    stream.seek(0)
    if sample is not None and is_marked:
        sample = sample.removeprefix(codecs.BOM_UTF8)
    if sample is None or _damaged(sample, "utf-8") <= _MAX_DAMAGED:
        return "utf-8-sig" if is_marked else "utf-8"
    if _is_western(sample):
        return "cp1252"
    if _damaged(sample, "gb18030") <= _MAX_DAMAGED:
        return "gb18030"
    raise StatementError("encoding_unknown")


def wide_encoding(head: bytes) -> str:
    """UTF-16 by its mark or, where the mark was lost, by the zeros in every second byte of ASCII characters; else ""."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd >= 4 + 8 * even:
        return "utf-16-le"
    return "utf-16-be" if even >= 4 + 8 * odd else ""


def _beyond_ascii(stream: BinaryIO) -> bytes | None:
    """None if the whole file is UTF-8, else lines with other bytes, as far as they are needed to tell."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while piece := stream.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        stream.seek(0)
        return _foreign_lines(stream)
    return None


def _foreign_lines(stream: BinaryIO) -> bytes:
    sample = bytearray()
    while len(sample) < _SAMPLE and (piece := stream.read(_PIECE)):
        for line in piece.split(b"\n")[1 if sample else 0 :]:
            if not line.isascii():
                sample += line + b"\n"
    return bytes(sample)


def _is_western(sample: bytes) -> bool:
    """Accented letters stand alone between ASCII letters; the bytes of Chinese characters stand in rows."""
    alone = len(_ALONE.findall(sample[:65_536]))
    return alone * 2 > sum(byte > 0x7F for byte in sample[:65_536])


def _damaged(sample: bytes, encoding: str) -> float:
    """Share of the characters beyond ASCII that the encoding does not know."""
    text = sample.decode(encoding, errors="replace")
    foreign = len(_FOREIGN.findall(text))
    odd = text.count("�") + len(_ODD.findall(text))
    return odd / foreign if foreign else 0.0
