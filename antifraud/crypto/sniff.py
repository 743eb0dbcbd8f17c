"""What a file really is, told by its first bytes and its extension together (R39); it parses nothing."""

from __future__ import annotations

import codecs
import zipfile
from enum import StrEnum
from pathlib import PurePath
from typing import Any

from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from antifraud.errors import Invalid, Text


class Kind(StrEnum):
    """The kinds of file that may enter; the value is the usual extension without its dot."""

    PDF = "pdf"
    PNG = "png"
    JPEG = "jpeg"
    XLSX = "xlsx"
    CSV = "csv"


KINDS = frozenset(Kind)
_EXTENSIONS = {
    ".pdf": Kind.PDF,
    ".png": Kind.PNG,
    ".jpg": Kind.JPEG,
    ".jpeg": Kind.JPEG,
    ".xlsx": Kind.XLSX,
    ".csv": Kind.CSV,
}
_MAGIC = {
    b"%PDF-": Kind.PDF,
    b"\x89PNG\r\n\x1a\n": Kind.PNG,
    b"\xff\xd8\xff": Kind.JPEG,
    b"PK\x03\x04": Kind.XLSX,
}
_HEAD_BYTES = 64 * 1024
_MAX_ENTRIES = 1_000
_MAX_ENTRY_BYTES = 50 * 1024 * 1024
_MAX_UNPACKED_BYTES = 200 * 1024 * 1024
_MAX_RATIO = 100
_ENCODINGS = ("utf-8-sig", "gb18030")
_CONTROLS = frozenset(map(chr, range(32))) - frozenset("\t\r\n")


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


def _is_plain_text(head: bytes) -> bool:
    for encoding in _ENCODINGS:
        try:
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return bool(text) and not _CONTROLS.intersection(text)
    return False


def _check_workbook(file: File[Any], field: str) -> None:
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
        or any(entry.file_size > _MAX_ENTRY_BYTES for entry in entries)
        or unpacked > min(_MAX_UNPACKED_BYTES, max(packed, 1) * _MAX_RATIO)
    ):
        raise _refusal(field, _("The workbook unpacks to too much. Split it and try again."))


def _refusal(field: str, text: Text) -> Invalid:
    return Invalid(fields={field: [text]})
