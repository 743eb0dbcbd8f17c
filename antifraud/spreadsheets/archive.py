"""Unpacking of an uploaded workbook within limits (R39); the content of its parts is judged in `parts`."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

from antifraud.spreadsheets.messages import SheetError

MAX_ENTRIES = 1_000
MAX_ENTRY_BYTES = 50 * 2**20
MAX_TOTAL_BYTES = 200 * 2**20
MAX_RATIO = 100
_RATIO_FREE_BYTES = 2**20  # a few rows of the same word pack better than 1:100 and harm nobody
_CHUNK = 2**16

# The parts that carry cells. Drawings, comments, themes, printer settings are left behind unread.
_WANTED = re.compile(
    r"\[content_types\]\.xml|_rels/\.rels|xl/(?:workbook|sharedstrings|styles)\.xml"
    r"|xl/_rels/workbook\.xml\.rels|xl/worksheets/[a-z0-9_.-]{1,80}\.xml"
)


def unpack(content: bytes) -> dict[str, bytes]:
    """Parts that carry cells, by name, from the bytes of an XLSX file. Raises SheetError.

    Sizes are checked in the central directory before anything is unpacked, and again while unpacking.
    """
    if not content:
        raise SheetError("file_empty")
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SheetError("file_locked_or_old")
    if not content.startswith(b"PK\x03\x04"):
        raise SheetError("file_not_xlsx")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            check_directory(entries, len(content))
            parts = {e.filename: _inflate(archive, e) for e in entries if _WANTED.fullmatch(e.filename.lower())}
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        OSError,
    ) as e:
        if isinstance(e, SheetError):
            raise
        raise SheetError("file_damaged") from e
    if "xl/workbook.xml" not in parts:
        raise SheetError("file_not_xlsx")
    return parts


def pack(parts: dict[str, bytes]) -> io.BytesIO:
    """The parts as a fresh, uncompressed archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    out.seek(0)
    return out


def check_directory(
    entries: list[zipfile.ZipInfo], packed: int, *, max_entry: int = MAX_ENTRY_BYTES, max_total: int = MAX_TOTAL_BYTES
) -> None:
    """What the central directory promises, before anything is unpacked (R39). Raises SheetError."""
    if len(entries) > MAX_ENTRIES:
        raise SheetError("file_suspicious")
    names = [entry.filename.lower() for entry in entries]
    if len(set(names)) != len(names):
        raise SheetError("file_damaged")
    for entry in entries:
        _check_entry(entry, max_entry)
    total = sum(entry.file_size for entry in entries)
    if total > max_total or (total > _RATIO_FREE_BYTES and total > MAX_RATIO * packed):
        raise SheetError("file_suspicious")


def _check_entry(entry: zipfile.ZipInfo, max_entry: int) -> None:
    name = entry.filename.lower()
    if name.startswith(("/", "\\")) or ".." in name.split("/") or "\\" in name or ":" in name:
        raise SheetError("file_damaged")
    if entry.flag_bits & 0x1:
        raise SheetError("file_locked_or_old")
    if entry.file_size > max_entry or _over_ratio(entry):
        raise SheetError("file_suspicious")
    if name.endswith("vbaproject.bin") or "/macrosheets/" in name or "/activex/" in name:
        raise SheetError("file_has_macros")
    if "/externallinks/" in name or "/embeddings/" in name or name.endswith("connections.xml"):
        raise SheetError("file_has_links")


def _over_ratio(entry: zipfile.ZipInfo) -> bool:
    return entry.file_size > _RATIO_FREE_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)


def _inflate(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """One part; stops as soon as it grows beyond what the directory promised (which was checked)."""
    body = bytearray()
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            body += chunk
            if len(body) > entry.file_size:
                raise SheetError("file_suspicious")
    return bytes(body)
