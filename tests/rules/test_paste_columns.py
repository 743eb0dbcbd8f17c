"""accounts.rules.paste: tables with headings, labels, and texts that want to break it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.paste import MESSAGES, PastedLine, parse_paste
from accounts.rules.paste.headings import read_headings

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CARD, OTHER = "6222021234567890128", "6217001234567890122"
AT = datetime(2026, 11, 20, 5, 5, tzinfo=UTC)


def paste(text: str) -> list[PastedLine]:
    return parse_paste(text, zone="Asia/Shanghai", now=NOW)


def fields(line: PastedLine) -> tuple[str, str, str, int | None, datetime | None]:
    return line.number, line.bank_text, line.name, line.amount_minor, line.at


@pytest.mark.parametrize(
    ("headings", "row"),
    [
        ("账号\t户名\t开户行\t金额\t时间", f"{CARD}\t张三\t工商银行\t500\t2026-11-20 13:05"),
        ("金额(元)\t卡号\t交易时间\t姓名\t银行", f"500\t{CARD}\t20261120130500\t张三\t工商银行"),
        ("收款账号,收款人,开户银行,转账金额,转账时间", f"{CARD},张三,工商银行,500,2026-11-20 13:05"),
        ("账户，户名，开户行，数额，日期", f"{CARD}，张三，工商银行，500，2026年11月20日13时05分"),
        ("Account No.\tName\tBank\tAmount\tTime", f"'{CARD}\t张三\t工商银行\t500.00\t2026-11-20 13:05"),
        ("bank;account number;payee;date;amt", f"工商银行;{CARD};张三;2026-11-20 13:05;¥500"),
        ("序号\t账号\t户名\t银行\t付款账号\t金额\t时间", f"1\t{CARD}\t张三\t工商银行\t{OTHER}\t500\t2026-11-20 13:05"),
        ("账号 户名 银行 金额 时间", f"{CARD} 张三 工商银行 500 20261120130500"),
        ("账号\t收款账号\t户名\t银行\t金额\t时间", f"{OTHER}\t{CARD}\t张三\t工商银行\t500\t2026-11-20 13:05"),
        ("账号\t户名\t开户行\t金额（万元）\t时间", f"{CARD}\t张三\t工商银行\t0.05\t2026-11-20 13:05"),
    ],
)
def test_headings_map_the_columns(headings: str, row: str) -> None:
    heading, line = paste(f"{headings}\n{row}")
    assert heading.is_heading
    assert heading.problems == ()
    assert fields(line) == (CARD, "工商银行", "张三", 50_000, AT)
    assert (line.problem_codes, line.warning_codes) == ([], [])


def test_an_amount_under_a_heading_with_a_unit() -> None:
    lines = paste(f"账号\t金额(万元)\n{CARD}\t5\n{CARD}\t1,000\n{CARD}\t5万\n{CARD}\t多")
    assert [line.amount_minor for line in lines[1:]] == [5_000_000, 1_000_000_000, 5_000_000, None]
    assert lines[4].problem_codes == ["amount_not_a_number"]


def test_each_cell_under_a_heading_has_its_own_problem() -> None:
    _, bad, short, empty = paste(f"账号\t金额\t时间\nabc\t0\t昨天\n{CARD}\t\n\t5\t2026-11-20")
    assert [(p.field, p.code) for p in bad.problems] == [
        ("number", "number_too_short"),
        ("amount", "amount_not_positive"),
        ("time", "time_bad"),
    ]
    assert (short.number, short.problem_codes, short.warning_codes) == (CARD, [], [])
    assert empty.problem_codes == ["number_missing"]
    assert empty.amount_minor == 500


def test_a_line_that_does_not_fit_its_headings_is_guessed_and_says_so() -> None:
    _, line = paste("账号 户名 银行 金额 时间\n6222 0212 3456 7890 128 张三 工商银行 500元 2026-11-20 13:05")
    assert fields(line) == (CARD, "工商银行", "张三", 50_000, AT)
    assert line.warning_codes == ["columns_guessed"]


@pytest.mark.parametrize("line", [CARD, f"{CARD}\t张三\t500元\t工商银行\t2026-11-20 13:05"])
def test_too_few_and_too_many_cells_are_guessed(line: str) -> None:
    _, found = paste(f"户名\t账号\t金额\t银行\n{line}")
    assert (found.number, found.warning_codes) == (CARD, ["columns_guessed"])


@pytest.mark.parametrize("line", [f"张三\t{CARD}", f"张三\t{CARD}\t500", f"张三\t{CARD}\t500\t工商银行\t\t"])
def test_missing_last_cells_and_empty_further_ones_fit(line: str) -> None:
    _, found = paste(f"户名\t账号\t金额\t银行\n{line}")
    assert (found.number, found.name, found.warning_codes) == (CARD, "张三", [])


def test_a_second_heading_starts_a_second_table() -> None:
    lines = paste(f"账号\t户名\n{CARD}\t张三\n户名\t账号\n李四\t{OTHER}")
    assert [(line.number, line.name) for line in lines if not line.is_heading] == [(CARD, "张三"), (OTHER, "李四")]


@pytest.mark.parametrize(
    "cells",
    [
        ["账号", "户名", "1234"],
        ["张三", "李四"],
        ["金额"],
        ["账号", "6222021"],
        ["姓名", "甲", "乙", "丙", "丁"],
        ["付款账号", "备注"],
        [],
    ],
)
def test_other_rows_are_no_headings(cells: list[str]) -> None:
    assert read_headings(cells) is None


def test_a_heading_alone_names_the_number() -> None:
    lines = paste(f"卡号\n{CARD}\n{OTHER}")
    assert [line.is_heading for line in lines] == [True, False, False]
    assert [line.number for line in lines[1:]] == [CARD, OTHER]


def test_what_stands_under_the_payer_is_not_the_account() -> None:
    (line,) = paste(f"付款账号：{OTHER} 收款账号：{CARD} 收款人：张三")
    assert (line.number, line.name, line.problem_codes) == (CARD, "张三", [])


HOSTILE = [
    "1 " * 60,
    "6222 " * 100,
    "1," * 100,
    "账号:" * 250,
    "bank " * 100,
    "¥" * 1_000,
    "9" * 1_000,
    "1万" * 500,
    "2026-" * 200,
    "(" * 1_000,
    "张三6" * 300,
    "\t" * 100,
    '"' * 999,
    "1,234," * 100,
    "13:" * 300,
    "W" * 999,
    "ﷺ" * 900,
    "a1" * 500,
    "-" * 1_000,
    "E+" * 500,
]


@pytest.mark.parametrize("line", HOSTILE, ids=lambda line: line[:6])
def test_time_is_linear_in_hostile_text(line: str) -> None:
    started = time.process_time()
    assert len(paste("\n".join([line[:1_000] + "x"] * 200))) == 200
    assert time.process_time() - started < 10  # a catastrophic expression needs minutes; this takes a second


LINES = st.text(max_size=80) | st.lists(
    st.sampled_from(
        [
            CARD,
            OTHER,
            "张三",
            "工商银行",
            "500元",
            "5万",
            "1,234.56",
            "2026-11-20",
            "13:05",
            "20261120130522",
            "\t",
            ",",
            "，",
            "  ",
            " ",
            "账号：",
            "户名:",
            "RMB",
            "元",
            "6222 0212",
            "Bank of",
            "账号",
            "金额",
            "①",
            '"',
        ]
    ),
    max_size=12,
).map("".join)


@given(st.lists(LINES, max_size=12).map("\n".join))
def test_no_text_breaks_the_parser_or_loses_a_line(text: str) -> None:
    lines = paste(text)
    expected = [(at, raw) for at, raw in enumerate(text.splitlines(), start=1) if raw.strip()]
    assert [(line.line_no, line.raw) for line in lines] == expected
    for line in lines:
        assert all(p.text(MESSAGES) for p in (*line.problems, *line.warnings))
        assert line.is_heading or line.number or line.problems
        assert line.amount_minor is None or (line.amount_minor > 0 and line.currency)
        assert line.at is None or line.at.utcoffset() is not None


NAMES = st.text(alphabet="赵钱孙李周吴郑王欧阳娜伟芳", min_size=2, max_size=4)
BANKS = st.sampled_from(["工商银行", "中国建设银行", "招商银行深圳分行", "农信", "交行"])
NUMBERS = st.text(alphabet="123456789", min_size=13, max_size=13).map(lambda tail: "622202" + tail)
MINORS = st.integers(1, 10**11)
MOMENTS = st.integers(0, 10**8).map(lambda seconds: datetime.fromtimestamp(1_690_000_000 + seconds, UTC))


@given(
    NUMBERS,
    NAMES,
    BANKS,
    MINORS,
    MOMENTS,
    st.permutations(range(5)),
    st.sampled_from(["\t", ",", "，", "；", "、", "  ", " "]),
)
def test_five_fields_are_found_in_every_order(
    number: str, name: str, bank: str, minor: int, at: datetime, order: list[int], separator: str
) -> None:
    local = at.astimezone(NOW.tzinfo)
    words = [number, name, bank, f"{minor // 100}.{minor % 100:02d}", f"{local:%Y-%m-%dT%H:%M:%SZ}"]
    (line,) = paste(separator.join(words[at] for at in order))
    assert fields(line) == (number, bank, name, minor, at)
    assert line.problem_codes == []
