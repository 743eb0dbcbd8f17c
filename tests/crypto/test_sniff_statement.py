"""Files of banks: MT940, camt, OFX and tables are told by their first bytes and their ending; nothing else enters as one."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.core.files.base import ContentFile

from antifraud.crypto.evidence import store_evidence
from antifraud.crypto.sniff import KINDS, STATEMENTS, Kind, sniff, sniff_statement
from antifraud.errors import Invalid
from cases.services.attachments import ACCEPTED

MT = b"{1:F01BANKDEFFXXXX0000000000}{2:I940X}{4:\r\n:20:START\r\n:25:1234/5678\r\n:60F:C261101EUR1,00\r\n"
CAMT = b'\xef\xbb\xbf<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"/>'
OFX = b"OFXHEADER:100\r\nDATA:OFXSGML\r\n\r\n<OFX></OFX>"


def archive(*names: str) -> bytes:
    """A zip of small parts under these names."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name in names:
            packed.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.sta", MT, Kind.MT),
        ("a.txt", b":20:X\r\n:25:1\r\n", Kind.MT),
        ("a.940", "Umsätze\r\n:20:X\r\n".encode("latin-1"), Kind.MT),
        ("a.xml", CAMT, Kind.XML),
        ("a.qfx", OFX, Kind.OFX),
        ("a.ofx", b'<?xml version="1.0"?><?OFX OFXHEADER="200"?><OFX/>', Kind.XML),
        ("流水.csv", "账号,金额\r\n1,2\r\n".encode("gb18030"), Kind.CSV),
        ("流水.csv", "账号\t金额\r\n".encode("utf-16"), Kind.CSV),
        ("流水.txt", "账号\t金额\r\n".encode(), Kind.CSV),
    ],
)
def test_a_statement_is_told_by_content_and_ending(name: str, content: bytes, kind: Kind) -> None:
    file = ContentFile(content, name=name)
    assert sniff_statement(file) is kind
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xml", MT),
        ("a.csv", CAMT),
        ("a.sta", OFX),
        ("a.csv", b"%PDF-1.7\x00\x01\x02"),
        ("a.pdf", b"a,b\n"),
        ("a.html", b"<html><script>1</script></html>"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("a.csv", b"a\x00b"),
        ("a.xlsx", b"PK\x03\x04 no workbook"),
    ],
)
def test_what_is_no_statement_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Invalid):
        sniff_statement(ContentFile(content, name=name), field="file")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ("old .xls workbook or has a password", "as CSV")),
        ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ("has a password", "without a password")),
        ("a.csv", archive("[Content_Types].xml", "xl/workbook.xml"), ("is XLSX", "end in .xlsx")),
        ("a.xls", "账号,金额\r\n1,2\r\n".encode("gb18030"), ("is CSV", "end in .csv")),
        ("a.csv", MT, ("is MT940", "end in .sta")),
        ("a.csv", CAMT, ("is XML", "end in .xml")),
    ],
)
def test_why_a_file_cannot_be_taken_is_said(name: str, content: bytes, words: tuple[str, ...]) -> None:
    with pytest.raises(Invalid) as refused:
        sniff_statement(ContentFile(content, name=name), field="file")
    assert all(word in str(refused.value.fields["file"][0]) for word in words)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.png", b"\x89PNG\r\n\x1a\nabc", "must both be XLSX, CSV"),
        ("a.csv", b"\x89PNG\r\n\x1a\nabc", "must both be XLSX, CSV"),
        ("a.jpg", b"\xff\xd8\xff\xe0abc,", "must both be XLSX, CSV"),
        ("a.html", b"<!DOCTYPE html>\n<html><table><tr><td>1</td></tr></table>", "is a web page"),
        ("a.xls", "<meta charset=gbk><table border=1><tr><td>账号</td></tr>".encode("gb18030"), "is a web page"),
        ("a.xml", b"<html><body>camt.053</body></html>", "is a web page"),
        ("a.svg", b"<note>1</note>", "must both be XLSX, CSV"),
        ("a.json", b'{"a": 1, "b": 2}', "must both be XLSX, CSV"),
        ("a.md", b"one word", "must both be XLSX, CSV"),
        ("a.zip", archive("statement.csv"), "Unpack it and send the statement files"),
        ("a.xlsx", archive("statement.csv"), "Unpack it and send the statement files"),
        ("a.docx", archive("[Content_Types].xml", "word/document.xml"), "Unpack it and send the statement files"),
        ("a.csv", "账号,金额,时间\r\n1,2,3\r\n".encode("utf-16-le"), "Save it as UTF-8"),
    ],
)
def test_nobody_is_told_to_rename_what_would_not_be_taken(name: str, content: bytes, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        sniff_statement(ContentFile(content, name=name), field="file")
    text = str(refused.value.fields["file"][0])
    assert words in text
    assert "Rename" not in text


def test_markup_does_not_enter_as_anything_else() -> None:
    assert not {Kind.XML, Kind.OFX, Kind.MT} & (KINDS | set(ACCEPTED["other"]) | set(ACCEPTED["scan"]))
    for content, name in ((CAMT, "a.xml"), (OFX, "a.ofx"), (MT, "a.sta")):
        with pytest.raises(Invalid):
            sniff(ContentFile(content, name=name))


@pytest.mark.django_db
def test_a_statement_is_stored_as_what_it_is() -> None:
    from uuid import uuid4

    kept = store_evidence(ContentFile(MT, name="a.sta"), scope=("case", uuid4()), kinds=STATEMENTS)
    assert (kept.kind, kept.size) == (Kind.MT, len(MT))
