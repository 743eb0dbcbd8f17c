"""What is read a column at a time is the same, cell for cell, as what is read one by one."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts.rules.statements import (
    Batch,
    csv_table,
    entries,
    entry_money,
    entry_texts,
    moments,
    plain_lines,
    read,
    words,
)
from accounts.rules.statements.memo import Fault
from accounts.rules.statements.plain_lines import column_text, plain_columns

HEADINGS = "交易卡号,交易时间,交易金额,交易余额,收付标志,交易对手账卡号,对手户名,交易币种,交易流水号,摘要说明,日志号"
PARTS = ("", "a", "1", " ", ",", ";", '"', "\r", "\n", "\r\n", "\0", "工", "12.5", "a,b\n", ",\n", "\t")
CELLS: list[tuple[str, ...]] = [
    ("6222020200112233445", "6222020200112233446", "", "6222 0202 0011 2233 447"),
    (
        "2026-08-01 10:00:01",
        "2026-08-01 23:59:60",
        "2026-08-02 00:00:00",
        "2026-08-01 24:00:00",
        "2026/08/03 9:00",
        "gestern",
        "",
    ),
    ("1.00", "-2.00", "1,000.00", "0.00", "abc", "", "5", "1.00\n2.00"),
    ("10.00", "", "n/a", "-3.00"),
    ("进", "出", "1", "0", "", "?"),
    ("6217000010001234567", "0000", "6217****4567", "", "1234", "1234\n5678", "6222020200112233445", "ALIPAY-ID"),
    ("李四", "", "--", "  王五 ", "NULL"),
    ("CNY", "", "USD"),
    ("S00001", "S00002", "NULL", "-", '="S3"', " S4 ", "S5\nS6", "S" * 70, ""),
    ("转账", "转账", "ATM取款", ""),
    ("J1", "J2", "J3", "", "=J4"),
]


def told(content: bytes) -> list[Any]:
    return list(read(io.BytesIO(content)))


@given(
    lines=st.lists(st.lists(st.sampled_from(PARTS), max_size=5).map("".join), max_size=6),
    delimiter=st.sampled_from(",;\t"),
    at_end=st.booleans(),
)
@example(lines=["a,b\r\n", "c,d"], delimiter=",", at_end=True)
@example(lines=["a,b\n", "c,d\n"], delimiter=",", at_end=False)
@example(lines=["a,b\n", "c"], delimiter=",", at_end=True)
@example(lines=["\u3000,b\n", "\x1f,b\n"], delimiter=",", at_end=True)
def test_lines_split_in_one_go_are_what_the_csv_reader_gives(lines: list[str], delimiter: str, at_end: bool) -> None:
    pieces = "".join(lines)
    whole = list(iter(io.StringIO(pieces, newline="").readline, ""))
    for width in range(1, 5):
        given_back = []
        for many in (1, 1_000):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(plain_lines, "MANY", many)
                found = whole and plain_columns(pieces, len(whole), delimiter, width, longest=50, at_end=at_end)
            if found:
                assert list(map(list, zip(*found, strict=True))) == list(csv.reader(whole, delimiter=delimiter))
                assert len(found) == width
            given_back.append(bool(found))
        assert given_back[0] == given_back[1]


def test_a_piece_of_a_line_is_left_to_the_reader() -> None:
    assert plain_columns("a,b\nc,dddddd", 2, ",", 2, longest=8, at_end=True) is None
    assert plain_columns("a,b\nc,d", 2, ",", 2, longest=8, at_end=False) is None
    assert plain_columns("a,b\nc,d", 2, ",", 2, longest=8, at_end=True) == [["a", "c"], ["b", "d"]]


@given(
    st.lists(st.tuples(*(st.sampled_from(cells) for cells in CELLS)), min_size=1, max_size=12),
    st.sampled_from(("\n", "\r\n")), st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), st.booleans(),
)  # fmt: skip
def test_a_file_read_by_columns_is_the_file_read_cell_by_cell(
    rows: list[tuple[str, ...]], end: str, quoting: Any, has_blank_line: bool
) -> None:
    text = io.StringIO(newline="")
    text.write(HEADINGS + end)
    writer = csv.writer(text, lineterminator=end, quoting=quoting)
    writer.writerows(rows * 8)
    if has_blank_line:
        text.write(end)
        writer.writerows(rows)
    content = text.getvalue().encode()
    fast = told(content)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(plain_lines, "MANY", 1)
        assert told(content) == fast
    with pytest.MonkeyPatch.context() as patched:
        for module in (csv_table,):
            patched.setattr(module, "plain_columns", lambda *_args, **_more: None)
        for module in (entries, entry_texts, moments):
            patched.setattr(module, "column_text", lambda _texts: "\0")
        patched.setattr("accounts.rules.statements.amounts.column_text", lambda _texts: "\0")
        patched.setattr(entry_money, "type", lambda _value: object, raising=False)
        slow = told(content)
    assert fast == slow
    assert sum(batch.read for batch in fast if isinstance(batch, Batch)) >= len(rows)


def test_stretches_end_where_they_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_table, "BATCH_ROWS", 100)
    row = "6222020200112233445,2026-08-01 10:00:01,1.00,10.00,进,6217000010001234567,李四,CNY,S1,转账,J\n"
    quoted = row.replace("李四", '"李\n四"')
    content = (HEADINGS + "\n" + row * 150 + quoted + row * 260).encode()
    fast = told(content)
    monkeypatch.setattr(csv_table, "plain_columns", lambda *_args, **_more: None)
    assert fast == told(content)
    monkeypatch.undo()
    monkeypatch.setattr(csv_table, "BATCH_ROWS", 100)
    monkeypatch.setattr(plain_lines, "MANY", 1)
    assert fast == told(content)
    assert [len(item) for item in fast[1:]] == [100, 100, 100, 100, 11]
    assert [line for item in fast[1:] for line in item.row] == [*range(2, 153), *range(154, 414)]


@given(
    st.lists(
        st.one_of(st.sampled_from(CELLS[8]), st.text(max_size=8), st.from_regex(r"[0-9A-Za-z./:_-]{1,70}")), min_size=1
    )
)
def test_cells_that_need_no_cleaning_are_clean(texts: list[str]) -> None:
    for text in texts:
        if entry_texts._CLEAN_COLUMN.fullmatch(column_text([text])):
            assert words.clean(text) == text


@given(st.lists(st.one_of(st.sampled_from(CELLS[5]), st.text("0123456789\n ", max_size=36)), min_size=1))
def test_numbers_that_need_no_reading_are_read(texts: list[str]) -> None:
    for text in texts:
        if entries._NUMBER_COLUMN.fullmatch(column_text([text])):
            assert words.counter_number(text) == text


@given(
    st.integers(0, 99),
    st.integers(0, 99),
    st.integers(0, 99),
    st.sampled_from(("{:02}:{:02}:{:02}", "{:02}{:02}{:02}")),
)
@example(24, 0, 0, "{:02}:{:02}:{:02}")
@example(23, 59, 60, "{:02}:{:02}:{:02}")
def test_clocks_are_read_as_their_parts_say(hour: int, minute: int, second: int, shape: str) -> None:
    parts: dict[str, str | None] = {"h": str(hour), "i": str(minute), "s": str(second)}
    found, wanted = moments._clock_us(shape.format(hour, minute, second)), moments._after_midnight(parts)
    assert (found, isinstance(found, Fault)) == (wanted, isinstance(wanted, Fault))
