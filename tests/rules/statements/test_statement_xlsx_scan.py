"""Rows read from the bytes of a sheet are those that the XML parser reads, or the XML parser reads them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from accounts.rules.statements import xlsx_scan
from accounts.rules.statements.xlsx_pieces import Pieces
from accounts.rules.statements.xlsx_tags import rows_of
from tests.rules.statements.making import letters, refusal, workbook
from tests.rules.statements.mutating import at_once_from_the_start, told
from tests.rules.statements.test_statement_xlsx_cells import INSIDE

SPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
HEAD = f"<worksheet {SPACE}><sheetData>"
DESCENT = f'<worksheet {SPACE} xmlns:x14ac="urn:ac"><sheetFormatPr x14ac:dyDescent="0.25"/><sheetData>'
HEADS = (
    HEAD, DESCENT, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + DESCENT, "\ufeff" + HEAD,
    f'<?xml version="1.0" encoding="utf-8"?><!-- a <sheetData> --><worksheet {SPACE}><sheetData>',
    f'<worksheet {SPACE}><sheetData xml:space="preserve">', f'<x:worksheet xmlns:x="urn:x" {SPACE}><sheetData>',
    f"<worksheet {SPACE}><!-- <sheetData>", f'<worksheet {SPACE} a="<sheetData>', f"<worksheet {SPACE}><row><sheetData>",
    f'<?xml version="1.0" encoding="gb18030"?><worksheet {SPACE}><sheetData>', f"<worksheet {SPACE}><![CDATA[<sheetData>",
)  # fmt: skip
TAILS = ("</sheetData></worksheet>", "</sheetData><mergeCells/></worksheet>", "</sheetData>", "-->", "", "</sheetData></worksheet>x",
         "--></worksheet>", ']]></worksheet>', '"></worksheet>',
         "</row></sheetData></worksheet>", "</sheetData></x:worksheet>")  # fmt: skip
COLUMNS = ("账号", "交易时间", "金额", "收付标志", "摘要", "备注", "流水号")
USUAL = (
    "12345678", "2026-08-01 10:00:01", "5.00", "进", "a &amp; b", "&#36716;&#x8d26;", "a_x0009_b", "", " ", "\t", "李四\t",
    "&#10;", "\u3000", "_x0020_", "&#32;", "&#128;", "=1", "'1", "x" * 40, "&quot;", "_xD800_",
)  # fmt: skip
ODD = ("&nbsp;", "&#0;", "&#xFFFE;", "&#xD800;", "a\nb", "a\rb", "\x01", "\ufffe", "]]>", ">", "<b/>", "<!-- -->", "<![CDATA[x]]>", "<?p?>",
       "&#1114112;", "&amp", "&#9999999;", "</row>", "<row>", "</t></is></c></row><row><c><is><t>")  # fmt: skip
TEXT = st.one_of(st.sampled_from(USUAL), st.sampled_from(USUAL), st.sampled_from(USUAL + ODD))
CELL = st.one_of(
    TEXT.map(lambda text: f' t="inlineStr"><is><t>{text}</t></is></c>'),
    TEXT.map(lambda text: f' t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'),
    st.sampled_from(("1", "45000.5", "5.50", "-0.10", "1E3", "007", "34126.800000000003", "-", " 5 ", "0", "2")).map(
        lambda text: f"><v>{text}</v></c>"
    ),
    st.sampled_from(("0", "1", "2", "3", "9", "x")).map(lambda text: f' t="s"><v>{text}</v></c>'),
    st.sampled_from(INSIDE), st.sampled_from((' t="d"><v>2026-01-01</v></c>', ' t="n"><v>5</v></c>', ' t="str"><v>x</v></c>')),
)  # fmt: skip
STYLE = st.sampled_from(("", "", ' s="0"', ' s="1"', ' x="1"', ' s="1" s="1"'))
MORE = st.sampled_from(
    ("", "", "", ' spans="1:6"', ' x14ac:dyDescent="0.25"', ' r="1"', ' spans="1" spans="2"', ' ht="/>"', " ht='1'", ' ht=">"',
     ' s="&amp;"')
)  # fmt: skip
PLACES = st.one_of(
    st.just(tuple(range(7))),
    st.permutations(range(7)).map(tuple),
    st.sampled_from(((0, 1, 2, 3, 6), (0, 1, 2, 9, 199), (0, 2, 2), (0, 260))),
)
STRINGS = f"<sst {SPACE}><si><t>12345678</t></si><si><t>进</t></si><si><t>a\nb</t></si><si><t> </t></si></sst>".encode()
STYLES = f'<styleSheet {SPACE}><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>'.encode()
RIGHT = tuple(
    f' t="inlineStr"><is><t>{text}</t></is></c>'
    for text in ("12345678", "2026-08-01 10:00:01", "5.00", "进", "x", "", "S0000001")
)


@st.composite
def rows(draw: st.DrawFn) -> str:
    """Rows of a sheet from the third on, most of them usual."""
    number, made = 2, []
    for _ in range(draw(st.integers(1, 12))):
        number += draw(st.sampled_from((1, 1, 1, 1, 2, 0, 98)))
        cells = list(zip(range(7), [""] * 7, RIGHT, strict=True))
        for _ in range(draw(st.integers(0, 3))):
            cells[draw(st.integers(0, 6))] = (draw(st.integers(0, 6)), draw(STYLE), draw(CELL))
        if draw(st.booleans()):
            cells = [(at, style, rest) for at, (_, style, rest) in zip(draw(PLACES), cells, strict=False)]
        shown = draw(st.sampled_from((number, number, number, number, 7)))
        inside = "".join(f'<c r="{letters(at)}{shown}"{style}{rest}' for at, style, rest in cells)
        made.append(
            draw(
                st.sampled_from(("<row />", "<row>", "</row>", "<x:row>", "\n", " ", "<row r='99'></row>", "<a><row>"))
            )
            if draw(st.integers(0, 40)) == 0
            else f'<row r="{number}"{draw(MORE)}>{inside}</row>'
        )
    return "".join(made)


def book(head: str, body: str, tail: str) -> bytes:
    heading = "".join(
        f'<c r="{letters(at)}1" t="inlineStr"><is><t>{name}</t></is></c>' for at, name in enumerate(COLUMNS)
    )
    sheet = f'{head}<row r="1">{heading}</row>{body}{tail}'
    return workbook({"a": sheet}, parts={"xl/sharedStrings.xml": STRINGS, "xl/styles.xml": STYLES})


def row(number: int, *rest: str) -> str:
    inside = "".join(f'<c r="{letters(at)}{number}"{each}' for at, each in enumerate([*rest, *RIGHT[len(rest) :]]))
    return f'<row r="{number}">{inside}</row>'


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(st.sampled_from(HEADS[:3]), st.sampled_from(HEADS)), rows(),
    st.one_of(st.just(TAILS[0]), st.sampled_from(TAILS)), st.sampled_from((200, 1500, 1 << 20)),
)  # fmt: skip
@example(HEADS[7], row(2), "--></worksheet>", 200)
@example(HEADS[8], row(2) + row(3), '"></worksheet>', 200)
@example(HEADS[9], row(2) + row(3), "</sheetData></row></worksheet>", 200)
@example(HEAD, row(2) + "<!--" + row(3) + row(4) + "-->" + row(5), TAILS[0], 200)
@example(HEAD, row(2) + '<row r="3" ht="/>">' + row(4) + row(5) + "</row>", TAILS[0], 200)
@example(HEAD, row(2) + "".join(row(number, ' t="s"><v>3</v></c>') for number in range(3, 9)), TAILS[0], 1500)
def test_a_sheet_read_from_its_bytes_is_the_sheet_read_by_the_parser(
    head: str, body: str, tail: str, stretch: int
) -> None:
    content = book(head, body, tail)
    by_parser = told(content)
    with at_once_from_the_start(stretch):
        assert told(content) == by_parser


def test_usual_sheets_need_no_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []
    usual = xlsx_scan.Scanner.read

    def noted(*given: Any, **more: Any) -> xlsx_scan.Stretch | None:
        stretch = usual(*given, **more)
        found.append(stretch is not None)
        return stretch

    monkeypatch.setattr(xlsx_scan.Scanner, "read", noted)
    numbers = (
        "><v>12345678</v></c>",
        ' s="1"><v>46024.5</v></c>',
        "><v>5.25</v></c>",
        ' t="s"><v>1</v></c>',
        "/>",
        ' t="str"><v>x</v></c>',
    )
    content = book(DESCENT, "".join(row(n, *(numbers if n % 2 else ())) for n in range(2, 200)), TAILS[0])
    by_parser = told(content)
    with at_once_from_the_start(4000):
        assert told(content) == by_parser
    assert by_parser[0] == "read"
    assert len(found) > 5
    assert all(found)


def test_the_parser_sees_every_byte_but_usual_rows() -> None:
    body = (HEAD + row(1) + row(2) + "<row r='3'></row>" + row(4) + TAILS[0]).encode()
    with at_once_from_the_start(300):
        pieces = Pieces(io.BytesIO(body))
        seen = list(pieces)
        assert b"".join(piece for _, piece in seen) == body
        assert [piece for may_be_plain, piece in seen if may_be_plain and rows_of(piece, has_descent=False) is None]
        pieces = Pieces(io.BytesIO(body))
        following = iter(pieces)
        assert [next(following)[0], next(following)[0]] == [False, True]
        pieces.parsed(b"<row r='3'></row>")
        assert not any(may_be_plain for may_be_plain, _ in following)


def test_a_row_without_an_end_is_not_gathered_for_ever() -> None:
    body = HEAD + row(1) + '<row r="2">' + "".join(f"<c><v>{n * n}</v></c>" for n in range(300_000))
    assert refusal(workbook({"a": body})).code == "xml_too_deep"
