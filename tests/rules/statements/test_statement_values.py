"""The small readers under the formats: times, amounts, currencies, words, headings, sentences."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.statements import FIELDS, MAX_BYTES, MESSAGES, NeedsMapping, StatementError, headings_digest_text
from accounts.rules.statements import batch as batch_module
from accounts.rules.statements import fields as fields_module
from accounts.rules.statements.amounts import Amounts, currency_code
from accounts.rules.statements.camt import _MAX_ENTRY_BYTES
from accounts.rules.statements.csv_table import _MAX_LINE
from accounts.rules.statements.fields import MAX_COLUMNS, heading_key, known_field, recognise
from accounts.rules.statements.memo import Fault, Memo
from accounts.rules.statements.messages import FILE_MESSAGES, ROW_MESSAGES
from accounts.rules.statements.moments import Moment, Moments
from accounts.rules.statements.safe_xml import MAX_NODE_BYTES
from accounts.rules.statements.words import clean, ip_address, is_cash_summary, mac_address
from accounts.rules.statements.xlsx_sheet import MAX_ROWS
from antifraud.border import understood, written
from antifraud.money import EXPONENTS, from_minor
from tests.rules.statements.making import COLUMNS_34

SOURCES = Path(batch_module.__file__).parent


def moment(text: str, zone: str = "Asia/Shanghai") -> Moment | Fault:
    return Moments(zone).memo[text]


def us(text: str) -> int:
    at = datetime.fromisoformat(text).astimezone(UTC)
    return int(at.timestamp()) * 1_000_000 + at.microsecond


@pytest.mark.parametrize(
    ("text", "at", "day_only"),
    [
        ("20260102030405", "2026-01-02T03:04:05+08:00", False), ("20260102000000", "2026-01-02T00:00+08:00", True),
        ("2026-01-02 03:04:05", "2026-01-02T03:04:05+08:00", False), ("2026/1/2 3:4", "2026-01-02T03:04+08:00", False),
        ("2026年1月2日 3时4分5秒", "2026-01-02T03:04:05+08:00", False), ("2026-01-02", "2026-01-02T00:00+08:00", True),
        ("20260102", "2026-01-02T00:00+08:00", True), ("2026.01.02", "2026-01-02T00:00+08:00", True),
        ("2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123456+08:00", False),
        ("20260102 030405", "2026-01-02T03:04:05+08:00", False),
        ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05+00:00", False), ("2026-01-02T03:04:05+01:00", "2026-01-02T03:04:05+01:00", False),
        ("2026-01-02-03.04.05.123456", "2026-01-02T03:04:05.123456+08:00", False), ("02.01.2026", "2026-01-02T00:00+08:00", True),
        ("２０２６－０１－０２ ０３：０４：０５", "2026-01-02T03:04:05+08:00", False),
        ("1/2/2026 3:04 PM", "2026-02-01T15:04+08:00", False),
        ("46024.5", "2026-01-02T12:00+08:00", False), ("46024", "2026-01-02T00:00+08:00", True),
        ("20260102 24:00:00", "2026-01-02T23:59:59+08:00", False),
        ("\t20260102030405\t", "2026-01-02T03:04:05+08:00", False), ("202601020304", "2026-01-02T03:04+08:00", False),
    ],
)  # fmt: skip
def test_times(text: str, at: str, *, day_only: bool) -> None:
    assert moment(text) == Moment(us(at), day_only)


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "time_missing"), ("00000000", "time_missing"), ("20260230", "time_impossible"), ("20261301", "time_impossible"),
     ("2026-01-02 25:00:00", "time_impossible"), ("13:05", "time_unreadable"), ("18991230", "time_impossible"), ("12", "time_unreadable"),
     ("99999.5", "time_unreadable"), ("2026-01-02T00:00:00+99:00", "time_impossible"), ("next week", "time_unreadable")],
)  # fmt: skip
def test_times_that_are_none(text: str, code: str) -> None:
    assert moment(text) == code


def test_hours_that_the_clocks_skip_or_repeat_are_doubted() -> None:
    for text in ("2026-03-29 02:30:00", "2026-10-25 02:30:00"):
        found = moment(text, "Europe/Berlin")
        assert isinstance(found, Moment)
        assert found.doubt == "time_not_in_zone"
    assert moment("2026-10-25 04:30:00", "Europe/Berlin") == Moment(us("2026-10-25T04:30+01:00"), day_only=False)


@given(
    st.lists(st.integers(0, 2**31), min_size=1, max_size=20), st.sampled_from(["Asia/Shanghai", "Europe/Berlin"])
)  # fmt: skip
def test_a_column_read_at_once_gives_what_its_cells_give(seconds: list[int], zone: str) -> None:
    for form in ("%Y%m%d%H%M%S", "%Y-%m-%d %H:%M:%S"):
        texts = [datetime.fromtimestamp(second, UTC).strftime(form) for second in seconds]
        reader = Moments(zone)
        fast = reader.column(texts)
        if fast is not None:
            single = [reader.memo[text] for text in texts]
            assert [Moment(at, day) for at, day in zip(*fast, strict=True)] == [
                one._replace(doubt="") for one in single if isinstance(one, Moment)
            ]


@pytest.mark.parametrize(
    ("text", "minor"),
    [("1234.5", 123450), ("1,234.50", 123450), ("１，２３４．５０", 123450), ("¥1,234.50", 123450), ("1234.50元", 123450), ("-5", -500),
     ("5-", -500), ("(5.00)", -500), ("+5", 500), ("−5", -500), ("5.00 DR", -500), ("5.00CR", 500), ("1 006,60", 100660),
     ("1.234,50", 123450), ("1'234.50", 123450), ("12,34", 1234), ("0.10", 10), (".5", "amount_not_a_number"), ("5.", 500), ("RMB 5", 500),
     ("1.234", "amount_too_precise"), ("1E5", "amount_not_a_number"), ("NaN", "amount_not_a_number"), ("", "amount_missing"), ("1,23", 123),
     ("1,2345.00", "amount_bad_grouping"), ("$5", "amount_other_currency"), ("92233720368547758.08", "amount_out_of_range"),
     ("10000000000000.01", "amount_out_of_range"), ("10000000000000.00", 10**15), ("8.85000", 885), ("1,234", 123400)],
)  # fmt: skip
def test_amounts(text: str, minor: int | str) -> None:
    assert Amounts("CNY").memo[text] == minor


@given(st.sampled_from(sorted(EXPONENTS)), st.lists(st.integers(-(10**14), 10**14), min_size=1, max_size=20))
def test_amounts_come_back_exactly(currency: str, minors: list[int]) -> None:
    texts = [format(from_minor(minor, currency), "f") for minor in minors]
    reader = Amounts(currency)
    assert reader.column(texts) == minors == [reader.memo[text] for text in texts]
    assert reader.column(["", *texts])[0] is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**9), max_value=10**9))
def test_no_amount_is_ever_rounded(value: Decimal) -> None:
    found = Amounts("CNY").memo[format(value, "f")]
    assert found == "amount_too_precise" if value * 100 % 1 else found == int(value * 100)


@pytest.mark.parametrize(
    ("text", "code"),
    [("CNY", "CNY"), ("人民币", "CNY"), ("RMB", "CNY"), ("156", "CNY"), ("人民币元", "CNY"), ("cny ", "CNY"), ("CNY-人民币", "CNY"),
     ("美元(USD)", "USD"), ("840", "USD"), ("", ""), ("Taler", "currency_unknown"), ("DEM", "currency_unknown"), ("１５６", "CNY")],
)  # fmt: skip
def test_currencies(text: str, code: str) -> None:
    assert currency_code(text) == code


def test_the_34_headings_are_known_in_order() -> None:
    found = recognise(COLUMNS_34)
    assert len(found) == 34
    assert len(set(found.values())) == 34
    assert set(found.values()) <= set(FIELDS)


@pytest.mark.parametrize(
    ("heading", "field"),
    [("对方账号", "counter"), ("对方户名", "counter_name"), ("借贷标志", "direction"), ("收/支", "direction"), ("摘要", "summary"),
     ("余额", "balance"), ("交易日期", "date"), ("金额(元)", "amount"), ("金额（元）", "amount"), ("交易单号", "serial"),
     ("商户单号", "reference"), ("Transaction Date", "date"), ("Debit/Credit", "direction"), ("Counterparty IBAN", "counter"),
     ("\ufeff交易时间\t", "at"), ("交易 金额", "amount"), ("something", "")],
)  # fmt: skip
def test_aliases(heading: str, field: str) -> None:
    assert known_field(heading) == field


def test_a_heading_means_one_field_only() -> None:
    words = [heading_key(word) for line in fields_module._HEADINGS.values() for word in line.split()]
    assert sorted(word for word in set(words) if words.count(word) > 1) == []


def test_repeated_headings_are_refused() -> None:
    with pytest.raises(StatementError, match="amount"):
        recognise(["金额", "金额(元)"])


def test_the_key_of_headings_knows_their_order_not_their_looks() -> None:
    assert headings_digest_text(["金额(元)", " 日期"]) == headings_digest_text(["金额", "日期"])
    assert headings_digest_text(["金额", "日期"]) != headings_digest_text(["日期", "金额"])


@pytest.mark.parametrize(
    ("text", "found"),
    [("00-1A-2b:33.44 55", "001A2B334455"), ("000000000000", ""), ("ff:ff:ff:ff:ff:ff", ""), ("无", ""), ("1234", "")],
)
def test_mac_addresses(text: str, found: str) -> None:
    assert mac_address(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("36.1.2.3", "36.1.2.3"), (" 36.1.2.3\t", "36.1.2.3"), ("192.168.1.1", ""), ("127.0.0.1", ""), ("10.0.0.1", ""), ("36.1.2.300", ""),
     ("36.1.2.3:8080", "36.1.2.3"), ("2408:8000::1", "2408:8000::1"), ("::ffff:36.1.2.3", "36.1.2.3"), ("x", "")],
)  # fmt: skip
def test_ip_addresses(text: str, found: str) -> None:
    assert ip_address(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("  a b\t", "a b"), ('="6222"', "6222"), ("NULL", ""), ("--", ""), ("张\u200b三", "张三"), ("x" * 900, "x" * 500)],
)
def test_cleaning(text: str, found: str) -> None:
    assert clean(text) == found


@pytest.mark.parametrize(
    ("text", "is_cash"), [("ATM取款", True), ("现金存入", True), ("转账", False), ("Cash withdrawal", True)]
)
def test_cash(text: str, *, is_cash: bool) -> None:
    assert is_cash_summary(text) is is_cash


def test_a_memo_stays_bounded() -> None:
    memo: Memo[int | Fault] = Memo(len)
    for number in range(450_000):
        memo[str(number)]
    assert len(memo) <= 200_000
    assert memo["123"] == 3


def test_every_code_in_the_sources_has_a_sentence_and_every_sentence_says_what_to_do() -> None:
    sources = "\n".join(path.read_text(encoding="utf-8") for path in SOURCES.glob("*.py"))
    raised = set(re.findall(r'(?:StatementError|Fault)\(\s*"([a-z_]+)"', sources))
    raised |= set(re.findall(r'(?:fault|doubt|find)\([^)]*?"[a-z_]*", "([a-z_]+)"', sources))
    assert raised <= set(MESSAGES)
    for code, text in MESSAGES.items():
        assert len(code) <= 40
        assert text.endswith(".")
        assert "%" not in text
    for text in ROW_MESSAGES.values():
        assert "{" not in text  # a finding carries no parameters
    for text in FILE_MESSAGES.values():
        assert text.count(". ") >= 1  # what is wrong, and then what to do


def _again(error: Any) -> Any:
    return understood(b"".join(written(error)), batch_module.CLASSES)


def test_refusals_survive_the_border() -> None:
    error = _again(StatementError("xml_damaged", row=5))
    assert (error.code, error.params, str(error)) == (
        "xml_damaged",
        {"row": 5},
        str(StatementError("xml_damaged", row=5)),
    )
    asked = _again(NeedsMapping(["a"], [["b"]], recognised={"a": "at"}, missing=["amount"], sheet="s", row=3))
    assert (asked.headings, asked.samples, asked.recognised) == (("a",), (("b",),), {"a": "at"})
    assert (asked.missing, asked.sheet, asked.row) == (("amount",), "s", 3)


def test_the_document_lists_every_code_with_its_sentence_and_every_heading() -> None:
    text = (SOURCES.parents[2] / "docs" / "fund-flow" / "statements.md").read_text(encoding="utf-8")
    assert [code for code, sentence in MESSAGES.items() if f"| `{code}` | {sentence} |" not in text] == []
    rows = [f"| `{field}` | {' · '.join(words.split())} |" for field, words in fields_module._HEADINGS.items()]
    assert [row for row in rows if row not in text] == []


@pytest.mark.parametrize(
    ("code", "limit"),
    [("file_too_large", f"{MAX_BYTES >> 20} MB"), ("sheet_too_long", f"{MAX_ROWS:,} rows"), ("sheet_too_wide", f"{MAX_COLUMNS} columns"),
     ("headings_too_many", f"{MAX_COLUMNS} columns"), ("line_too_long", f"{_MAX_LINE:,} characters"),
     ("xml_too_deep", f"{MAX_NODE_BYTES >> 20} MB"), ("xml_too_deep", f"{_MAX_ENTRY_BYTES >> 20} MB")],
)  # fmt: skip
def test_the_sentences_name_the_limits_that_hold(code: str, limit: str) -> None:
    assert limit in MESSAGES[code]
