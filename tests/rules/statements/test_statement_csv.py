"""CSV statements: the 34 columns, aliases, encodings, delimiters, directions, what is refused and why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.rules.statements.making import COLUMNS_34, REAL, csv, csv_34, needs_real_files, reading

CN34_TOTALS = {
    ("in", "CNY"): (242, 29751455268), ("in", "EUR"): (63, 1209237597), ("in", "GBP"): (2, 3000000),
    ("in", "RUB"): (4, 2810092648), ("out", "CNY"): (892, 27145877069), ("out", "EUR"): (369, 3036735035),
    ("out", "GBP"): (13, 11855162), ("out", "RUB"): (18, 7202505555), ("out", "CHF"): (2, 7879058),
}  # fmt: skip


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc]


@needs_real_files
@pytest.mark.parametrize("name", ["reply_1605.csv", "reply_1605.xlsx"])
def test_the_real_reply_gives_its_control_totals(name: str) -> None:
    found = reading(REAL / "cn34" / name)
    assert found.totals == CN34_TOTALS
    assert found.issues == []
    assert found.column("row") == list(range(2, 1607))
    assert found.headers[0].headings == tuple(COLUMNS_34)
    assert found.headers[0].unused == ()
    assert set(found.column("account")) == {"6216616900602677356"}
    assert all(found.column("day_only"))


@needs_real_files
def test_csv_and_xlsx_of_the_real_reply_say_the_same() -> None:
    first, second = (reading(REAL / "cn34" / f"reply_1605.{kind}") for kind in ("csv", "xlsx"))
    for name in ("row", "account", "account_name", "counter", "counter_name", "counter_bank", "at_us", "day_only",
                 "direction", "amount", "currency", "balance", "serial", "cash", "details"):  # fmt: skip
        assert first.column(name) == second.column(name)


def test_a_row_of_the_34_columns() -> None:
    found = reading(csv_34({"交易余额": "99.5", "IP地址": "36.1.2.3", "摘要说明": "货款", "现金标志": "其它"}))
    batch = found.batches[0]
    assert (batch.row, batch.account, batch.account_name) == ([2], ["6222020200112233445"], ["张三"])
    assert (batch.counter, batch.counter_name) == (["6217000010001234567"], ["李四"])
    assert (batch.at_us, batch.day_only) == ([us(2026, 1, 1, 19, 4, 5)], [False])
    assert (batch.direction, batch.amount, batch.currency, batch.balance) == (["out"], [123450], ["CNY"], [9950])
    assert (batch.serial, batch.device, batch.cash) == (["S1"], ["36.1.2.3"], [False])
    assert batch.details == [{"summary": "货款", "ip": "36.1.2.3"}]
    assert found.headers[0].encoding == "gb18030"
    assert found.issues == []


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("gb18030", "gb18030"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
     ("utf-16-be", "utf-16-be")],
)  # fmt: skip
def test_encodings(encoding: str, name: str) -> None:
    found = reading(csv_34({}, {"对手户名": "龘靐齉"}, encoding=encoding))
    assert found.headers[0].encoding == name
    assert found.column("counter_name") == ["李四", "龘靐齉"]


def test_western_letters() -> None:
    lines = ("account,date,amount,direction,currency,payee", "12345678,2026-01-02,5.00,in,EUR,Café Müller")
    found = reading(csv(*lines, encoding="cp1252"))
    assert (found.headers[0].encoding, found.column("counter_name")) == ("cp1252", ["Café Müller"])


@pytest.mark.parametrize("sign", [",", "\t", ";", "|"])
def test_delimiters_and_lines_above_the_headings(sign: str) -> None:
    lines = [
        "交易明细查询结果", "", "账号：6222 0202 0011 2233 445", "户名：张三",
        sign.join(["交易时间", "金额(元)", "借贷标志", "对方账号", "余额"]),
        sign.join(["2026-01-02 03:04:05", "10.00", "贷", "6217000010001234567", "10.00"]),
        "",
        sign.join(["2026-01-03 03:04:05", "4.00", "借", "6217000010001234567", "6.00"]),
        "合计" + sign * 4,
    ]  # fmt: skip
    found = reading(csv(*lines))
    assert found.headers[0].heading_row == 5
    assert found.headers[0].assumed == ("currency",)
    assert found.column("row") == [6, 8]
    assert found.column("account") == ["6222020200112233445"] * 2
    assert found.column("account_name") == ["张三"] * 2
    assert found.totals == {("in", "CNY"): (1, 1000), ("out", "CNY"): (1, 400)}
    assert found.codes == [(9, "", "total_row")]


def test_line_numbers_count_lines_not_records() -> None:
    content = csv_34({"摘要说明": "one\ntwo\nthree"}, {"交易金额": "x"}, newline="\n")
    found = reading(content)
    assert found.column("row") == [2]
    assert found.codes == [(5, "amount", "amount_not_a_number")]


@pytest.mark.parametrize(
    ("word", "direction"),
    [("进", "in"), ("出", "out"), ("借", "out"), ("贷", "in"), ("D", "out"), ("C", "in"), ("d ", "out"), ("收入", "in"),
     ("支出", "out"), ("收", "in"), ("付", "out"), ("+", "in"), ("-", "out"), ("0", "out"), ("1", "in"), ("转入", "in"),
     ("Ｃ", "in"), ("CRDT", "in"), ("DBIT", "out"), ("Credit", "in")],
)  # fmt: skip
def test_words_of_direction(word: str, direction: str) -> None:
    assert reading(csv_34({"收付标志": word})).column("direction") == [direction]


def test_a_blank_direction_is_decided_by_sign() -> None:
    found = reading(csv_34({"收付标志": "", "交易金额": "-5.00"}, {"收付标志": "", "交易金额": "+7.00"}))
    assert (found.column("direction"), found.column("amount")) == (["out", "in"], [500, 700])


def test_a_blank_direction_is_decided_by_the_balances() -> None:
    rising = csv_34(
        {"交易余额": "100", "收付标志": "出"}, {"交易余额": "120", "收付标志": "", "交易金额": "20"},
        {"交易余额": "90", "收付标志": "", "交易金额": "30"},
    )  # fmt: skip
    assert reading(rising).column("direction") == ["out", "in", "out"]
    falling = csv_34(
        {"交易余额": "90", "收付标志": "", "交易金额": "30"}, {"交易余额": "120", "收付标志": "", "交易金额": "20"},
        {"交易余额": "100", "收付标志": "出"},
    )  # fmt: skip
    found = reading(falling)
    assert found.column("direction") == ["out", "in", "out"]
    assert (2, "direction", "direction_from_balance") in found.codes


def test_a_blank_direction_that_nothing_decides_is_a_bad_row() -> None:
    found = reading(csv_34({"收付标志": ""}, {"收付标志": "", "交易余额": "5"}, {"收付标志": "?!"}))
    assert found.column("row") == []
    assert found.codes == [
        (2, "direction", "direction_missing"), (3, "direction", "direction_missing"), (4, "direction", "direction_unreadable"),
    ]  # fmt: skip


@pytest.mark.parametrize(("step", "direction"), [(-10, "out"), (10, "in")])
@pytest.mark.parametrize("is_rising", [True, False])
def test_coded_directions_follow_the_balances_where_they_say_otherwise(
    step: int, direction: str, is_rising: bool
) -> None:
    rows = [
        {"收付标志": "1", "交易金额": "10", "交易余额": str(100 + step * n), "交易时间": f"2026010203040{n}"}
        for n in range(5)
    ]
    found = reading(csv_34(*(rows if is_rising else rows[::-1])))
    assert found.column("direction") == [direction] * 5
    assert found.codes == ([(2, "direction", "direction_turned")] if direction == "out" else [])


def test_coded_directions_without_balances_are_doubted_once() -> None:
    found = reading(csv_34({"收付标志": "1"}, {"收付标志": "0"}, {"收付标志": "出"}))
    assert found.column("direction") == ["in", "out", "out"]
    assert found.codes == [(2, "direction", "direction_coded")]


def test_a_signed_file_without_a_direction_column() -> None:
    found = reading(
        csv("account,date,amount,currency", "12345678,2026-01-02,5.00,EUR", "12345678,2026-01-03,-2.50,EUR")
    )
    assert found.totals == {("in", "EUR"): (1, 500), ("out", "EUR"): (1, 250)}


def test_signs_that_repeat_the_direction_are_no_doubt() -> None:
    found = reading(csv_34({"收付标志": "出", "交易金额": "-5.00"}, {"收付标志": "进", "交易金额": "7.00"}))
    assert found.totals == {("out", "CNY"): (1, 500), ("in", "CNY"): (1, 700)}
    assert found.issues == []


def test_headings_again_in_the_middle_are_left_out() -> None:
    content = csv_34({}, dict(zip(COLUMNS_34, COLUMNS_34, strict=True)), {})
    found = reading(content)
    assert (found.column("row"), found.codes) == ([2, 4], [(3, "", "heading_row")])


def test_a_reversal_keeps_its_doubt() -> None:
    found = reading(csv_34({"收付标志": "进", "交易金额": "-5.00"}, {"收付标志": "出", "交易金额": "-5.00"}))
    assert found.column("direction") == ["out", "out"]
    assert found.codes == [(2, "amount", "amount_reversed"), (3, "amount", "amount_sign")]


@pytest.mark.parametrize("word", ["失败", "F", "否", "交易关闭", "01-失败"])
def test_rows_that_failed_are_left_out(word: str) -> None:
    found = reading(csv_34({"交易是否成功": word}, {}))
    assert (found.column("row"), found.codes) == ([3], [(2, "success", "not_successful")])
    assert found.issues[0].severity == "left_out"


def test_an_unknown_word_for_success_is_a_doubt() -> None:
    found = reading(csv_34({"交易是否成功": "7"}))
    assert (found.column("row"), found.codes) == ([2], [(2, "success", "success_unknown")])


def test_answers_without_an_account_are_left_out_with_their_reason() -> None:
    nothing = dict.fromkeys(COLUMNS_34, "")
    found = reading(csv_34({**nothing, "交易卡号": "6222020200112233445", "查询反馈结果原因": "查无此卡"}, {}))
    assert found.codes == [(2, "feedback", "no_such_account")]
    assert found.column("row") == [3]


@pytest.mark.parametrize(
    ("column", "text", "code"),
    [("交易卡号", "6.22202E+18", "account_scientific"), ("交易卡号", "abc", "account_unreadable"),
     ("交易对手账卡号", "1.23E+18", "counter_scientific"), ("交易金额", "", "amount_missing"),
     ("交易金额", "1,23.4", "amount_bad_grouping"),
     ("交易金额", "1.234", "amount_too_precise"), ("交易金额", "9" * 25, "amount_out_of_range"), ("交易时间", "", "time_missing"),
     ("交易时间", "20261345000000", "time_impossible"), ("交易时间", "20260102256100", "time_impossible"),
     ("交易时间", "yesterday", "time_unreadable"), ("交易币种", "Taler", "currency_unknown")],
)  # fmt: skip
def test_bad_cells(column: str, text: str, code: str) -> None:
    found = reading(csv_34({column: text}, {}))
    assert [issue.code for issue in found.issues if issue.severity == "bad"] == [code]
    assert found.column("row") == [3]


def test_zero_amounts_move_no_money() -> None:
    found = reading(csv_34({"交易金额": "0.00"}))
    assert found.codes == [(2, "amount", "amount_zero")]


def test_a_masked_counterpart_is_unnamed() -> None:
    found = reading(csv_34({"交易对手账卡号": "6217****4567"}))
    assert found.column("counter") == [""]
    assert found.column("details")[0]["counter_text"] == "6217****4567"
    assert found.codes == [(2, "counter", "counter_unreadable")]


def test_numbers_that_excel_rounded_are_doubted() -> None:
    spoiled = {"交易卡号": "6222020200112230000", "交易账号": "6222020200112230000"}
    found = reading(csv_34(spoiled, spoiled, {"交易卡号": "6222020200112230", "交易账号": ""}))
    assert found.codes == [(2, "account", "account_rounded")]


def test_a_card_and_its_account_are_both_kept() -> None:
    found = reading(csv_34({"交易账号": "40100200300"}, {"交易卡号": ""}))
    assert found.column("account") == ["6222020200112233445", "6222020200112233445"]
    assert found.column("details")[0] == {"account_other": "40100200300"}


def test_a_row_with_text_beyond_the_headings_is_refused() -> None:
    row = "12345678,2026-01-02,5,in,EUR,,"
    found = reading(csv("account,date,amount,direction,currency", row + "surplus", row))
    assert (found.codes, found.column("row")) == ([(2, "", "row_too_wide")], [3])


def test_legitimate_repeats_survive() -> None:
    assert reading(csv_34({}, {}, {})).column("amount") == [123450] * 3


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_a_few_damaged_characters_are_doubts_in_their_rows(encoding: str) -> None:
    content = csv_34(*[{"摘要说明": "货款往来"}] * 20, encoding=encoding)
    at = content.rfind("往来".encode(encoding))
    found = reading(content[:at] + b"\xff" + content[at + 1 :])
    assert found.headers[0].encoding == encoding
    assert found.column("row") == list(range(2, 22))
    assert {(row, field, code) for row, field, code in found.codes} == {(21, "summary", "text_damaged")}
