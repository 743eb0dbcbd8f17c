"""Workbooks: sheets of entries among others, cell types, and hostile archives that are refused quickly."""

from __future__ import annotations

import io
import time
import zipfile

import pytest

from accounts.rules.statements import SHEET_ROWS, NeedsMapping, place
from tests.rules.statements.making import COLUMNS_34, reading, refusal, row_34, sheet_xml, workbook

HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
TAIL = "</sheetData></worksheet>"


def book_34(*rows: dict[str, str]) -> bytes:
    return workbook({"交易明细信息": sheet_xml([COLUMNS_34, *(row_34(**row) for row in rows)])})


def test_a_row_of_the_34_columns() -> None:
    found = reading(book_34({}, {"交易金额": "#70000", "收付标志": "进"}))
    assert found.totals == {("out", "CNY"): (1, 123450), ("in", "CNY"): (1, 7000000)}
    assert found.column("row") == [2, 3]
    assert found.column("account") == ["6222020200112233445"] * 2
    assert (found.headers[0].sheet, found.headers[0].encoding) == ("交易明细信息", "xlsx")


def test_sheets_about_people_and_accounts_are_skipped() -> None:
    entries = sheet_xml([COLUMNS_34, row_34()])
    found = reading(
        workbook(
            {
                "账户信息": sheet_xml(
                    [["账户开户名称", "交易卡号", "账户余额", "可用余额"], ["张三", "6222020200112233445", "5", "5"]]
                ),
                "人员信息": sheet_xml([["客户名称", "证件号码", "联系电话"], ["张三", "110101199003070000", "1"]]),
                "交易明细1": entries,
                "强制措施信息": sheet_xml([["措施序号", "账号", "冻结金额"], ["1", "2", "3"]]),
                "交易明细2": entries,
                "草稿": entries,
            },
            hidden=["草稿"],
        )
    )
    assert [header.sheet for header in found.headers] == ["交易明细1", "交易明细2"]
    assert found.headers[0].skipped_sheets == ("账户信息", "人员信息", "强制措施信息", "草稿")
    assert found.column("row") == [2, SHEET_ROWS + 2]
    assert place(found.column("row")[1]) == (1, 2)


def test_a_workbook_without_entries() -> None:
    assert (
        refusal(workbook({"账户信息": sheet_xml([["账户开户名称", "交易卡号"], ["张三", "6222"]])})).code
        == "sheet_missing"
    )


def test_a_workbook_with_unknown_headings_asks_for_them() -> None:
    content = workbook(
        {"Blatt": sheet_xml([["Kto", "Wann", "Wieviel", "Seite"], ["12345678", "2026-01-02", "#5", "Soll"]])}
    )
    with pytest.raises(NeedsMapping) as caught:
        reading(content)
    assert (caught.value.sheet, caught.value.samples) == ("Blatt", (("12345678", "2026-01-02", "5", "Soll"),))
    named = {"Kto": "account", "Wann": "at", "Wieviel": "amount", "Seite": "direction", "=EUR": "currency"}
    assert reading(content, mapping=named).totals == {("out", "EUR"): (1, 500)}
    assert refusal(content, mapping={"absent": "account"}).code == "mapping_unknown_heading"


def test_dates_by_style_and_by_number() -> None:
    styles = (
        b'<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><numFmts>'
        b'<numFmt numFmtId="164" formatCode="yyyy/mm/dd\\ hh:mm:ss"/><numFmt numFmtId="165" formatCode="#,##0.00"/></numFmts>'
        b'<cellXfs><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="165"/></cellXfs></styleSheet>'
    )
    cells = '<c r="A{0}" t="inlineStr"><is><t>12345678</t></is></c><c r="B{0}" s="{1}"><v>{2}</v></c><c r="C{0}"><v>5</v></c>'
    rows = [(0, "46024.5"), (1, "46024.5"), (2, "46024.5"), (1, "46024"), (1, "1")]
    body = "".join(f'<row r="{n}">{cells.format(n, *row)}</row>' for n, row in enumerate(rows, start=2))
    heading = sheet_xml([["账号", "交易时间", "收入金额"]]).removesuffix(TAIL)
    found = reading(workbook({"a": heading + body + TAIL}, parts={"xl/styles.xml": styles}), zone="UTC")
    noon = 1_767_355_200_000_000
    assert found.column("at_us") == [noon, noon, noon, noon - 43_200_000_000]
    assert found.column("day_only") == [False, False, False, True]
    assert found.codes == [(6, "at", "time_impossible")]


@pytest.mark.parametrize(
    ("number", "minor"),
    [("34126.800000000003", 3412680), ("7.0E+4", 7000000), ("0.1", 10), ("1E-2", 1), ("100", 10000)],
)
def test_numbers_as_spreadsheet_programs_store_them(number: str, minor: int) -> None:
    assert reading(book_34({"交易金额": f"#{number}"})).column("amount") == [minor]


def test_account_numbers_that_became_numbers() -> None:
    found = reading(
        book_34(
            {"交易卡号": "#6.2220202001122334E+18", "交易账号": ""},
            {"交易卡号": "#6222020200112233445"},
            {"交易卡号": "#40100200300"},
        )
    )
    assert found.codes == [(2, "account", "account_scientific")]
    assert found.column("account") == ["6222020200112233445", "40100200300"]


def test_shared_strings_rich_text_and_escapes() -> None:
    strings = (
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>账号</t></si><si><t>交易时间</t></si>'
        "<si><t>收入金额</t></si><si><r><t>1234</t></r><r><t>5678</t></r><rPh><t>ignored</t></rPh></si>"
        "<si><t>2026-01-02_x0009_</t></si></sst>"
    ).encode()

    def shared(*numbers: int, row: int) -> str:
        cells = "".join(f'<c r="{"ABC"[n]}{row}" t="s"><v>{number}</v></c>' for n, number in enumerate(numbers))
        return f'<row r="{row}">{cells}' + ('<c r="C2"><v>7</v></c>' if row == 2 else "") + "</row>"

    content = workbook(
        {"a": HEAD + shared(0, 1, 2, row=1) + shared(3, 4, row=2) + TAIL}, parts={"xl/sharedStrings.xml": strings}
    )
    found = reading(content)
    assert (found.column("account"), found.column("amount")) == (["12345678"], [700])


def test_formulas_are_refused() -> None:
    body = '<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="B2"><f>SUM(A1)</f><v>1</v></c></row>'
    assert refusal(workbook({"a": HEAD + body + TAIL})).code == "file_has_formulas"


@pytest.mark.parametrize(
    ("sheet", "code"),
    [
        ('<row r="1"><c r="XFD1"><v>1</v></c></row>', "sheet_too_wide"),
        ('<row r="9999999"><c r="A1"><v>1</v></c></row>', "sheet_too_long"),
        ('<row r="1048577"/>', "sheet_too_long"),
        ('<row r="2"/><row r="1"/>', "file_damaged"),
        ('<row r="1"><c r="ABCD1"><v>1</v></c></row>', "file_damaged"),
        ('<row r="1"><c r="B1"><v>1</v></c><c r="A1"><v>1</v></c></row>', "file_damaged"),
        ('<row r="1"><c r="A1"><v>1</v>', "xml_damaged"),
        ('<row r="1">' + "".join(f"<c><v>{n * n}</v></c>" for n in range(300_000)) + "</row>", "xml_too_deep"),
    ],
)
def test_sheets_that_lie(sheet: str, code: str) -> None:
    started = time.process_time()
    assert refusal(workbook({"a": HEAD + sheet + TAIL})).code == code
    assert time.process_time() - started < 2


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("doctype", [BOMB, OUTSIDE])
@pytest.mark.parametrize(
    "part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"]
)
def test_document_types_are_refused_in_every_part(doctype: str, part: str) -> None:
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    bodies = {
        "xl/worksheets/sheet1.xml": f"<worksheet {space}><row><c><is><t>&b;&x;</t></is></c></row></worksheet>",
        "xl/workbook.xml": f'<workbook {space}><sheets><sheet name="&b;&x;" sheetId="1"/></sheets></workbook>',
        "xl/sharedStrings.xml": f"<sst {space}><si><t>&b;&x;</t></si></sst>",
        "xl/styles.xml": f'<styleSheet {space}><cellXfs><xf numFmtId="&b;&x;"/></cellXfs></styleSheet>',
    }
    content = workbook(
        {"a": sheet_xml([["账号", "交易时间", "收入金额"]])}, parts={part: (doctype + bodies[part]).encode()}
    )
    assert refusal(content).code == "xml_forbidden"


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * (300 << 20))
    started = time.process_time()
    assert refusal(out.getvalue()).code == "file_suspicious"
    assert time.process_time() - started < 2


def test_a_sheet_that_declares_two_gigabytes_is_refused() -> None:
    content = bytearray(workbook({"a": sheet_xml([["账号", "交易时间", "收入金额"]])}))
    at = content.rfind(b"xl/worksheets/sheet1.xml") - 46  # its entry in the central directory
    content[at + 24 : at + 28] = (2 << 30).to_bytes(4, "little")
    assert refusal(bytes(content)).code == "file_suspicious"


def test_macros_and_links_are_refused() -> None:
    sheet = {"a": sheet_xml([["账号", "交易时间", "收入金额"]])}
    assert refusal(workbook(sheet, parts={"xl/vbaProject.bin": b"x"})).code == "file_has_macros"
    assert refusal(workbook(sheet, parts={"xl/externalLinks/externalLink1.xml": b"x"})).code == "file_has_links"


def test_an_archive_that_is_no_workbook() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("statement.csv", "a,b")
    assert refusal(out.getvalue()).code == "file_not_xlsx"


def test_many_rows_come_in_batches_and_tell_how_far_they_are() -> None:
    rows = [["账号", "交易时间", "收入金额"], *(["12345678", "2026-01-02 03:04:05", f"#{n}"] for n in range(1, 45_001))]
    found = reading(workbook({"a": sheet_xml(rows)}))
    assert [len(batch) for batch in found.batches] == [20_000, 20_000, 5_000]
    assert found.column("amount") == [n * 100 for n in range(1, 45_001)]
    done = [batch.done_bytes for batch in found.batches]
    assert 0 < done[0] < done[1] <= done[2] <= found.headers[0].size
