"""accounts.rules.paste: lines as people paste them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.rules.paste import MAX_LINES, MESSAGES, PastedLine, parse_paste

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CARD = "6222021234567890128"  # passes Luhn
OTHER = "6217001234567890122"
AT = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)  # 13:05 in Shanghai


def paste(text: str, **changes: object) -> list[PastedLine]:
    given = {"zone": "Asia/Shanghai", "now": NOW, **changes}
    return parse_paste(text, **given)  # type: ignore[arg-type]


def one(text: str) -> PastedLine:
    (line,) = paste(text)
    assert line.raw == text
    assert all(p.text(MESSAGES) for p in (*line.problems, *line.warnings))
    return line


def fields(line: PastedLine) -> tuple[str, str, str, int | None, datetime | None]:
    return line.number, line.bank_text, line.name, line.amount_minor, line.at


def codes(line: PastedLine) -> tuple[list[str], list[str]]:
    return line.problem_codes, line.warning_codes


@pytest.mark.parametrize(
    "text",
    [
        CARD,
        "６２２２０２１２３４５６７８９０１２８",
        "6222 0212 3456 7890 128",
        "6222-0212-3456-7890-128",
        "6222  0212  3456  7890  128",
        f"\t{CARD}\t",
        f"'{CARD}",
        f"\u200b{CARD}\ufeff",
        f"账号：{CARD}",
        f"卡号{CARD}",
        f"1、{CARD}",
        f"(1) {CARD}",
        f"1.{CARD}",
        f"① {CARD}",
        f"• {CARD}",
        f"1 {CARD}",
        f"{CARD}.0",
    ],
)
def test_a_number_alone_in_any_dress(text: str) -> None:
    line = one(text)
    assert fields(line) == (CARD, "", "", None, None)
    assert line.problem_codes == []
    assert set(line.warning_codes) <= {"number_grouping_assumed"}


WHOLE = (CARD, "中国工商银行", "张三", 123_456, AT)


@pytest.mark.parametrize(
    "text",
    [
        f"{CARD}\t中国工商银行\t张三\t1,234.56\t2026-11-20 13:05",
        f"张三\t{CARD}\t2026/11/20 13:05:00\t中国工商银行\t¥1,234.56",
        f"{CARD},中国工商银行,张三,1234.56,2026-11-20 13:05",
        f"{CARD}，中国工商银行，张三，1，234.56元，2026年11月20日13时05分",
        f"{CARD}；张三；中国工商银行；1234.56；2026.11.20 13:05",
        f"{CARD}、张三、中国工商银行、1234.56、20261120130500",
        f"{CARD} 中国工商银行 张三 1,234.56 2026-11-20 13:05",
        f"{CARD}   中国工商银行   张三   1234.56   2026-11-20 13:05",
        "2026年11月20日13时05分 1234.56元 张三 6222 0212 3456 7890 128 中国工商银行",
        f"RMB 1234.56 {CARD} 张三 中国工商银行 202611201305",
        f"张三，{CARD}，中国工商银行，20261120，13:05，1234.56",
        f"13:05 2026-11-20 {CARD} 张三 中国工商银行 1234.56元",
        f"{CARD} 张三 中国工商银行 1234.56 元 2026-11-20T13:05:00+08:00",
        f"{CARD} 张三 中国工商银行 1234.56 2026-11-20T05:05Z",
        f"{CARD} 张三 中国工商银行 1234.56 2026年11月20日 下午1:05",
        f"账号：{CARD} 户名：张三 开户行：中国工商银行 金额：1234.56元 时间：2026-11-20 13:05",
        f"时间: 2026-11-20 13:05 金额: 1234.56 收款人: 张三 收款账号: {CARD} 银行: 中国工商银行",
        f"卡号{CARD}户名张三 开户行中国工商银行 金额1234.56元 时间2026-11-20 13:05",
        f'"{CARD}","张三","中国工商银行","1,234.56","2026-11-20 13:05"',
        f"张三{CARD} 中国工商银行 1234.56元 2026-11-20 13:05",
    ],
)
def test_all_fields_in_any_order_and_separation(text: str) -> None:
    line = one(text)
    assert fields(line) == WHOLE
    assert (line.currency, line.problem_codes) == ("CNY", [])
    assert set(line.warning_codes) <= {"amount_comma_assumed"}


@pytest.mark.parametrize(
    ("text", "minor", "currency"),
    [
        ("5万", 5_000_000, "CNY"),
        ("3.2万元", 3_200_000, "CNY"),
        ("¥500", 50_000, "CNY"),
        ("￥ 500", 50_000, "CNY"),
        ("5000元", 500_000, "CNY"),
        ("5000 元", 500_000, "CNY"),
        ("RMB500", 50_000, "CNY"),
        ("7w", 7_000_000, "CNY"),
        ("5000", 500_000, "CNY"),
        ("500USD", 50_000, "USD"),
        ("USD 500", 50_000, "USD"),
        ("HK$5", 500, "HKD"),
        ("1亿2000万", 12_000_000_000, "CNY"),
    ],
)
def test_amounts(text: str, minor: int, currency: str) -> None:
    for line in (one(f"{CARD} {text}"), one(f"{text} {CARD}"), one(f"{CARD}\t{text}"), one(f"{CARD},{text}")):
        assert (line.number, line.amount_minor, line.currency) == (CARD, minor, currency)
        assert codes(line) == ([], [])


@pytest.mark.parametrize(
    ("text", "at", "warning"),
    [
        ("2026-11-20 13:05", AT, []),
        ("2026/11/20 13:05:22", AT + timedelta(seconds=22), []),
        ("11月20日13:05", AT, ["time_year_assumed"]),
        ("11-20 13:05", AT, ["time_year_assumed"]),
        ("12月25日 13:05", datetime(2025, 12, 25, 5, 5, tzinfo=UTC), ["time_year_assumed"]),
        ("11月22日 13:05", datetime(2026, 11, 22, 5, 5, tzinfo=UTC), ["time_year_assumed", "time_in_future"]),
        ("2月29日 13:05", datetime(2024, 2, 29, 5, 5, tzinfo=UTC), ["time_year_assumed"]),
        ("2026年11月20日13时05分22秒", AT + timedelta(seconds=22), []),
        ("20261120130522", AT + timedelta(seconds=22), []),
        ("2026-11-20", datetime(2026, 11, 19, 16, tzinfo=UTC), ["time_date_only"]),
        ("20261120", datetime(2026, 11, 19, 16, tzinfo=UTC), ["time_date_only"]),
        ("13:05", None, ["time_no_date"]),
        ("2027-01-01 00:00", datetime(2026, 12, 31, 16, tzinfo=UTC), ["time_in_future"]),
    ],
)
def test_times(text: str, at: datetime | None, warning: list[str]) -> None:
    for line in (one(f"{CARD} {text}"), one(f"{text} {CARD}"), one(f"{CARD}\t{text}")):
        assert (line.number, line.at, line.amount_minor) == (CARD, at, None)
        assert codes(line) == ([], warning)


def test_the_zone_is_given_from_outside() -> None:
    (line,) = paste(f"{CARD} 2026-11-20 13:05", zone="Europe/Berlin")
    assert line.at == datetime(2026, 11, 20, 12, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("张三 工商银行", "number_missing"),
        ("5000元", "number_missing"),
        ("-", "number_missing"),
        ("\u200b", "number_missing"),
        ("123", "number_missing"),
        (f"{CARD} {OTHER}", "two_numbers"),
        (f"{CARD} 2026-13-45", "time_bad"),
        (f"{CARD} 25:99", "time_bad"),
        (f"{CARD} 0元", "amount_not_positive"),
        (f"{CARD} -500", "amount_not_positive"),
        (f"{CARD} 0.001元", "amount_too_precise"),
        (f"{CARD}\t12,34", "amount_bad_grouping"),
        (f"{CARD}\t12,3", "amount_bad_grouping"),
        (f"{CARD} 张三 12,34", "amount_bad_grouping"),
        (f"{CARD} $500", "amount_other_currency"),
        ("6.22202E+18 张三", "number_scientific"),
        ("账号: 张三", "number_bad_character"),
        (f"账号: {CARD} 金额: 很多", "amount_not_a_number"),
        (f"账号: {CARD} 时间: 昨天", "time_bad"),
        ("1" * 35, "number_too_long"),
        ("x" * 1_001, "line_too_long"),
        ("ﷺ" * 100, "line_too_long"),
        ("1 " * 130, "line_too_many_parts"),
    ],
)
def test_what_blocks_a_line_is_named(text: str, problem: str) -> None:
    assert one(text).problem_codes == [problem]


@pytest.mark.parametrize(
    ("text", "number", "warning"),
    [
        ("6222021234567890123", "6222021234567890123", "number_luhn"),
        ("20261120130522", "20261120130522", "number_looks_like_time"),
        ("110101199003074514", "110101199003074514", "number_looks_like_id"),
        (f"110101199003074514 {CARD}", CARD, "cell_not_used"),
        (f"{CARD} 张三 12345678901", CARD, "cell_not_used"),
        (f"{CARD} 500元 600元", CARD, "second_amount_ignored"),
        (f"{CARD} 2026-11-20 13:05 2026-11-19 13:05", CARD, "second_time_ignored"),
        (f"{CARD},张三,12,500", CARD, "amount_comma_assumed"),
        ("8888 5000", "8888", "number_grouping_assumed"),
        ("622202 1234567890123", "6222021234567890123", "number_grouping_assumed"),
        (f"{CARD} 张三 李四", CARD, "cell_not_used"),
        (f"{CARD} REF2026ABCDE", CARD, "cell_not_used"),
        (f"{CARD} A座12号", CARD, "cell_not_used"),
    ],
)
def test_what_is_odd_is_told(text: str, number: str, warning: str) -> None:
    line = one(text)
    assert line.number == number
    assert warning in line.warning_codes
    assert line.problem_codes == []


@pytest.mark.parametrize(
    ("text", "number", "minor"),
    [
        ("6222 0212 3456 7890 128 5000", CARD, 500_000),
        ("6222 0212 3456 7890 128 500元", CARD, 50_000),
        ("4111 1111 1111 1111 500", "4111111111111111", 50_000),
        ("4111 1111 1111 1111 5000", "4111111111111111", 500_000),
        ("3305 0161 6627 0000 0123", "33050161662700000123", None),
        ("62220212 34567890128 500", CARD, 50_000),
        ("13800138000 支付宝 300", "13800138000", 30_000),
        ("110060149018 500", "110060149018", 50_000),
        ("12345678", "12345678", None),
    ],
)
def test_groups_of_digits_and_amounts_are_told_apart(text: str, number: str, minor: int | None) -> None:
    line = one(text)
    assert (line.number, line.amount_minor) == (number, minor)


@pytest.mark.parametrize(
    ("text", "bank", "name"),
    [
        (f"{CARD} 农业银行朝阳支行 李四", "农业银行朝阳支行", "李四"),
        (f"{CARD} 农业银行 朝阳支行 李四", "农业银行 朝阳支行", "李四"),
        (f"{CARD} 建行 阿布都·热合曼", "建行", "阿布都·热合曼"),
        (f"{CARD} ICBC John Smith", "ICBC", "John Smith"),
        (f"{CARD} John Smith HSBC", "HSBC", "John Smith"),
        (f"{CARD} Bank of China ZHANG SAN", "Bank of China", "ZHANG SAN"),
        (f"{CARD} Agricultural Bank of China ZHANG SAN", "Agricultural Bank of China", "ZHANG SAN"),
        (f"{CARD} China Merchants Bank Li Si", "China Merchants Bank", "Li Si"),
        (f"{CARD} 北京某某科技有限公司 交通银行", "交通银行", "北京某某科技有限公司"),
        (f"转账 {CARD} 收款 张三 微信", "微信", "张三"),
    ],
)
def test_banks_and_names_are_told_apart(text: str, bank: str, name: str) -> None:
    line = one(text)
    assert (line.number, line.bank_text, line.name) == (CARD, bank, name)
    assert codes(line) == ([], [])


def test_letters_may_be_part_of_a_number() -> None:
    assert fields(one("GB29NWBK60161331926819 John Smith")) == ("GB29NWBK60161331926819", "", "John Smith", None, None)


def test_no_line_is_lost_and_blank_ones_are_no_lines() -> None:
    lines = paste(f"\n  \n{CARD}\r\n\t\nrubbish\u2028{OTHER}")
    assert [(line.line_no, line.raw) for line in lines] == [(3, CARD), (5, "rubbish"), (6, OTHER)]


def test_repeated_numbers_are_marked_with_their_first_line() -> None:
    lines = paste(f"{CARD}\n{OTHER}\n6222 0212 3456 7890 128\n{CARD} 500元")
    assert [line.warning_codes for line in lines] == [[], [], ["duplicate_number"], ["duplicate_number"]]
    assert [line.warnings[-1].params for line in lines[2:]] == [{"first": 1}, {"first": 1}]


def test_lines_beyond_the_limit_come_back_unread() -> None:
    lines = paste("\n".join([CARD] * (MAX_LINES + 2)))
    assert len(lines) == MAX_LINES + 2
    assert [line.problem_codes for line in lines[MAX_LINES - 1 :]] == [[], ["too_many_lines"], ["too_many_lines"]]
    assert [line.number for line in lines[MAX_LINES:]] == ["", ""]
    assert lines[-1].raw == CARD
