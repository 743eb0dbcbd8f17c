"""What lies beyond: amounts larger than any payment, rows in the future, a mark of UTF-8 before another encoding."""

from __future__ import annotations

import codecs
from datetime import UTC, datetime

import pytest

from accounts.rules.statements.amounts import Amounts
from accounts.rules.statements.cells import Cells
from accounts.rules.statements.memo import Fault
from antifraud.money import EXPONENTS, MAX_MINOR
from tests.rules.statements.making import COLUMNS_34, csv, csv_34, reading, refusal, row_34, sheet_xml, workbook

NOW = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()) * 1_000_000  # 20:00 in Shanghai


# -- amounts ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("currency", ["CNY", "JPY", "KWD"])
@pytest.mark.parametrize("rows", [1, 3000])
def test_no_way_of_reading_lets_a_larger_amount_in(currency: str, rows: int) -> None:
    """Cell by cell, as a column of text, as a column of bytes: all judge alike."""
    places = EXPONENTS[currency]
    texts = [
        _written(MAX_MINOR - 1, places),
        _written(MAX_MINOR, places),
        _written(MAX_MINOR + 1, places),
        "9" * 15 + ".0",
    ]
    expected = [MAX_MINOR - 1, MAX_MINOR, Fault("amount_out_of_range"), Fault("amount_out_of_range")]
    if not places:
        texts[3], expected[3] = "9" * 16, Fault("amount_out_of_range")
    for text, value in zip(texts, expected, strict=True):
        cells = Cells.of([text] * rows)
        assert cells is not None
        amounts = Amounts(currency)
        assert set(amounts.column([text] * rows)) == set(amounts.column(cells)) == {value} == {amounts.memo[text]}


def _written(minor: int, places: int) -> str:
    digits = str(minor).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def test_such_a_row_is_bad_and_such_a_balance_a_doubt() -> None:
    found = reading(
        csv_34({"交易金额": "92233720368547000.00"}, {"交易余额": "92233720368547000.00"}, {"交易金额": "7.00"})
    )
    assert found.codes == [(2, "amount", "amount_out_of_range"), (3, "balance", "balance_unreadable")]
    assert len(found.column("amount")) == 2


# -- the future ------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_rows_in_the_future_are_doubtful_and_far_ones_bad(form: str) -> None:
    times = ["20261123195959", "20261123200001", "20271123195959", "20991231000000", "20261101000000"]
    rows = [{"交易时间": time} for time in times]
    content = (
        csv_34(*rows) if form == "csv" else workbook({"a": sheet_xml([list(COLUMNS_34), *(row_34(**r) for r in rows)])})
    )
    found = reading(content, now_us=NOW)
    assert found.column("row") == [2, 3, 4, 6]
    assert sorted(found.codes) == [
        (3, "at", "time_in_future"),
        (4, "at", "time_in_future"),
        (5, "at", "time_far_future"),
    ]
    assert [issue.severity for issue in found.issues if issue.row == 5] == ["bad"]
    assert reading(content).column("row") == [2, 3, 4, 5, 6], "who gives no time now gets no judgement"


def test_a_row_that_goes_out_as_bad_keeps_no_doubt() -> None:
    found = reading(csv_34({"交易时间": "20991231000000", "交易余额": "viel"}, {}), now_us=NOW)
    assert [(issue.row, issue.code) for issue in found.issues] == [(2, "time_far_future")]


# -- encodings -------------------------------------------------------------------------------------


def test_gb18030_behind_a_mark_of_utf_8_is_read() -> None:
    content = csv_34({}, {"对手户名": "龘靐齉"}, encoding="gb18030")
    plain, marked = reading(content), reading(codecs.BOM_UTF8 + content)
    assert marked.headers[0].encoding == "gb18030"
    assert marked.headers[0].headings == plain.headers[0].headings
    assert marked.column("counter_name") == plain.column("counter_name")
    assert "�" not in "".join(marked.headers[0].headings)


def test_western_letters_behind_a_mark_of_utf_8_are_read() -> None:
    lines = ["account,date,amount,currency,direction,counterparty", "12345678,2026-11-01,5.00,EUR,in,Café Müller"]
    found = reading(codecs.BOM_UTF8 + csv(*lines, encoding="cp1252"))
    assert (found.headers[0].encoding, found.column("counter_name")) == ("cp1252", ["Café Müller"])


def test_utf_8_behind_its_mark_is_utf_8_also_where_a_little_is_damaged() -> None:
    content = csv_34({}, {"对手户名": "龘靐齉"}, encoding="utf-8-sig")
    assert reading(content).headers[0].encoding == "utf-8-sig"
    damaged = content.replace("龘".encode(), "龘".encode()[:2], 1)
    found = reading(damaged)
    assert (found.headers[0].encoding, found.headers[0].headings[0]) == ("utf-8-sig", "交易卡号")


def test_what_is_neither_is_refused() -> None:
    assert refusal(codecs.BOM_UTF8 + b"\x81\x20\xff\xfe\xfd\x80\xff," * 400).code == "encoding_unknown"
