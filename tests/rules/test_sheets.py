"""accounts.rules.sheets: filled-in rows to typed values, with problems by row and column."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.rules.answers import AnswerDraft, NextHop, PriorFreeze
from accounts.rules.sheets import (
    ALERT_COLUMNS,
    ANSWER_COLUMNS,
    CASE_COLUMNS,
    COLUMN_LABELS,
    COLUMN_NAMES_ZH,
    MESSAGES,
    SheetReading,
    answer_draft,
    headings,
    read_sheet,
)
from antifraud.spreadsheets import read_rows, write_rows
from tests.rules.sheet_cells import AT, CARD, CELLS, NAIVE, ORDER, SETTING, codes, sheet


def answers(names: str, *rows: tuple[Any, ...], **options: Any) -> SheetReading:
    return read_sheet(ANSWER_COLUMNS, sheet(tuple(names.split("|")), *rows), SETTING, **options)


def test_every_column_has_both_headings() -> None:
    names = [column.name for column in (*ALERT_COLUMNS, *ANSWER_COLUMNS, *CASE_COLUMNS)]
    assert set(names) == set(COLUMN_LABELS) == set(COLUMN_NAMES_ZH)
    for columns in (ANSWER_COLUMNS, CASE_COLUMNS):
        for chinese in (True, False):
            assert len(set(headings(columns, chinese=chinese))) == len(columns)


@pytest.mark.parametrize(
    "names",
    ["Order identifier|Outcome", "指令标识|执行结果", "order_id|OUTCOME (choose)", "指令 标识*|执行结果（必填）"],
)
def test_headings_are_known_in_both_languages(names: str) -> None:
    reading = answers(names, (ORDER, "Executed"))
    assert reading.problems == ()
    (row,) = reading.rows
    assert (row.row_no, row.ok, row.values) == (2, True, {"order_id": ORDER, "outcome": "executed", "currency": "CNY"})


def test_headings_may_stand_below_a_title() -> None:
    rows = sheet(("Bulk answers",), ("",), ("指令标识", "执行结果"), (ORDER, "refused"))
    reading = read_sheet(ANSWER_COLUMNS, rows, SETTING)
    assert [(row.row_no, row.values["outcome"]) for row in reading.rows] == [(4, "refused")]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("a|b|c", ["headings_missing"]),
        ("Order identifier|Reason", ["column_missing"]),
        ("Order identifier|Outcome|执行结果", ["column_repeated"]),
        ("Order identifier|Outcome|Weather", ["column_unknown"]),
    ],
)
def test_a_wrong_heading_row_says_why(names: str, found: list[str]) -> None:
    reading = answers(names, (ORDER, "executed", ""))
    assert [p.code for p in reading.problems] == found
    assert all(p.text(MESSAGES) for p in reading.problems)
    assert bool(reading.rows) is (found == ["column_unknown"])


def test_an_empty_sheet_says_so() -> None:
    assert [p.code for p in read_sheet(ANSWER_COLUMNS, [], SETTING).problems] == ["headings_missing"]


def test_rows_that_nobody_touched_are_counted_only() -> None:
    reading = answers(
        "order_id|order_version|case_number|outcome", (ORDER, 3, "A1", ""), (ORDER, 3, "A2", "refused"), (ORDER,)
    )
    assert (len(reading.rows), reading.untouched) == (1, 2)
    assert "case_number" not in reading.rows[0].values


@pytest.mark.parametrize(
    ("name", "cell", "value"),
    [
        ("executed", "1,234.56", 123_456),
        ("executed", "5万", 5_000_000),
        ("executed", 1234.56, 123_456),
        ("executed", 0.1, 10),
        ("executed", 7.0, 700),
        ("executed", 0, 0),
        ("reason", "insufficient_balance", "insufficient_balance"),
        ("reason", "1200", "insufficient_balance"),
        ("reason", 302.0, "whitelisted"),
        ("reason", "The account is on a protected list", "whitelisted"),
        ("mode", "limited", "limited"),
        ("mismatch_field", "Transaction time", "time"),
        ("waiting_rank", 2.0, 2),
        ("hop_number", f"'{CARD}", CARD),
        ("hop_number", "6222 0212 3456 7890 128", CARD),
        ("hop_number", 12345678.0, "12345678"),
        ("effective_from", "2026-11-20 13:05", AT),
        ("effective_from", "20261120130500", AT),
        ("effective_from", NAIVE, AT),
        ("effective_from", NAIVE - timedelta(microseconds=1), AT),
        ("branch", " 朝阳　支行 ", "朝阳 支行"),
        ("branch", 95588.0, "95588"),
    ],
)
def test_cells_become_typed_values(name: str, cell: object, value: object) -> None:
    (row,) = answers(f"order_id|outcome|{name}", (ORDER, "executed", cell)).rows
    assert codes(row) == {}
    assert row.values[name] == value


@pytest.mark.parametrize(
    ("name", "cell", "code"),
    [
        ("order_id", "123", "cell_not_id"),
        ("outcome", "done", "cell_not_word"),
        ("reason", "1201", "cell_not_word"),
        ("executed", "many", "amount_not_a_number"),
        ("executed", "0.001", "amount_too_precise"),
        ("executed", -5.0, "cell_amount_negative"),
        ("executed", "USD 5", "amount_other_currency"),
        ("executed", True, "cell_not_text"),
        ("executed", float("nan"), "cell_number_rounded"),
        ("executed", float("inf"), "cell_number_rounded"),
        ("hop_number", 6.222021234567890e18, "cell_number_rounded"),
        ("hop_number", "6.22202E+18", "number_scientific"),
        ("hop_number", "张三", "number_bad_character"),
        ("waiting_rank", "first", "cell_not_integer"),
        ("waiting_rank", 1.5, "cell_not_integer"),
        ("effective_from", "yesterday", "cell_not_time"),
        ("effective_from", "11月20日 13:05", "cell_not_time"),
        ("effective_from", "13:05", "cell_not_time"),
        ("effective_from", "2026-11-20", "cell_time_of_day_missing"),
        ("effective_from", date(2026, 11, 20), "cell_time_of_day_missing"),
        ("branch", "x" * 201, "cell_too_long"),
        ("branch", date(2026, 11, 20), "cell_not_text"),
        ("currency", "XYZ", "currency_unknown"),
    ],
)
def test_a_wrong_cell_is_named(name: str, cell: object, code: str) -> None:
    values: dict[str, object] = {"order_id": ORDER, "outcome": "executed", name: cell}
    (row,) = answers("|".join(values), tuple(values.values())).rows
    assert codes(row) == {name: [code]}
    assert not row.ok


def test_a_future_time_only_warns() -> None:
    (row,) = answers("order_id|outcome|effective_from", (ORDER, "executed", "2026-12-01 00:00")).rows
    assert (codes(row), row.ok) == ({"effective_from": ["cell_time_in_future"]}, True)


def test_required_cells_are_asked_for() -> None:
    (row,) = answers("order_id|outcome|reason", (ORDER, "", "other")).rows
    assert codes(row) == {"outcome": ["cell_required"]}


def test_translated_words_are_accepted_where_given() -> None:
    words = {"outcome": {"已执行": "executed"}}
    assert answers("order_id|outcome", (ORDER, "已执行"), words=words).rows[0].ok
    assert not answers("order_id|outcome", (ORDER, "已执行")).rows[0].ok


def test_a_currency_column_rules_the_amounts_of_its_row() -> None:
    jpy, cny = answers(
        "order_id|outcome|executed|currency", (ORDER, "executed", "500", "jpy"), (ORDER, "executed", "500")
    ).rows
    assert (jpy.values["executed"], jpy.values["currency"], cny.values["executed"]) == (500, "JPY", 50_000)


def test_a_row_becomes_the_answer_that_is_judged() -> None:
    reading = answers(
        "order_id|outcome|reason|executed|balance|effective_from|handled_by|hop_institution|hop_number|hop_amount|hop_at|prior_body",
        (ORDER, "partial", "1200", "5", 9.5, NAIVE, "王经办", "ICBC", CARD, "3", "2026-11-20 13:05", "法院"),
    )
    (row,) = reading.rows
    assert answer_draft(row.values) == AnswerDraft(
        outcome="partial",
        reason="insufficient_balance",
        handled_by="王经办",
        effective_from=AT,
        executed_minor=500,
        balance_minor=950,
        currency="CNY",
        prior_freezes=(PriorFreeze("法院", None, "CNY"),),
        next_hops=(NextHop("ICBC", CARD, "", 300, "CNY", AT),),
    )


def test_an_answer_without_amounts_and_lists_has_none() -> None:
    (row,) = answers("order_id|outcome|reason|handled_by", (ORDER, "refused", "whitelisted", "王")).rows
    assert answer_draft(row.values) == AnswerDraft("refused", "whitelisted", handled_by="王")


@pytest.mark.parametrize("chinese", [True, False])
def test_a_template_that_was_filled_in_is_read_back(chinese: bool) -> None:
    filled = {"order_id": ORDER, "outcome": "executed", "executed": "=1", "hop_number": CARD, "handled_by": "+王"}
    content = write_rows(headings(ANSWER_COLUMNS, chinese=chinese), [[filled.get(c.name, "") for c in ANSWER_COLUMNS]])
    reading = read_sheet(ANSWER_COLUMNS, read_rows(content, max_bytes=10**6, max_rows=10), SETTING)
    assert reading.problems == ()
    (row,) = reading.rows
    assert codes(row) == {"executed": ["amount_not_a_number"]}
    assert (row.values["hop_number"], row.values["handled_by"]) == (CARD, "+王")


@given(st.lists(st.lists(CELLS, max_size=9).map(tuple), max_size=4))
def test_no_cells_break_the_answer_reader(rows: list[tuple[Any, ...]]) -> None:
    names = "order_id|outcome|reason|executed|effective_from|hop_number|waiting_rank|branch|mode"
    for row in answers(names, *rows).rows:
        assert codes(row) is not None
        assert answer_draft(row.values).outcome in {"", "executed", "partial", "refused", "mismatch"}
