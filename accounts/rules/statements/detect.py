"""Which format a statement file has, from its first bytes; its name decides nothing, since names lie."""

from __future__ import annotations

import re
from typing import Literal

from accounts.rules.statements.batch import StatementError
from accounts.rules.statements.decoding import wide_encoding

HEAD_BYTES = 1 << 16
Layout = Literal["xlsx", "csv", "mt940", "mt942", "camt", "ofx"]

_BLANK = b"\xef\xbb\xbf\xff\xfe \t\r\n"
_MT_FIELD = re.compile(rb"(?:^|[\r\n{:])\s*:(?:20|25|28C?|60[FM]|61|62[FM]|64|86|34F|13D|NS|90[DC]):")
_MT_942 = re.compile(rb"\{2:[OI]942|[\r\n]:(?:34F|13D|90[DC]):")
_OFX = re.compile(rb"OFXHEADER|<\?OFX|<OFX[\s>]", re.IGNORECASE)
_CAMT = re.compile(rb"camt\.05[234]|BkToCstmr")


def detect(head: bytes) -> Layout:
    """The format by magic and first words; what is nothing else is a table of text. Raises StatementError."""
    if head.startswith(b"PK\x03\x04"):
        return "xlsx"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise StatementError("file_locked_or_old")
    plain = _narrow(head)
    start = plain.lstrip(_BLANK)
    if _OFX.search(plain[:4096]):
        return "ofx"
    if start.startswith(b"<"):
        return _of_xml(plain)
    if _MT_FIELD.search(b"\n" + plain):
        return "mt942" if _MT_942.search(b"\n" + plain) else "mt940"
    if _is_binary(head):
        raise StatementError("format_unknown")
    return "csv"


def _of_xml(plain: bytes) -> Layout:
    """XML and what looks like it: camt, or an HTML page that was saved as .xls."""
    if _CAMT.search(plain):
        return "camt"
    start = plain.lstrip(_BLANK).lower()
    if start.startswith((b"<!doctype html", b"<html", b"<table", b"<head", b"<meta")):
        raise StatementError("format_unknown")
    raise StatementError("camt_unknown")


def _narrow(head: bytes) -> bytes:
    """UTF-16 as its ASCII bytes, so that the same words are found."""
    return head.replace(b"\0", b"") if wide_encoding(head[:4096]) else head


def _is_binary(head: bytes) -> bool:
    """Signs that no text holds, outside UTF-16."""
    if wide_encoding(head[:4096]):
        return False
    control = sum(byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1a\x00" for byte in head[:4096])
    return head.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b")) or control > 8
