"""What a file really is, told by its first bytes and its extension together (R39); it parses nothing."""

from __future__ import annotations

import codecs
import re
import zipfile
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from antifraud.errors import Invalid, Text


class Kind(StrEnum):
    """The kinds of file that may enter; the value is the usual extension without its dot."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    XLSX = "xlsx"
    CSV = "csv"
    XML = "xml"
    OFX = "ofx"
    MT = "mt940"  # or MT942


STATEMENTS = frozenset({Kind.XLSX, Kind.CSV, Kind.XML, Kind.OFX, Kind.MT})
KINDS = frozenset(Kind) - {Kind.XML, Kind.OFX, Kind.MT}  # the usual ones: markup enters as a statement or not at all
_EXTENSIONS = {
    ".pdf": Kind.PDF,
    ".png": Kind.PNG,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
    ".xlsx": Kind.XLSX,
    ".csv": Kind.CSV,
}
# Banks end the same text in many ways, and a table that a bank calls .txt is a table.
_STATEMENT_EXTENSIONS = {
    Kind.XLSX: {".xlsx"},
    Kind.CSV: {".csv", ".txt", ".tsv"},
    Kind.XML: {".xml", ".camt", ".052", ".053", ".054", ".ofx", ".qfx"},
    Kind.OFX: {".ofx", ".qfx"},
    Kind.MT: {".sta", ".mt940", ".mt942", ".940", ".942", ".fin", ".swi", ".txt"},
}
_MAGIC = {
    b"%PDF-": Kind.PDF,
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
    b"\xff\xd8\xff": Kind.JPEG,
    b"PK\x03\x04": Kind.XLSX,
}
_OLE2 = b"\xd0\xcf\x11\xe0"  # what .xls and workbooks with a password are kept in
_USUAL_ENDING = {Kind.MT: ".sta"}  # where it is not the kind's own name
_HEAD_BYTES = 64 * 1024
_MAX_ENTRIES = 1_000
_MAX_UNPACKED_BYTES = 200 * 1024 * 1024
_MAX_STATEMENT_BYTES = (
    2048 * 1024 * 1024
)  # a hundred thousand rows of 34 columns unpack to 150 MB; the reader counts again
_MAX_RATIO = 100
_OTHER_PAPERS = (b"%PDF", b"%!PS", b"{\\rtf")  # all text by their bytes, none of them rows
# Pictures and archives; others show it by their control bytes.
_NO_TEXT = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"Rar!", b"7z\xbc\xaf")
_WEB_PAGE = re.compile(rb"<(?:!doctype html|html|head|body|table|svg)[\s>/]")
_MT_FIELD = re.compile(rb"(?:^|[\r\n]):[0-9]{2}[A-Z]?:")
_ENCODINGS = ("utf-8-sig", "gb18030")
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\r\n")
_CONTROL_BYTES = frozenset(range(32)) - frozenset(
    b"\t\r\n\x01\x03\x1a\x1c"
)  # of SWIFT's blocks, and an old end of file


def sniff(file: File[Any], *, field: str = "file") -> Kind:
    """The kind of `file`, read from its start; leaves the position at the start.

    Raises Invalid where the bytes are of no accepted kind, where they disagree with the extension, and for a
    workbook that unpacks to too much or carries macros.
    """
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    kind = next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), None)
    if kind is None and _is_plain_text(head):
        kind = Kind.CSV
    if kind is None or _EXTENSIONS.get(PurePath(file.name or "").suffix.lower()) is not kind:
        raise _refusal(
            field,
            _("The content and the ending of the file must both be PDF, PNG, JPEG, XLSX or CSV."),
        )
    if kind is Kind.XLSX:
        _check_workbook(file, field)
    file.seek(0)
    return kind


def sniff_statement(file: File[Any], *, field: str = "file") -> Kind:
    """As `sniff` for files of banks: MT940, camt and OFX are text or XML, which nothing but their reader may open."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    kind = Kind.XLSX if head.startswith(b"PK\x03\x04") else _kind_of_text(head)
    if kind is Kind.XLSX and not _is_workbook(file):
        raise _refusal(
            field, _("The file is packed but is no XLSX workbook. Unpack it and send the statement files themselves.")
        )
    if kind is None or PurePath(file.name or "").suffix.lower() not in _STATEMENT_EXTENSIONS[kind]:
        raise _refusal(field, _why_no_statement(head, kind))
    if kind is Kind.XLSX:
        _check_workbook(file, field, unpacked_bytes=_MAX_STATEMENT_BYTES)
    file.seek(0)
    return kind


def _why_no_statement(head: bytes, kind: Kind | None) -> Text:
    """What is wrong and what to do: an old or locked workbook, a web page, another encoding, a name that does not fit, or no statement.

    To rename is said only of what would then be taken.
    """
    if head.startswith(_OLE2):
        return _(
            "The file is an old .xls workbook or has a password. Save it as Excel workbook (.xlsx) without a password, or as CSV."
        )
    if kind is None and head[:2048].count(0) > len(head[:2048]) // 8 and not head.startswith(_NO_TEXT):
        return _(
            "The characters of the file cannot be read as UTF-8, GB18030 or UTF-16. Save it as UTF-8 and send that."
        )
    if _is_web_page(head):
        return _("The file is a web page. Open it in a spreadsheet program, save it as XLSX or CSV, and send that.")
    if kind is None or not _is_likely(head, kind):
        return _("The content and the ending of the file must both be XLSX, CSV, MT940, MT942, camt (XML), OFX or QFX.")
    return format_lazy(
        _("By its content the file is {kind}, but its name does not end so. Rename it to end in {ending}, and send it again."),
        kind=kind.value.upper(), ending=_USUAL_ENDING.get(kind, f".{kind.value}"),
    )  # fmt: skip


def _kind_of_text(head: bytes) -> Kind | None:
    """What the text looks like, by marks that stand at its start; None for what is no text."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:2048]
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return Kind.CSV
    if _CONTROL_BYTES.intersection(head) or start.startswith((*_OTHER_PAPERS, *_NO_TEXT)) or _is_web_page(head):
        return None
    if start.upper().startswith((b"OFXHEADER", b"<OFX>")):
        return Kind.OFX
    if start.startswith(b"<"):
        return Kind.XML
    if start.startswith(b"{1:") or _MT_FIELD.search(start):
        return Kind.MT
    return Kind.CSV


def _is_web_page(head: bytes) -> bool:
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()[:2048].lower()
    return start.startswith(b"<") and _WEB_PAGE.search(start) is not None


def _is_likely(head: bytes, kind: Kind) -> bool:
    """Whether its reader would take it: a table has separators, XML is camt or OFX."""
    start = head[:2048]
    if kind is Kind.XML:
        return b"camt.0" in start or b"OFX" in start
    if kind is Kind.CSV:
        return not start.lstrip().startswith((b"{", b"[")) and any(mark in start for mark in (b",", b";", b"\t", b"|"))
    return True


def _is_workbook(file: File[Any]) -> bool:
    """False for another archive; one that is damaged may have been a workbook and is judged as one."""
    try:
        with zipfile.ZipFile(file) as archive:
            return "xl/workbook.xml" in archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return True


def _is_plain_text(head: bytes) -> bool:
    for encoding in _ENCODINGS:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return bool(text) and not _CONTROLS.intersection(text)
    return False


def _check_workbook(file: File[Any], field: str, *, unpacked_bytes: int = _MAX_UNPACKED_BYTES) -> None:
    """Judge the zip by its central directory; whoever reads the entries must count again while reading."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise _refusal(field, _("The workbook is damaged. Save it again as XLSX.")) from error
    names = {entry.filename for entry in entries}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise _refusal(field, _("The file is not an XLSX workbook. Save it again as XLSX."))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _refusal(field, _("The workbook contains macros. Save it again as XLSX without macros."))
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if (
        len(entries) > _MAX_ENTRIES
        or any(entry.file_size > unpacked_bytes // 4 for entry in entries)
        or unpacked > min(unpacked_bytes, max(packed, 1) * _MAX_RATIO)
    ):
        raise _refusal(field, _("The workbook unpacks to too much. Split it and try again."))


def _refusal(field: str, text: Text) -> Invalid:
    return Invalid(fields={field: [text]})
