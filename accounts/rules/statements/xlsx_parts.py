"""The parts of a workbook around its cells: archive limits, sheet names, shared strings, which styles are dates."""

from __future__ import annotations

import dataclasses
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from accounts.rules.statements.batch import StatementError
from accounts.rules.statements.safe_xml import elements, local
from antifraud.spreadsheets.archive import check_directory
from antifraud.spreadsheets.messages import SheetError

MAX_PART_BYTES = 1536 * 2**20
MAX_TOTAL_BYTES = 2 * 2**30
MAX_STRINGS = 60_000_000  # characters of all shared strings
_BROKEN = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError, ValueError, KeyError,
)  # fmt: skip
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DATE_IDS = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
_NOT_DATE = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.|General', re.IGNORECASE)
_PLAIN_PATH = re.compile(r"xl/worksheets/[A-Za-z0-9_.-]{1,80}\.xml")


@dataclasses.dataclass(frozen=True, slots=True)
class Sheet:
    """A worksheet by name and path in the archive."""

    name: str
    path: str
    is_visible: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Book:
    """An opened workbook. `dates` are the style numbers that show dates; `shift` days are added to dates of 1904."""

    archive: zipfile.ZipFile
    sheets: tuple[Sheet, ...]
    dates: frozenset[int]
    shift: int


@contextmanager
def opened(stream: BinaryIO, size: int) -> Iterator[Book]:
    """The workbook, its archive checked before anything is unpacked. Raises StatementError."""
    with reading():
        archive = zipfile.ZipFile(stream)
    with archive:
        with reading():
            check_directory(archive.infolist(), size, max_entry=MAX_PART_BYTES, max_total=MAX_TOTAL_BYTES)
            if "xl/workbook.xml" not in archive.namelist():
                raise StatementError("file_not_xlsx")
            sheets, shift = _sheets(archive)
            book = Book(archive, sheets, _date_styles(archive), shift)
        yield book


@contextmanager
def reading() -> Iterator[None]:
    """Whatever a broken archive raises becomes one refusal."""
    try:
        yield
    except SheetError as error:
        raise StatementError(error.code, **error.params) from None
    except StatementError:
        raise
    except _BROKEN as error:
        raise StatementError("file_damaged") from error


def part(archive: zipfile.ZipFile, path: str) -> BinaryIO:
    """One part as a stream that ends with an error as soon as it grows beyond what the directory promised."""
    return archive.open(path)  # type: ignore[return-value]  # ZipExtFile reads no more than file_size


def _sheets(archive: zipfile.ZipFile) -> tuple[tuple[Sheet, ...], int]:
    targets = _targets(archive)
    found: list[Sheet] = []
    shift = 0
    with part(archive, "xl/workbook.xml") as stream:
        for element in elements(stream, ("sheet", "workbookPr")):
            if local(element) == "workbookPr":
                shift = 1462 if element.get("date1904") in {"1", "true"} else 0
                continue
            ident = next((value for key, value in element.attrib.items() if key.endswith("}id")), "")
            path = targets.get(ident, "")
            if path in archive.namelist() and len(found) < 200:
                visible = element.get("state", "visible") == "visible"
                found.append(Sheet((element.get("name") or "")[:60], path, visible))
    return tuple(found), shift


def _targets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Relationship id -> path of a worksheet."""
    name = "xl/_rels/workbook.xml.rels"
    if name not in archive.namelist():
        raise StatementError("file_damaged")
    found: dict[str, str] = {}
    with part(archive, name) as stream:
        for element in elements(stream, ("Relationship",)):
            target = (element.get("Target") or "").removeprefix("/").removeprefix("xl/")
            if _PLAIN_PATH.fullmatch(f"xl/{target}"):
                found[element.get("Id") or ""] = f"xl/{target}"
    return found


def shared_strings(archive: zipfile.ZipFile) -> list[str]:
    """The texts that cells refer to by number; phonetic guides are left out."""
    name = next((n for n in archive.namelist() if n.lower() == "xl/sharedstrings.xml"), "")
    texts: list[str] = []
    total = 0
    if not name:
        return texts
    with reading(), part(archive, name) as stream:
        for element in elements(stream, ("si",)):
            text = _text(element)
            total += len(text)
            if total > MAX_STRINGS:
                raise StatementError("sheet_too_much_text")
            texts.append(text)
    return texts


def _text(element: Any) -> str:
    first = element[0] if len(element) else None
    if first is not None and len(element) == 1 and local(first) == "t":
        return plain(first.text or "")
    pieces = [
        node.text or ""
        for node in element.iter("{*}t")
        if (parent := node.getparent()) is not None and local(parent) != "rPh"
    ]
    return plain("".join(pieces))


def plain(text: str) -> str:
    """Excel's own escapes (_x0009_) as the characters they stand for.

    It writes a character beyond the first 65,536 as two halves: these are joined, a half alone becomes U+FFFD, which is a
    finding of the row. NUL, which the database takes in no text, is left out.
    """
    if "_x" not in text:
        return text
    said = _ESCAPE.sub(lambda m: chr(int(m[1], 16)), text).replace("\0", "")
    return said if said.isascii() else said.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def inline_text(element: Any) -> str:
    """The text of an inline string cell."""
    return _text(element)


def _date_styles(archive: zipfile.ZipFile) -> frozenset[int]:
    """Numbers of the cell styles whose number format shows a date or a time."""
    if "xl/styles.xml" not in archive.namelist():
        return frozenset()
    dates = set(_DATE_IDS)
    found: set[int] = set()
    with part(archive, "xl/styles.xml") as stream:
        for element in elements(stream, ("numFmts", "cellXfs")):
            if local(element) == "numFmts":
                dates |= {_number(f.get("numFmtId")) for f in element if _is_date(f.get("formatCode") or "")}
            else:
                found = {at for at, style in enumerate(element) if _number(style.get("numFmtId")) in dates}
    return frozenset(found)


def _is_date(code: str) -> bool:
    bare = _NOT_DATE.sub("", code[:300]).lower()
    return any(c in bare for c in "ydhs") or "mm" in bare


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else -1
