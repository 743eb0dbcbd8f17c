"""Tables of other layouts: two columns, wallets, unknown headings named by hand, files that are refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from accounts.rules.statements import NeedsMapping
from tests.rules.statements.making import csv, csv_34, reading, refusal


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc]


def test_amounts_in_two_columns() -> None:
    found = reading(csv("账号,记账日期,收入金额,支出金额,余额", "12345678,2026-01-02,5.00,,5.00", "12345678,20260103,0.00,2.00,3.00",
                        "12345678,20260103,1.00,2.00,3.00"))  # fmt: skip
    assert found.totals == {("in", "CNY"): (1, 500), ("out", "CNY"): (1, 200)}
    assert found.codes == [(4, "amount", "amount_both_sides")]


def test_date_and_time_in_two_columns() -> None:
    lines = ("账号,交易日期,交易时间,金额,收付标志", "12345678,20260102,130509,5,进", "12345678,2026-01-02,13:05:09,5,进",
             "12345678,2026-01-02,2026-01-02 13:05:09,5,进", "12345678,2026/1/2,,5,进")  # fmt: skip
    found = reading(csv(*lines))
    assert found.column("at_us") == [us(2026, 1, 2, 5, 5, 9)] * 3 + [us(2026, 1, 1, 16)]
    assert found.column("day_only") == [False, False, False, True]


def test_wechat() -> None:
    lines = (
        "微信支付账单明细", "微信昵称：[某人]", "----------------------微信支付账单明细列表--------------------",
        ",".join(["交易时间", "交易类型", "交易对方", "商品", "收/支", "金额(元)", "支付方式", "当前状态", "交易单号", "商户单号", "备注"]),
        '2026-01-02 03:04:05,转账,李四,"转账备注:微信转账",支出,¥12.30,零钱,支付成功,"1000\t","2000\t","/"',
        '2026-01-02 03:05:05,零钱提现,银行,"/",/,¥100.00,银行,提现已到账,"1001\t","/","服务费¥0.10"',
        '2026-01-02 03:06:05,商户消费,店,"/",/,¥1.00,零钱,支付成功,"1002\t","/","/"',
    )  # fmt: skip
    with pytest.raises(NeedsMapping) as caught:
        reading(csv(*lines))
    assert caught.value.missing == ("account",)
    found = reading(csv(*lines), owner=("wxid0001", "某人"))
    assert found.column("account") == ["WXID0001"] * 2
    assert found.column("direction") == ["out", "out"]
    assert found.column("amount") == [1230, 10000]
    assert found.column("serial") == ["1000", "1001"]
    assert found.column("reference") == ["2000", ""]
    assert found.codes == [(7, "direction", "direction_neutral")]


def test_alipay() -> None:
    lines = (
        "支付宝交易记录明细查询", "账号:[13800138000]",
        "交易时间,交易分类,交易对方,对方账号,商品说明,收/支,金额,收/付款方式,交易状态,交易订单号,商家订单号,备注",
        "2026-01-02 03:04:05,日用百货,某店,abc***@example.com,货,支出,12.30,余额,交易成功,2026A\t,M1\t,",
        "2026-01-03 03:04:05,转账,某人,138******00,转账,收入,5.00,余额,交易关闭,2026B\t,,",
    )  # fmt: skip
    found = reading(csv(*lines, encoding="gb18030"), owner=("13800138000", ""))
    assert found.totals == {("out", "CNY"): (1, 1230)}
    assert [code for _, _, code in found.codes] == ["counter_unreadable", "not_successful"]


def test_unknown_headings_ask_for_a_mapping_and_take_one() -> None:
    lines = (
        "Kto;Wann;Wieviel;Seite;Geld",
        "12345678;02.01.2026;1.234,50;Soll;EUR",
        "12345678;03.01.2026;5,00;Haben;EUR",
    )
    with pytest.raises(NeedsMapping) as caught:
        reading(csv(*lines))
    asked = caught.value
    assert asked.headings == ("Kto", "Wann", "Wieviel", "Seite", "Geld")
    assert asked.missing == ("account", "at", "amount", "currency")
    assert asked.samples[0] == ("12345678", "02.01.2026", "1.234,50", "Soll", "EUR")
    named = {"Kto": "account", "Wann": "at", "Wieviel": "amount", "Seite": "direction", "Geld": "currency"}
    found = reading(csv(*lines), mapping=named, zone="Europe/Berlin")
    assert found.totals == {("out", "EUR"): (1, 123450), ("in", "EUR"): (1, 500)}
    assert found.headers[0].mapping == named


def test_a_constant_stands_for_a_column_that_is_missing() -> None:
    lines = ("account,date,amount,direction", "12345678,2026-01-02,5,in")
    with pytest.raises(NeedsMapping) as caught:
        reading(csv(*lines))
    assert caught.value.missing == ("currency",)
    assert reading(csv(*lines), mapping={"=KWD": "currency"}).totals == {("in", "KWD"): (1, 5000)}


def test_a_column_can_be_left_unused() -> None:
    lines = ("account,date,amount,direction,currency,balance", "12345678,2026-01-02,5,in,EUR,9")
    assert reading(csv(*lines), mapping={"balance": ""}).column("balance") == [None]


@pytest.mark.parametrize(
    ("mapping", "code"),
    [({"Kto": "nonsense"}, "mapping_unknown_field"), ({"absent": "account"}, "mapping_unknown_heading"),
     ({"account": "account", "date": "account"}, "mapping_repeated")],
)  # fmt: skip
def test_wrong_mappings(mapping: dict[str, str], code: str) -> None:
    content = csv("account,date,amount,direction,currency,Kto", "12345678,2026-01-02,5,in,EUR,x")
    assert refusal(content, mapping=mapping).code == code


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "file_empty"), (b" \r\n\r\n", "file_empty"), (b"\xd0\xcf\x11\xe0" + b"x" * 100, "file_locked_or_old"),
     (b"%PDF-1.7 ...", "format_unknown"), (b"<html><table></table></html>", "format_unknown"), (b"just a line", "headings_missing"),
     (b"account,date,amount,direction,currency\n1,2,\"" + b"x" * 200_000, "line_too_long"),
     (b"PK\x03\x04 no archive", "file_damaged"), (b"<?xml version='1.0'?><a/>", "camt_unknown")],
)  # fmt: skip
def test_files_that_are_refused(content: bytes, code: str) -> None:
    assert refusal(content).code == code


def test_many_rows_come_in_batches() -> None:
    found = reading(csv_34(*[{}] * 45_000))
    assert [len(batch) for batch in found.batches] == [20_000, 20_000, 5_000]
    assert found.column("row") == list(range(2, 45_002))
    assert found.batches[-1].done_bytes == found.headers[0].size
