"""What may enter as a file is told by its bytes and its ending together."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.base import ContentFile
from openpyxl import Workbook

from antifraud.crypto.sniff import Kind, sniff
from antifraud.errors import Invalid

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
JPEG = b"\xff\xd8\xff\xe0" + bytes(20)


def workbook() -> bytes:
    out = io.BytesIO()
    book = Workbook()
    assert book.active is not None
    book.active.append(["账号", "6222021234560123"])
    book.save(out)
    return out.getvalue()


def archive(**entries: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in {"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>", **entries}.items():
            made.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, Kind.PDF),
        ("a.PDF", PDF, Kind.PDF),
        ("a.png", PNG, Kind.PNG),
        ("a.jpg", JPEG, Kind.JPEG),
        ("a.jpeg", JPEG, Kind.JPEG),
        ("流水.xlsx", workbook(), Kind.XLSX),
        ("a.csv", "账号,金额\r\n6222,1\r\n".encode(), Kind.CSV),
        ("a.csv", b"\xef\xbb\xbfa,b\n", Kind.CSV),
        ("a.csv", "账号,金额\n".encode("gb18030"), Kind.CSV),
        ("a.csv", ("中" * 40_000).encode(), Kind.CSV),  # the first 64 KiB end inside of a character
    ],
)
def test_accepted(name: str, content: bytes, kind: Kind) -> None:
    file = ContentFile(content, name=name)
    file.seek(3)
    assert sniff(file) is kind
    assert file.tell() == 0
    assert file.read() == content


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.png", PDF),
        ("a.pdf", PNG),
        ("a.pdf.exe", PDF),
        ("a", PDF),
        ("a.pdf", b"junk " + PDF),
        ("a.pdf", b""),
        ("a.csv", b""),
        ("a.csv", b"a,b\x00\n"),
        ("a.csv", b"\x7fELF\x02\x01"),
        ("a.csv", b"\xff\xfe\x00\x01\x80"),
        ("a.csv", PDF),
        ("a.svg", b"<svg onload='x'/>"),
        ("a.html", b"<html></html>"),
        ("a.xlsx", b"PK\x03\x04 not a zip"),
        ("a.docx", workbook()),
        ("a.zip", workbook()),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)),
    ],
)
def test_refused(name: str, content: bytes) -> None:
    with pytest.raises(Invalid) as caught:
        sniff(ContentFile(content, name=name), field="scan")
    assert list(caught.value.fields) == ["scan"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (archive(**{"xl/vbaProject.bin": b"x"}), "macros"),
        (archive(**{"xl/sheet.xml": bytes(60 * 1024 * 1024)}), "unpacks"),
        (archive(**{"xl/sheet.xml": bytes(10 * 1024 * 1024)}), "unpacks"),
        (archive(**{f"xl/{n}.xml": b"x" for n in range(1000)}), "unpacks"),
        (archive()[:-10], "damaged"),
    ],
)
def test_workbook_refused(content: bytes, text: str) -> None:
    with pytest.raises(Invalid) as caught:
        sniff(ContentFile(content, name="a.xlsx"))
    assert text in str(caught.value.fields["file"][0])


def test_zip_that_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("word/document.xml", "x")
    with pytest.raises(Invalid) as caught:
        sniff(ContentFile(out.getvalue(), name="a.xlsx"))
    assert "not an XLSX" in str(caught.value.fields["file"][0])
